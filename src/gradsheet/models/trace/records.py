"""What a trace finds: layers with their values and gradients."""

from dataclasses import dataclass
from typing import Literal

from gradsheet.models.blocks import Index
from gradsheet.models.layers.base import Array, Layer
from gradsheet.models.layers.joining import View

LossName = Literal["cross-entropy", "squared-error"]

INPUT = -1
"""The source that is the model's input."""


@dataclass(frozen=True, eq=False)
class TracedLayer:
    """One layer of a model on one example.

    Attributes:
        path: in the model: ``conv2``, or ``conv2 › relu`` for a function applied after it.
        layer: what it computes.
        sources: the indices of the layers whose outputs are its inputs, or ``INPUT``.
        output: for the example, without the batch dimension.
        gradient: ∂L/∂output; None without a loss.
        input_gradients: ∂L/∂input for each input, through this layer alone; likewise.
        parameter_gradients: ∂L/∂parameter by torch's names; likewise.
    """

    path: str
    layer: Layer | View
    sources: tuple[int, ...]
    output: Array
    gradient: Array | None = None
    input_gradients: tuple[Array, ...] | None = None
    parameter_gradients: dict[str, Array] | None = None

    @property
    def shape(self) -> Index:
        """The output's shape: (C, H, W) or (N,)."""
        return self.output.shape

    @property
    def parameters(self) -> dict[str, Array]:
        """What is learned, by torch's names."""
        return {} if isinstance(self.layer, View) else dict(self.layer.parameters)


@dataclass(frozen=True, eq=False)
class Trace:
    """A model on one example.

    Attributes:
        title: the name of the model's class.
        example: the input, without the batch dimension.
        layers: in the order in which they are applied.
        target: the class for cross-entropy, the numbers for the squared error.
        loss: its value.
        gradient: ∂L/∂input.
    """

    title: str
    example: Array
    layers: tuple[TracedLayer, ...]
    target: int | Array | None = None
    loss: float | None = None
    gradient: Array | None = None

    @property
    def output(self) -> Array:
        """The model's output."""
        return self.layers[-1].output

    def value(self, source: int) -> Array:
        """The output of a layer, or the example."""
        return self.example if source == INPUT else self.layers[source].output
