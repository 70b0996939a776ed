"""What each cell of a gradient adds up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from gradsheet.models.graph import Node
from gradsheet.models.layout import ModelLayout, Sheet
from gradsheet.models.primitives.base import FilledTerms
from gradsheet.models.primitives.base import Terms as PrimitiveTerms
from gradsheet.models.primitives.leaves import Copy
from gradsheet.models.primitives.text import plus
from gradsheet.spreadsheet.filled import Filled

INPUT = -1
"""In place of a group: the sheet of the inputs."""


class Terms:
    """The terms of the gradient of every element, sheet by sheet.

    A gradient adds up what each node on its own sheet contributes, and the gradients of its copies
    on other sheets.
    """

    def __init__(self, layout: ModelLayout) -> None:
        self._layout = layout
        self._readers: dict[int, list[Node]] = {}
        self._found: dict[int, _Found] = {}
        for node in layout.graph.nodes:
            if isinstance(node.primitive, Copy) and node.flows and node.operands[0].flows:
                owners = np.unique(layout.graph.owners(node.operands[0].ids)).tolist()
                for home in {layout.grouped.home[layout.graph.nodes[n]] for n in owners}:
                    self._readers.setdefault(home, []).append(node)

    def of(self, home: int, node: Node) -> Iterable[str]:
        """The formula of the gradient of each element of a node, in order."""
        if home not in self._found:
            self._found = {home: self._collect(home)}
        return self._found[home].of(node)

    def _collect(self, home: int) -> "_Found":
        layout = self._layout
        found = _Found()
        if home != INPUT:
            self._own(layout.sheets[home], found)
        loss = layout.grouped.loss
        if loss is not None:
            found.add([(int(loss.ravel()[0]), "1")])
        for copy in self._readers.get(home, []):
            elsewhere = layout.grouped.home[copy] != home
            sheet = layout.sheet_name(copy) if elsewhere else ""
            texts = layout.refs(copy.ids, "backward", sheet).texts
            found.add(zip(copy.operands[0].ids.ravel().tolist(), texts, strict=True))
        return found

    def _own(self, sheet: Sheet, found: "_Found") -> None:
        for node in sheet.group.computed:
            if not node.flows:
                continue
            context = self._layout.context(sheet, node, "backward")
            for which, operand in enumerate(node.operands):
                if operand.flows:
                    found.add(node.primitive.terms(which, operand.ids, context))


@dataclass
class _Found:
    """The terms of the elements of one sheet.

    Attributes:
        texts: of each element.
        filled: terms of one pattern.
    """

    texts: dict[int, list[str]] = field(default_factory=dict)
    filled: list[FilledTerms] = field(default_factory=list)

    def add(self, terms: PrimitiveTerms) -> None:
        """Add what a node contributes."""
        if isinstance(terms, FilledTerms):
            self.filled.append(terms)
            return
        for element, text in terms:
            self.texts.setdefault(element, []).append(text)

    def of(self, node: Node) -> Iterable[str]:
        """The sums of the terms of each element of a node."""
        elements = range(node.first, node.first + node.size)
        parts = [part for terms in self.filled if (part := _within(terms, elements)) is not None]
        if parts and not any(element in self.texts for element in elements):
            whole = [filled for part in parts if (filled := _ordered(part, elements)) is not None]
            if len(whole) == len(parts):
                return reduce(Filled.plus, whole)
        texts = {element: list(self.texts.get(element, [])) for element in elements}
        for part in parts:
            for element, text in part:
                texts[element].append(text)
        return (plus(texts[element]) for element in elements)


def _within(terms: FilledTerms, elements: range) -> FilledTerms | None:
    """The terms of some elements; None where there are none."""
    inside = (terms.ids >= elements.start) & (terms.ids < elements.stop)
    if inside.all():
        return terms if terms.ids.size else None
    if not inside.any():
        return None
    places = np.flatnonzero(inside)
    return FilledTerms(terms.ids[places], terms.formulas.taken(places))


def _ordered(terms: FilledTerms, elements: range) -> Filled | None:
    """The terms in the order of the elements; None unless each has exactly one."""
    if terms.ids.size != len(elements):
        return None
    order = np.argsort(terms.ids, kind="stable")
    if not np.array_equal(terms.ids[order], np.arange(elements.start, elements.stop)):
        return None
    return terms.formulas.taken(order)
