"""Elementwise layers: activations and batch norm."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gradsheet.models.blocks import Index, beside_tiles
from gradsheet.models.layers.base import (
    FIRST_COLUMN,
    Array,
    Formulas,
    Layer,
    PassLayout,
    indices,
    vector_or_tiles,
)
from gradsheet.symbolic.differentiate import partials
from gradsheet.symbolic.expression import ZERO, Expression, Number, Variable, apply, expand
from gradsheet.symbolic.operations import SQUARE_ROOT
from gradsheet.symbolic.render import to_excel, to_textbook


@dataclass(frozen=True, eq=False)
class Pointwise(Layer):
    """A function of each number, and of its channel's parameters and constants."""

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
    def _local_derivatives(self) -> dict[Variable, Expression]:
        assert self._y.definition is not None
        return partials(self._y.definition, self._y)

    @property
    def description(self) -> str:
        assert self._y.definition is not None
        return f"y = {to_textbook(self._y.definition, lambda v: v.name)}"

    def forward_layout(
        self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index
    ) -> PassLayout:
        x = vector_or_tiles(sheet, top, FIRST_COLUMN, inputs[0])
        left, channel = x.right + 1, {}
        for name in self._channel:
            channel[name] = beside_tiles(x, left)
            left += 1
        return PassLayout((x,), vector_or_tiles(sheet, top, left + bool(channel), output), channel)

    def output_formulas(self, layout: PassLayout) -> Formulas:
        assert self._y.definition is not None
        return self._fill(self._y.definition, layout)

    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        derivative = self._local_derivatives.get(self._x, Number(0))
        return self._fill(Variable("g") * derivative, layout, gradients)

    def parameter_gradient(self, name: str, layout: PassLayout, gradients: PassLayout) -> Formulas:
        """The sum over a channel of ∂L/∂output times the local derivative, which is linear in x."""
        derivative = self._local_derivatives[self._channel[name]]
        slope = partials(derivative, derivative).get(self._x, ZERO)
        rest = expand(derivative, lambda variable: False, {self._x: ZERO})
        gradient = Variable("products") * slope + Variable("total") * rest
        template = to_excel(gradient, lambda variable: f"{{{variable.name}}}")
        for channel in range(len(gradients.output.rows)):
            g, x = gradients.output.whole(channel), layout.inputs[0].whole(channel)
            sums = {"products": f"SUMPRODUCT({g},{x})", "total": f"SUM({g})"}
            cells = {key: block.cell((channel,)) for key, block in layout.parameters.items()}
            yield template.format(**sums, **cells)

    def _fill(
        self, expression: Expression, layout: PassLayout, gradients: PassLayout | None = None
    ) -> Formulas:
        template = to_excel(expression, lambda variable: f"{{{variable.name}}}")
        x, y = layout.inputs[0], layout.output
        for index in indices(x.shape):
            channel = {name: block.cell(index[:1]) for name, block in layout.parameters.items()}
            g = gradients.output.cell(index) if gradients else ""
            yield template.format(x=x.cell(index), y=y.cell(index), g=g, **channel)


def batch_norm(
    weight: Array, bias: Array, mean: Array, variance: Array, epsilon: float
) -> Pointwise:
    """(x − mean) / √(variance + ε) · weight + bias, per channel, with running statistics."""

    def function(
        x: Expression, weight: Expression, bias: Expression, mean: Expression, variance: Expression
    ) -> Expression:
        return (x - mean) / apply(SQUARE_ROOT, variance + Number(epsilon)) * weight + bias

    parameters, statistics = {"weight": weight, "bias": bias}, {"mean": mean, "variance": variance}
    return Pointwise("BatchNorm", function, parameters, statistics)
