"""Layers that treat each number by itself: activations, batch norm, dropout."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gradsheet.models.blocks import (
    Index,
    beside_tiles,
)
from gradsheet.models.layers.base import FIRST_COLUMN, Array, Desk, Formulas, Kind, indices, lay
from gradsheet.symbolic.differentiate import partials
from gradsheet.symbolic.expression import Expression, Number, Variable, apply
from gradsheet.symbolic.operations import SQUARE_ROOT
from gradsheet.symbolic.render import to_excel, to_textbook


@dataclass(frozen=True, eq=False)
class Pointwise(Kind):
    """A function of single numbers, and of numbers that belong to their channel."""

    name: str  # type: ignore[misc]  # each has its own
    function: Callable[..., Expression]
    parameters: Mapping[str, Array] = field(default_factory=dict)
    constants: Mapping[str, Array] = field(default_factory=dict)

    @cached_property
    def _x(self) -> Variable:
        return Variable("x")

    @cached_property
    def _channel(self) -> dict[str, Variable]:
        return {name: Variable(name) for name in [*self.parameters, *self.constants]}

    @cached_property
    def _y(self) -> Variable:
        return Variable("y", self.function(self._x, **self._channel))

    @cached_property
    def _slopes(self) -> dict[Variable, Expression]:
        assert self._y.definition is not None
        return partials(self._y.definition, self._y)

    @property
    def words(self) -> str:
        assert self._y.definition is not None
        return f"y = {to_textbook(self._y.definition, lambda v: v.name)}"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        x = lay(sheet, top, FIRST_COLUMN, inputs[0])
        left, channel = x.right + 1, {}
        for name in self._channel:
            channel[name] = beside_tiles(x, left)
            left += 1
        return Desk((x,), lay(sheet, top, left + bool(channel), output), channel)

    def forward(self, desk: Desk) -> Formulas:
        assert self._y.definition is not None
        return self._fill(self._y.definition, desk)

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        slope = self._slopes.get(self._x, Number(0))
        return self._fill(Variable("g") * slope, desk, back)

    def parameter_gradient(self, name: str, desk: Desk, back: Desk) -> Formulas:
        """Over a channel the sum of the outputs' gradients times their slopes."""
        slope = self._slopes[self._channel[name]]
        template = to_excel(slope, lambda variable: f"{{{variable.name}}}")
        for channel in range(len(back.output.rows)):
            g = back.output.whole(channel)
            cells = {key: block.cell((channel,)) for key, block in desk.parameters.items()}
            factor = template.format(x=desk.inputs[0].whole(channel), **cells)
            yield f"SUM({g})" if factor == "1" else f"SUMPRODUCT({g},{factor})"

    def _fill(self, expression: Expression, desk: Desk, back: Desk | None = None) -> Formulas:
        template = to_excel(expression, lambda variable: f"{{{variable.name}}}")
        x, y = desk.inputs[0], desk.output
        for index in indices(x.shape):
            channel = {name: block.cell(index[:1]) for name, block in desk.parameters.items()}
            g = back.output.cell(index) if back else ""
            yield template.format(x=x.cell(index), y=y.cell(index), g=g, **channel)


def batch_norm(
    weight: Array, bias: Array, mean: Array, variance: Array, epsilon: float
) -> Pointwise:
    """(x − mean) / √(variance + ε) · weight + bias, of its channel, by the running statistics."""

    def function(
        x: Expression, weight: Expression, bias: Expression, mean: Expression, variance: Expression
    ) -> Expression:
        return (x - mean) / apply(SQUARE_ROOT, variance + Number(epsilon)) * weight + bias

    learned, followed = {"weight": weight, "bias": bias}, {"mean": mean, "variance": variance}
    return Pointwise("BatchNorm", function, learned, followed)
