"""What each cell of a gradient adds up."""

from collections.abc import Iterator

import numpy as np

from gradsheet.models.graph import Node
from gradsheet.models.layout import ModelLayout, Sheet
from gradsheet.models.primitives.leaves import Copy

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
        self._found: dict[int, dict[int, list[str]]] = {}
        for node in layout.graph.nodes:
            if isinstance(node.primitive, Copy) and node.flows and node.operands[0].flows:
                owners = np.unique(layout.graph.owners(node.operands[0].ids)).tolist()
                for home in {layout.grouped.home[layout.graph.nodes[n]] for n in owners}:
                    self._readers.setdefault(home, []).append(node)

    def of(self, home: int, node: Node) -> Iterator[list[str]]:
        """The terms of each element of a node, in order."""
        if home not in self._found:
            self._found = {home: self._collect(home)}
        found = self._found[home]
        return (found.get(k, []) for k in range(node.first, node.first + node.size))

    def _collect(self, home: int) -> dict[int, list[str]]:
        layout = self._layout
        found: dict[int, list[str]] = {}
        if home != INPUT:
            self._own(layout.sheets[home], found)
        loss = layout.grouped.loss
        if loss is not None:
            found.setdefault(int(loss.ravel()[0]), []).append("1")
        for copy in self._readers.get(home, []):
            elsewhere = layout.grouped.home[copy] != home
            sheet = layout.sheet_name(copy) if elsewhere else ""
            texts = layout.refs(copy.ids, "backward", sheet).texts
            for element, text in zip(copy.operands[0].ids.ravel().tolist(), texts, strict=True):
                found.setdefault(element, []).append(text)
        return found

    def _own(self, sheet: Sheet, found: dict[int, list[str]]) -> None:
        for node in sheet.group.computed:
            if not node.flows:
                continue
            context = self._layout.context(sheet, node, "backward")
            for which, operand in enumerate(node.operands):
                if operand.flows:
                    for element, text in node.primitive.terms(which, operand.ids, context):
                        found.setdefault(element, []).append(text)
