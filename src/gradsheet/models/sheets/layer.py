"""The sheet of a layer: its passes, one below the other."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gradsheet.models.blocks import Block
from gradsheet.models.layers.base import Array, PassLayout, indices
from gradsheet.models.layers.joining import View
from gradsheet.models.layout import LayerSheet, ModelLayout
from gradsheet.models.sheets.cells import SMALL, CellWriter, Links
from gradsheet.models.trace import Trace
from gradsheet.spreadsheet.writer import Worksheet


@dataclass(frozen=True)
class LayerSheetWriter:
    """Writes the sheet of one layer.

    Attributes:
        cells: the writer of the workbook.
        layout: of the model.
        sheet: of the layer.
        loss_gradient: the block of ∂L/∂output of the model; None without a loss.
        after: the model on the same example after a step; likewise.
        learning_rate: the address of the learning rate, for other sheets.
    """

    cells: CellWriter
    layout: ModelLayout
    sheet: LayerSheet
    loss_gradient: Block | None = None
    after: Trace | None = None
    learning_rate: str = ""

    def write(self, links: Links) -> None:
        """Write all passes."""
        layer, name = self.sheet.layer, self.sheet.name
        page = self.cells.add_sheet(
            name, f"{name}: {layer.title}", layer.description, links, columns=self.sheet.right
        )
        self._write_forward(page, self.sheet.forward, self.layout.trace, after=False)
        if self.sheet.backward is not None and self.loss_gradient is not None:
            self._write_backward(page, self.sheet.backward, self.loss_gradient)
        if self.sheet.after is not None and self.after is not None:
            self._write_forward(page, self.sheet.after, self.after, after=True)

    def _write_forward(
        self, page: Worksheet, layout: PassLayout, trace: Trace, after: bool
    ) -> None:
        cells, traced = self.cells, trace.layers[self.sheet.index]
        inputs = [trace.value(source) for source in traced.sources]
        self._write_labels(page, layout, "After the step" if after else "Forward")
        self._write_auxiliary(page, layout, None, inputs[0], traced.output)
        for block, source, values in zip(layout.inputs, traced.sources, inputs, strict=True):
            output = self.layout.output(source, after)
            copies = (output.reference(i) for i in indices(block.shape))
            cells.formulas(page, block, copies, values)
            cells.color(page, block, "input")
        assert not isinstance(traced.layer, View)
        numbers = {**traced.layer.parameters, **traced.layer.constants}
        for name, block in layout.parameters.items():
            if after:
                cells.formulas(page, block, self._updated(name), numbers[name])
            else:
                cells.numbers(page, block, numbers[name])
            cells.color(page, block, "signed")
        formulas = self.sheet.layer.output_formulas(layout)
        cells.formulas(page, layout.output, formulas, traced.output)
        cells.color(page, layout.output, "output")

    def _updated(self, name: str) -> Iterable[str]:
        """A parameter less the learning rate times its gradient; a constant unchanged."""
        gradients, numbers = self.sheet.backward, self.sheet.forward.parameters[name]
        assert gradients is not None
        if name not in gradients.parameters:
            return (numbers.cell(index) for index in indices(numbers.shape))
        gradient = gradients.parameters[name]
        return (
            f"{numbers.cell(index)}-{self.learning_rate}*{gradient.cell(index)}"
            for index in indices(numbers.shape)
        )

    def _write_backward(self, page: Worksheet, gradients: PassLayout, loss: Block) -> None:
        sheet, traced = self.sheet, self.sheet.traced
        self._write_labels(page, gradients, "Backward: the gradients of the loss", "∂L/∂")
        x = self.layout.trace.value(traced.sources[0])
        self._write_auxiliary(page, gradients, gradients, x, traced.output)
        parts = list(self.layout.gradients(sheet.index, loss))
        sums = ("+".join(part.reference(i) for part in parts) or "0" for i in indices(traced.shape))
        self._write_gradient(page, gradients.output, sums, traced.gradient)
        for which, block in enumerate(gradients.inputs):
            assert traced.input_gradients is not None
            formulas = sheet.layer.input_gradient(which, sheet.forward, gradients)
            self._write_gradient(page, block, formulas, traced.input_gradients[which])
        for name, block in gradients.parameters.items():
            assert traced.parameter_gradients is not None
            formulas = sheet.layer.parameter_gradient(name, sheet.forward, gradients)
            self._write_gradient(page, block, formulas, traced.parameter_gradients[name])

    def _write_gradient(
        self, page: Worksheet, block: Block, formulas: Iterable[str], values: Array | None
    ) -> None:
        assert values is not None
        small = self.cells.cell_format(num_format=SMALL)
        self.cells.formulas(page, block, formulas, values, small)
        self.cells.color(page, block, "signed")

    def _write_auxiliary(
        self, page: Worksheet, layout: PassLayout, gradients: PassLayout | None, x: Array, y: Array
    ) -> None:
        layer = self.sheet.layer
        forward = self.sheet.forward if gradients else layout
        for name, block in layout.auxiliary.items():
            formulas = layer.auxiliary_formulas(name, forward, gradients)
            if formulas is None:
                self.cells.zeros(page, block)
            else:
                values = layer.auxiliary_values(name, x, y)
                counts = np.issubdtype(values.dtype, np.integer)
                count_format = self.cells.cell_format(num_format="0") if counts else None
                self.cells.formulas(page, block, formulas, values, count_format)
            if name in layer.auxiliary_labels:
                self.cells.label(page, block, layer.auxiliary_labels[name])

    def _write_labels(
        self, page: Worksheet, layout: PassLayout, heading: str, prefix: str = ""
    ) -> None:
        self.cells.heading(page, layout.top - 3, heading)
        for number, block in enumerate(layout.inputs, start=1):
            name = "input" if len(layout.inputs) == 1 else f"input {number}"
            # Above the padding, where there is one.
            self.cells.label(page, layout.auxiliary.get("padded", block), prefix + name)
        for name, block in layout.parameters.items():
            self.cells.label(page, block, prefix + name, channels=block.rows.ndim == 4)
        self.cells.label(page, layout.auxiliary.get("spread", layout.output), f"{prefix}output")
