"""The sheet of a group of nodes: its passes, one below the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradsheet.models.blocks import Block, column
from gradsheet.models.graph import Ids, Node
from gradsheet.models.layout import ModelLayout, Section, Sheet
from gradsheet.models.naming import LOSS_SHEET
from gradsheet.models.primitives.base import Context
from gradsheet.models.primitives.convolution import Convolution
from gradsheet.models.primitives.leaves import Constant, Copy, Input, Parameter
from gradsheet.models.primitives.place import Aux, Piece
from gradsheet.models.primitives.text import copies
from gradsheet.models.run import Numbers
from gradsheet.models.sheets.cells import SMALL, CellWriter
from gradsheet.models.sheets.gradients import Terms
from gradsheet.models.sheets.symbols import symbols
from gradsheet.models.step import Step
from gradsheet.spreadsheet.addresses import on_sheet
from gradsheet.spreadsheet.writer import Worksheet, absolute

_JUMPS: Mapping[Section, str] = {
    "forward": "Forward ▾",
    "backward": "Backward ▾",
    "after": "After the step ▾",
}
_RATE_COLUMN = 8  # of the learning rate, beside the heading of what comes after the step

_LINKS = 3  # to other sheets, at most

_TILES = {"MultiheadAttention": "head"}  # what the tiles of a layer are, if not channels

_NARROW = 3  # columns that hold no long name

HEADINGS: Mapping[Section, str] = {
    "forward": "Forward",
    "backward": "Backward: the gradients of the loss",
    "after": "After the step",
}


@dataclass(frozen=True)
class GroupWriter:
    """Writes the passes of one sheet.

    Attributes:
        cells: the writer of the workbook.
        layout: of the model.
        sheet: of the group.
        numbers: of the model on the example; with a loss after a step as well.
        terms: of the gradients.
        step: how parameters change; None without a loss.
    """

    cells: CellWriter
    layout: ModelLayout
    sheet: Sheet
    numbers: Numbers
    after: Numbers | None
    terms: Terms | None
    step: Step | None

    @cached_property
    def names(self) -> dict[Node, str]:
        """What the tensors of the sheet are called."""
        return symbols(self.layout, self.sheet)

    @property
    def _tile(self) -> str:
        return _TILES.get(self.sheet.group.where.kind, "channel")

    def write(self, page: Worksheet) -> None:
        """Write all passes, with links to each."""
        shown: dict[str, int] = {}
        for section in self.layout.sections:
            pieces = self.sheet.pieces[section]
            if not any(piece.blocks for piece in pieces.values()):
                continue
            self.cells.heading(page, self.sheet.tops[section] - 2, HEADINGS[section])
            shown[_JUMPS[section]] = self.sheet.tops[section] - 2
            if section == "after" and any(
                _is_learned(n) for p in pieces.values() for n in p.values
            ):
                self._write_rate(page)
            for node, piece in pieces.items():
                self._write_piece(page, section, node, piece)
        if len(shown) > 1:
            self.cells.jumps(page, _LINKS, shown)

    def _write_piece(self, page: Worksheet, section: Section, node: Node, piece: Piece) -> None:
        context = self.layout.context(self.sheet, node, section)
        names = self.names
        for aux in piece.aux:
            self._write_aux(page, section, node, aux, context)
        for placed, block in piece.values.items():
            prefix = "∂L/∂" if section == "backward" else ""
            tile = "kernel" if _is_kernel(placed, node) else self._tile
            anchor = piece.anchors.get(placed, block)
            name = names[placed]
            if anchor.right - int(anchor.columns.min()) < _NARROW and name[:1] == "h":
                name = name.split(" ")[0]
            self.cells.label(page, anchor, prefix + name, tile)
            if section == "backward":
                self._write_gradient(page, placed, block)
            else:
                self._write_value(page, section, placed, block, context)

    # --- values ---------------------------------------------------------------------------------

    def _write_value(
        self, page: Worksheet, section: Section, node: Node, block: Block, context: Context
    ) -> None:
        after = section == "after"
        numbers = self.after if after else self.numbers
        assert numbers is not None
        values, cells = numbers.of(node.ids), self.cells
        kind = node.primitive
        if isinstance(kind, Parameter | Constant | Input):
            whole = _is_whole(values) and isinstance(kind, Input | Constant)
            if after:
                style = cells.number_format(values, whole)
                cells.formulas(page, block, self._stepped(node), values, style)
            else:
                cells.numbers(page, block, values, cells.editable(values, whole))
            cells.color(page, block, "signed" if isinstance(kind, Parameter) else "input")
        elif isinstance(kind, Copy):
            cells.formulas(page, block, self._copied(node.operands[0].ids, section), values)
            cells.color(page, block, "input")
        else:
            style = cells.number_format(values, kind.gives_whole)
            cells.formulas(page, block, kind.formulas(context), values, style)
            cells.color(page, block, "output")

    def _stepped(self, node: Node) -> Iterable[str]:
        """A parameter after the step; what is not learned stays."""
        before = self.layout.refs(node.ids, "forward")
        if self.step is None or not _is_learned(node):
            return copies(before)
        rate = absolute(self.sheet.tops["after"] - 2, _RATE_COLUMN)
        return self.step.formulas(rate, before, self.layout.refs(node.ids, "backward"))

    def _write_rate(self, page: Worksheet) -> None:
        """The learning rate beside the heading of the parameters after the step."""
        row = self.sheet.tops["after"] - 2
        assert self.step is not None
        page.write_string(row, _RATE_COLUMN - 3, "learning rate", self.cells.cell_format())
        block = column(self.sheet.name, row, _RATE_COLUMN, 1)
        general = self.cells.cell_format(num_format="General")
        values = np.array([self.step.learning_rate])
        self.cells.formulas(page, block, [on_sheet(LOSS_SHEET, "C7")], values, general)

    def _copied(self, ids: Ids, section: Section) -> Iterable[str]:
        """References to the cells of elements, wherever they are."""
        return references(self.layout, ids, section, self.sheet.name)

    # --- auxiliary blocks -----------------------------------------------------------------------

    def _write_aux(
        self, page: Worksheet, section: Section, node: Node, aux: Aux, context: Context
    ) -> None:
        numbers = self.after if section == "after" else self.numbers
        assert numbers is not None
        if aux.label:
            self.cells.label(page, aux.block, aux.label, self._tile)
        if aux.ids is None:
            x = [numbers.of(o.ids) for o in node.operands]
            gradients = self.numbers.loss_by(node.ids)
            values = node.primitive.aux_values(aux.name, x, numbers.of(node.ids), gradients)
            formulas = node.primitive.aux_formulas(aux.name, context)
            whole = self.cells.cell_format(num_format="0") if aux.whole else None
            if whole is None and section == "backward":
                whole = self.cells.cell_format(num_format=SMALL)
            self.cells.formulas(page, aux.block, formulas, values, whole)
            return
        self._write_copy(page, section, aux, numbers)

    def _write_copy(self, page: Worksheet, section: Section, aux: Aux, numbers: Numbers) -> None:
        """Copies of cells of this sheet, and zeros around or between them."""
        assert aux.ids is not None
        ids = aux.ids.reshape(aux.block.shape)
        zeros, copied = ids == -1, ids >= 0
        if zeros.any():
            self.cells.zeros(page, _part(aux.block, zeros))
        if copied.any():
            where: Section = "backward" if aux.of_gradients else section
            values_of: Section = (
                "forward" if where == "backward" and not aux.of_gradients else where
            )
            if not aux.of_gradients and section == "backward":
                values_of = "forward"
            values = numbers.loss_by if aux.of_gradients else numbers.of
            formulas = copies(self.layout.refs(ids[copied], values_of))
            small = self.cells.cell_format(num_format=SMALL) if aux.of_gradients else None
            self.cells.formulas(
                page, _part(aux.block, copied), formulas, values(ids[copied]), small
            )

    # --- gradients ------------------------------------------------------------------------------

    def _write_gradient(self, page: Worksheet, node: Node, block: Block) -> None:
        assert self.terms is not None
        small = self.cells.cell_format(num_format=SMALL)
        formulas = self.terms.of(self.sheet.index, node)
        self.cells.formulas(page, block, formulas, self.numbers.loss_by(node.ids), small)
        self.cells.color(page, block, "signed")


def references(layout: ModelLayout, ids: Ids, section: Section, sheet: str) -> list[str]:
    """References to elements from a sheet, in their order."""
    flat = ids.ravel()
    owners = layout.graph.owners(flat)
    found = [""] * flat.size
    for index in np.unique(owners):
        node = layout.graph.nodes[index]
        mine = np.flatnonzero(owners == index)
        name = layout.sheet_name(node)
        number = isinstance(node.primitive, Constant) and node.primitive.is_number
        refs = layout.refs(flat[mine], section, "" if number or name == sheet else name)
        for place, text in zip(mine.tolist(), refs.texts, strict=True):
            found[place] = text
    return found


def _part(block: Block, chosen: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> Block:
    return Block(block.sheet, block.rows[chosen], block.columns[chosen])


def _is_whole(values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> bool:
    return bool((values == np.round(values)).all() and (np.abs(values) < 1e6).all())


def _is_learned(node: Node) -> bool:
    return isinstance(node.primitive, Parameter) and node.flows


def _is_kernel(placed: Node, node: Node) -> bool:
    """Whether what is placed with a convolution is its weights, not its input."""
    return isinstance(node.primitive, Convolution) and placed.first in node.operands[1].ids
