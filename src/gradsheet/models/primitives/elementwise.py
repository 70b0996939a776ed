"""Functions of each number, of tensors that are broadcast together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from gradsheet.models.blocks import Block
from gradsheet.models.primitives.base import (
    Array,
    Context,
    FilledTerms,
    Ids,
    Primitive,
    Terms,
)
from gradsheet.models.primitives.place import Aux, Place, effective, usual
from gradsheet.models.primitives.text import Refs, dot, fill, plus, total
from gradsheet.spreadsheet.filled import Filled
from gradsheet.symbolic.differentiate import partials
from gradsheet.symbolic.expression import ZERO, Expression, Variable, expand, variables
from gradsheet.symbolic.render import to_excel, to_textbook
from gradsheet.symbolic.tape import Tape

if TYPE_CHECKING:
    from gradsheet.models.graph import Node

Function = Callable[..., Expression]

_FEW = 12
"""So many products are added up in one formula; more get a block of their own."""


@dataclass(frozen=True, eq=False)
class Elementwise(Primitive):
    """A function of one number of each operand.

    Attributes:
        name: torch's.
        function: the expression of the operands.
        torch: the same of tensors.
        count: the number of operands.
    """

    name: str
    function: Function
    torch: Callable[..., Tensor]
    count: int

    def compute(self, *operands: Tensor) -> Tensor:
        """The function, by torch."""
        return self.torch(*operands)

    @cached_property
    def _x(self) -> list[Variable]:
        return [Variable(f"x{k}") for k in range(self.count)]

    @cached_property
    def _definition(self) -> Expression:
        return self.function(*self._x)

    @cached_property
    def _y(self) -> Variable:
        return Variable("y", self._definition)

    @cached_property
    def _derivatives(self) -> dict[Variable, Expression]:
        return partials(self._definition, self._y)

    def describe(self, names: Sequence[str]) -> str:
        """The function in a textbook's notation."""
        by_name = dict(zip((v.name for v in self._x), names, strict=False))
        return to_textbook(self._definition, lambda v: by_name.get(v.name, v.name))

    def arrange(self, node: "Node", place: Place) -> None:
        """What is given for each channel of tiles stands beside their first rows."""
        shape = effective(node.shape)
        tiled = None
        first = place.leaf_node(0)
        if len(shape) == 3 and first is not None and first.size == node.size:
            tiled = place.leaf(0)
        for which in range(1, len(node.operands)):
            channels = effective(node.operands[which].ids.shape) == shape[:1]
            if tiled is not None and channels and len(shape) == 3:
                place.leaf(which, _beside(tiled.reshape(shape)))
        place.leaves()
        place.value()

    def arrange_backward(self, node: "Node", place: Place) -> None:
        """The gradients, and the products of those that are added up in no simple way."""
        place.like_forward()
        for which, operand in enumerate(node.operands):
            if operand.flows and self._needs_products(which, node):
                block = usual(place.sheet, place.top, place.left, node.shape)
                place.aux(Aux(f"products {which}", block, "products to add up"))

    def formulas(self, c: Context) -> Iterable[str]:
        """The function of the cells."""
        return self._fill(self._definition, c)

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """The gradient times the local derivative; added up where a number is used repeatedly."""
        derivative = self._derivatives.get(self._x[which])
        if derivative is None:
            return []
        wide = np.broadcast_to(ids, c.y.rows.shape).ravel()
        if len(np.unique(wide)) < wide.size:
            return self._added_up(which, derivative, wide, c)
        formulas = self._fill(_with_g(derivative), c)
        if isinstance(formulas, Filled):
            return FilledTerms(wide, formulas)
        return zip(wide.tolist(), formulas, strict=True)

    def _fill(self, expression: Expression, c: Context) -> Iterable[str]:
        """The expression for each number of the result."""
        template = to_excel(expression, lambda variable: f"{{{variable.name}}}")
        cells = {f"x{k}": stretched(x, c.y.rows.shape) for k, x in enumerate(c.x)}
        cells["y"] = c.y
        if c.g is not None:
            cells["g"] = c.g
        return fill(template, cells, c.y.size)

    # --- numbers that several results use: their gradients are added up ---------------------

    def _varying(self, node_ids: "_Uses", derivative: Expression) -> list[str]:
        """The variables of a derivative that differ among the uses of one number."""
        return [
            v.name
            for v in dict.fromkeys(variables(derivative))
            if v.name == "y" or not node_ids.is_constant(int(v.name[1:]))
        ]

    def _linear(self, derivative: Expression, name: str) -> tuple[Expression, Expression] | None:
        """Slope and rest of a derivative that is linear in one variable."""
        variable = self._y if name == "y" else self._x[int(name[1:])]
        found = partials(derivative, derivative)
        slope = found.get(variable, ZERO)
        if any(v is variable for v in variables(slope)):
            return None
        if name == "y" or any(v is self._y for v in variables(derivative)):
            return None
        return slope, expand(derivative, lambda v: False, {variable: ZERO})

    def _needs_products(self, which: int, node: "Node") -> bool:
        """Whether the gradient of an operand is a sum of products that are no simple ones."""
        derivative = self._derivatives.get(self._x[which])
        if derivative is None:
            return False
        uses = _Uses([operand.ids for operand in node.operands], node.shape, which)
        if uses.most <= _FEW:
            return False
        varying = self._varying(uses, derivative)
        if not varying:
            return False
        return len(varying) > 1 or self._linear(derivative, varying[0]) is None

    def _added_up(self, which: int, derivative: Expression, wide: Ids, c: Context) -> Terms:
        order = np.argsort(wide, kind="stable")
        found, starts = np.unique(wide[order], return_index=True)
        regions = np.split(order, starts[1:])
        shape = c.y.rows.shape
        x = [flat(stretched(operand, shape)) for operand in c.x]
        g, y = flat(c.gradient), flat(c.y)
        products = c.aux.get(f"products {which}")
        if products is not None:
            cells = flat(products)
            for element, region in zip(found.tolist(), regions, strict=True):
                yield element, total(cells[region])
            return
        varying = [
            name
            for name in dict.fromkeys(v.name for v in variables(derivative))
            if name == "y" or any(_differs(x[int(name[1:])][region]) for region in regions)
        ]
        linear = self._linear(derivative, varying[0]) if len(varying) == 1 else None
        if varying and linear is None:
            texts = list(self._fill(_with_g(derivative), c))
            for element, region in zip(found.tolist(), regions, strict=True):
                yield element, plus([texts[place] for place in region])
            return
        slope, rest = linear or (ZERO, derivative)
        gradient = Variable("products") * slope + Variable("total") * rest
        template = to_excel(gradient, lambda variable: f"{{{variable.name}}}")
        used = {v.name for v in variables(gradient)}
        for element, region in zip(found.tolist(), regions, strict=True):
            cells_of = {f"x{k}": x[k][region[:1]].text for k in range(len(x)) if f"x{k}" in used}
            cells_of["y"] = y[region[:1]].text
            if "total" in used:
                cells_of["total"] = total(g[region])
            if "products" in used:
                cells_of["products"] = _bracketed(dot(g[region], x[int(varying[0][1:])][region]))
            yield element, template.format(**cells_of)

    def aux_formulas(self, name: str, c: Context) -> Iterable[str]:
        """The products of gradients and local derivatives."""
        return self._fill(_with_g(self._derivatives[self._x[int(name.split()[1])]]), c)

    def aux_values(self, name: str, x: Sequence[Array], y: Array, g: Array) -> Array:
        """Their values, by the expression."""
        derivative = Variable("d", self._derivatives[self._x[int(name.split()[1])]])
        given = dict(zip(self._x, x, strict=True))
        found = Tape([derivative]).run(given)[derivative]
        return np.asarray(g * found, dtype=np.float64)


def _with_g(derivative: Expression) -> Expression:
    return Variable("g") * derivative


def _bracketed(text: str) -> str:
    return f"({text})" if "+" in text else text


def stretched(refs: Refs, shape: tuple[int, ...]) -> Refs:
    """The cells of an operand for each number of the result."""
    numbers = None if refs.numbers is None else np.broadcast_to(refs.numbers, shape)
    return Refs(
        np.broadcast_to(refs.rows, shape), np.broadcast_to(refs.columns, shape), numbers, refs.sheet
    )


def flat(refs: Refs) -> Refs:
    """The cells one after another."""
    numbers = None if refs.numbers is None else refs.numbers.ravel()
    return Refs(refs.rows.ravel(), refs.columns.ravel(), numbers, refs.sheet)


def _differs(refs: Refs) -> bool:
    return bool((refs.rows != refs.rows[0]).any() or (refs.columns != refs.columns[0]).any())


class _Uses:
    """By which results each number of an operand is used."""

    def __init__(self, ids: Sequence[Ids], shape: tuple[int, ...], which: int) -> None:
        wide = [np.broadcast_to(part, shape).ravel() for part in ids]
        order = np.argsort(wide[which], kind="stable")
        _, starts, counts = np.unique(wide[which][order], return_index=True, return_counts=True)
        self.most = int(counts.max(initial=0))
        self._wide, self._order, self._starts, self._counts = wide, order, starts, counts

    def is_constant(self, other: int) -> bool:
        """Whether an operand has one number for all uses of a number."""
        ordered = self._wide[other][self._order]
        return bool((ordered == np.repeat(ordered[self._starts], self._counts)).all())


def _beside(tiled: Block) -> Callable[[str, int, int, tuple[int, ...]], Block]:
    """The style of a number for each channel, in the first row of its tile."""

    def style(sheet: str, top: int, left: int, shape: tuple[int, ...]) -> Block:
        first = tiled.rows.reshape(len(tiled.rows), -1)[:, 0]
        return Block(sheet, first, np.full_like(first, left)).reshape(shape)

    return style
