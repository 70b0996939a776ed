"""Where every tensor of a traced model is in the workbook, before anything is written."""

from collections.abc import Iterator
from dataclasses import dataclass

from gradsheet.models.blocks import Block
from gradsheet.models.layers.base import Layer, PassLayout
from gradsheet.models.layers.joining import View
from gradsheet.models.trace import INPUT, Trace, TracedLayer
from gradsheet.spreadsheet.limits import (
    NOT_IN_A_SHEET_NAME,
    SHEET_NAME_CHARACTERS,
    check_columns,
    check_rows,
)

TOP = 6  # the first row below a sheet's title, notes and links
BETWEEN = 3  # rows between the passes

_SMALLER = "use a model with fewer channels or smaller images"


@dataclass(frozen=True, eq=False)
class LayerSheet:
    """The sheet of one layer.

    Attributes:
        name: of the sheet.
        index: of the layer in the trace.
        traced: the layer with its values.
        layer: its formulas.
        forward: the layout of the forward pass.
        backward: the layout of the gradients; None without a loss.
        after: the layout of the forward pass after a step of gradient descent; likewise.
    """

    name: str
    index: int
    traced: TracedLayer
    layer: Layer
    forward: PassLayout
    backward: PassLayout | None
    after: PassLayout | None

    @property
    def passes(self) -> list[PassLayout]:
        """The layouts that there are."""
        return [layout for layout in (self.forward, self.backward, self.after) if layout]

    @property
    def right(self) -> int:
        """The column beside the last."""
        return max(block.right for layout in self.passes for block in layout.blocks)


class ModelLayout:
    """The sheets of a model.

    Attributes:
        trace: the model.
        source: the block of its input.
        sheets: by the index of the layer; views have none.
    """

    def __init__(self, trace: Trace, source: Block, backward: bool) -> None:
        self.trace, self.source = trace, source
        _check_cells("the input", source.bottom, source.right)
        self.sheets: dict[int, LayerSheet] = {}
        self._consumers: dict[int, list[tuple[int, int]]] = {}
        for index, traced in enumerate(trace.layers):
            if not isinstance(traced.layer, View):
                self.sheets[index] = self._sheet(index, traced, traced.layer, backward)
            for which, source_index in enumerate(traced.sources):
                self._consumers.setdefault(source_index, []).append((index, which))

    def _sheet(self, index: int, traced: TracedLayer, layer: Layer, backward: bool) -> LayerSheet:
        name = _sheet_name(len(self.sheets) + 1, traced)
        shapes = tuple(self.trace.value(source).shape for source in traced.sources)
        forward = layer.forward_layout(name, TOP, shapes, traced.shape)
        gradients = after = None
        if backward:
            gradients = layer.backward_layout(forward, forward.bottom + BETWEEN)
            after = layer.forward_layout(name, gradients.bottom + BETWEEN, shapes, traced.shape)
        sheet = LayerSheet(name, index, traced, layer, forward, gradients, after)
        _check_size(sheet)
        return sheet

    def output(self, source: int, after: bool = False) -> Block:
        """The block of a layer's output, or of the model's input."""
        if source == INPUT:
            return self.source
        traced = self.trace.layers[source]
        if isinstance(traced.layer, View):
            return self.output(traced.sources[0], after).reshape(traced.shape)
        layout = self.sheets[source].after if after else self.sheets[source].forward
        assert layout is not None
        return layout.output

    def gradients(self, index: int, loss: Block) -> Iterator[Block]:
        """The blocks whose sum is ∂L/∂output of a layer.

        Args:
            index: of the layer, or ``INPUT``.
            loss: the block of ∂L/∂output of the last layer.
        """
        shape = self.trace.value(index).shape
        if index == len(self.trace.layers) - 1:
            yield loss
        for consumer, which in self._consumers.get(index, []):
            if isinstance(self.trace.layers[consumer].layer, View):
                for block in self.gradients(consumer, loss):
                    yield block.reshape(shape)
            else:
                gradients = self.sheets[consumer].backward
                assert gradients is not None
                yield gradients.inputs[which]


def _sheet_name(number: int, traced: TracedLayer) -> str:
    """``4 conv2``; for a layer whose path ends in a number ``4 0 Conv2d``."""
    suffix = f" {traced.layer.name}" if traced.path.split(".")[-1].isdigit() else ""
    words = printable(traced.path).replace(" › ", " ").replace("'", " ")
    plain = NOT_IN_A_SHEET_NAME.sub(" ", words).strip()
    return f"{number} {plain}{suffix}"[:SHEET_NAME_CHARACTERS].rstrip()


def printable(text: str) -> str:
    """The text with spaces for control characters and for those beyond 16 bits."""
    return "".join(c if c.isprintable() and ord(c) < 0x10000 else " " for c in text)


def _check_size(sheet: LayerSheet) -> None:
    rows = max(layout.bottom for layout in sheet.passes)
    _check_cells(f"{sheet.traced.path} ({sheet.layer.title})", rows, sheet.right)


def _check_cells(subject: str, rows: int, columns: int) -> None:
    check_rows(rows, subject, _SMALLER)
    check_columns(columns, subject, _SMALLER)
