"""What the last sheet has above its passes: the learning rate and the losses."""

from dataclasses import dataclass

import numpy as np

from gradsheet.models.blocks import Block, column
from gradsheet.models.graph import Node
from gradsheet.models.layout import TOP, ModelLayout, Sheet
from gradsheet.models.naming import LOSS_SHEET
from gradsheet.models.objective import Objective
from gradsheet.models.primitives.leaves import Input
from gradsheet.models.primitives.lookup import Lookup
from gradsheet.models.primitives.place import effective
from gradsheet.models.primitives.softmax import Softmax
from gradsheet.models.run import Numbers
from gradsheet.models.sheets.cells import CellWriter
from gradsheet.models.sheets.group import references
from gradsheet.models.step import Step
from gradsheet.spreadsheet.writer import Worksheet, cell_address

_RATE = (TOP, 2)
_LOSS = (TOP - 1, 7)


@dataclass(frozen=True)
class LossHead:
    """The lines above the passes of the loss.

    Attributes:
        layout: of the model.
        objective: which loss.
        step: after the backward pass.
    """

    layout: ModelLayout
    objective: Objective
    step: Step

    @property
    def losses(self) -> Block:
        """The cells of the loss and of the loss after the step."""
        return column(LOSS_SHEET, *_LOSS, 2)

    def title(self) -> tuple[str, str]:
        """The sheet's title and its description."""
        return f"Loss: {self.objective.name}", self.objective.description

    def write(self, cells: CellWriter, page: Worksheet, numbers: Numbers, after: Numbers) -> None:
        """Write the learning rate, the loss, the loss after the step and their difference."""
        loss = self.layout.grouped.loss
        assert loss is not None
        bold = cells.style.format(bold=True)
        page.write_string(_RATE[0], 0, "learning rate", bold)
        page.write_number(*_RATE, self.step.learning_rate, cells.style.editable)
        page.write_string(_RATE[0] + 1, 0, f"After the step: {self.step.name}.", cells.style.note)
        before, later = (float(n.of(loss).ravel()[0]) for n in (numbers, after))
        sheet = self.layout.sheets[-1].name
        refs = [
            references(self.layout, loss, "forward", sheet)[0],
            references(self.layout, loss, "after", sheet)[0],
        ]
        first, second = (cell_address(_LOSS[0] + k, _LOSS[1]) for k in (0, 1))
        block = column(LOSS_SHEET, *_LOSS, 3)
        scientific = cells.cell_format(num_format="0.000E+00")
        values = np.array([before, later, later - before])
        cells.formulas(page, block, [*refs, f"{second}-{first}"], values, scientific)
        names = ("loss", "loss after the step", "change")
        page.write_column(_LOSS[0], 4, names, bold)
        self._validate(page)

    def target(self) -> Node | None:
        """The target, where it has cells."""
        for node in self.layout.grouped.inputs:
            if isinstance(node.primitive, Input) and node.primitive.is_target:
                return node
        return None

    @property
    def class_cell(self) -> str:
        """The address of the true class of one example, on its sheet."""
        (address,) = self.target_block.addresses()
        return address

    @property
    def target_block(self) -> Block:
        """The cells of the target."""
        node = self.target()
        assert node is not None
        return self.layout.block(node, "forward")

    def _validate(self, page: Worksheet) -> None:
        """Let a class be a class."""
        node, classes = self.target(), self.classes()
        if node is None or classes is None:
            return
        block = self.target_block
        rule = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": classes - 1}
        page.data_validation(block.rectangle(), rule)

    def classes(self) -> int | None:
        """The number of classes that a target of whole numbers chooses from."""
        node = self.target()
        for reader in self.layout.sheets[-1].group.computed:
            if isinstance(reader.primitive, Lookup) and node is not None:
                return int(reader.operands[0].ids.shape[-1])
        return None


def probability_block(layout: ModelLayout, sheet: Sheet) -> tuple[Block, Node] | None:
    """The probabilities of one example, where a sheet has them, and the softmax they are of."""
    for node in sheet.group.computed:
        if isinstance(node.primitive, Softmax) and len(effective(node.shape)) == 1:
            if not node.primitive.logarithm:
                return layout.block(node, "forward"), node
            for aux in sheet.pieces["forward"][node].aux:
                if aux.name == "probability":
                    return aux.block, node
    return None
