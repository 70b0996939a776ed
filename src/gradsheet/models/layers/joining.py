"""Layers that join tensors, and views, which only reshape one."""

from dataclasses import dataclass
from typing import ClassVar

from gradsheet.models.blocks import Index
from gradsheet.models.layers.base import (
    FIRST_COLUMN,
    Formulas,
    Layer,
    PassLayout,
    indices,
    vector_or_tiles,
)


class _Join(Layer):
    """Several tensors side by side, then what they are joined to."""

    def forward_layout(
        self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index
    ) -> PassLayout:
        blocks, left = [], FIRST_COLUMN
        for shape in (*inputs, output):
            blocks.append(vector_or_tiles(sheet, top, left, shape))
            left = blocks[-1].right + 1
        return PassLayout(tuple(blocks[:-1]), blocks[-1])


@dataclass(frozen=True, eq=False)
class Add(_Join):
    """The elementwise sum of two tensors: a residual connection."""

    name: ClassVar[str] = "Add"

    @property
    def description(self) -> str:
        return "output = sum of the inputs at the same position"

    def output_formulas(self, layout: PassLayout) -> Formulas:
        for index in indices(layout.output.shape):
            yield "+".join(block.cell(index) for block in layout.inputs)

    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        return (gradients.output.cell(index) for index in indices(gradients.output.shape))


@dataclass(frozen=True, eq=False)
class Concatenate(_Join):
    """The channels of several tensors, one tensor after another."""

    name: ClassVar[str] = "Concatenate"

    @property
    def description(self) -> str:
        return "the channels of the inputs, one input after another"

    def output_formulas(self, layout: PassLayout) -> Formulas:
        for block in layout.inputs:
            yield from (block.cell(index) for index in indices(block.shape))

    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        before = sum(len(block.rows) for block in layout.inputs[:which])
        for channel, *rest in indices(layout.inputs[which].shape):
            yield gradients.output.cell((before + channel, *rest))


@dataclass(frozen=True)
class View:
    """The same numbers, perhaps in another shape: no cells and no sheet of its own.

    Attributes:
        name: what torch calls it: ``Flatten``, ``view``, ``Dropout``.
    """

    name: str

    @property
    def title(self) -> str:
        """Like a layer's."""
        return self.name
