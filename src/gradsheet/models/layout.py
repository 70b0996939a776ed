"""Where everything of a traced model stands, before anything is written."""

from collections.abc import Iterator
from dataclasses import dataclass

from gradsheet.models.blocks import Block
from gradsheet.models.layers.base import Desk
from gradsheet.models.layers.joining import View
from gradsheet.models.trace import INPUT, Layer, Trace
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
class Sheet:
    """The sheet of one layer.

    Attributes:
        number: of the layer in the trace.
        forward: where the forward pass stands.
        backward: where the gradients stand; None where none are asked for.
        after: where the forward pass after a step of gradient descent stands, likewise.
    """

    name: str
    number: int
    layer: Layer
    forward: Desk
    backward: Desk | None
    after: Desk | None


class Plan:
    """The sheets of a model.

    Attributes:
        source: the block of the model's input.
    """

    def __init__(self, trace: Trace, source: Block, backward: bool) -> None:
        self.trace, self.source = trace, source
        _check_cells("the input", source.bottom, source.right)
        self.sheets: dict[int, Sheet] = {}
        for number, layer in enumerate(trace.layers):
            if not isinstance(layer.kind, View):
                self.sheets[number] = self._sheet(number, layer, backward)
        self.consumers: dict[int, list[tuple[int, int]]] = {}
        for number, layer in enumerate(trace.layers):
            for which, read in enumerate(layer.sources):
                self.consumers.setdefault(read, []).append((number, which))

    def _sheet(self, number: int, layer: Layer, backward: bool) -> Sheet:
        name = _sheet_name(len(self.sheets) + 1, layer)
        shapes = tuple(self.trace.value(source).shape for source in layer.sources)
        desk = layer.kind.arrange(name, TOP, shapes, layer.shape)
        back = after = None
        if backward:
            back = layer.kind.arrange_backward(desk, desk.bottom + BETWEEN)
            after = layer.kind.arrange(name, back.bottom + BETWEEN, shapes, layer.shape)
        sheet = Sheet(name, number, layer, desk, back, after)
        _check_size(sheet)
        return sheet

    def output(self, source: int, after: bool = False) -> Block:
        """Where the output of a layer stands, or the model's input."""
        if source == INPUT:
            return self.source
        layer = self.trace.layers[source]
        if isinstance(layer.kind, View):
            return self.output(layer.sources[0], after).reshape(layer.shape)
        desk = self.sheets[source].after if after else self.sheets[source].forward
        assert desk is not None
        return desk.output

    def gradients(self, number: int, loss: Block) -> Iterator[Block]:
        """The blocks that sum to the loss's derivative by a layer's output.

        Args:
            number: the layer, or ``INPUT``.
            loss: the block of the derivative by the last layer's output.
        """
        shape = self.trace.value(number).shape
        if number == len(self.trace.layers) - 1:
            yield loss
        for consumer, which in self.consumers.get(number, []):
            if isinstance(self.trace.layers[consumer].kind, View):
                for block in self.gradients(consumer, loss):
                    yield block.reshape(shape)
            else:
                back = self.sheets[consumer].backward
                assert back is not None
                yield back.inputs[which]


def _sheet_name(number: int, layer: Layer) -> str:
    """``4 conv2``; of a layer that is called by a number only, ``4 0 Conv2d``."""
    kind = f" {layer.kind.name}" if layer.path.split(".")[-1].isdigit() else ""
    words = printable(layer.path).replace(" › ", " ").replace("'", " ")
    plain = NOT_IN_A_SHEET_NAME.sub(" ", words).strip()
    return f"{number} {plain}{kind}"[:SHEET_NAME_CHARACTERS].rstrip()


def printable(text: str) -> str:
    """A text that every program shows: no control characters, and none beyond 16 bits."""
    return "".join(c if c.isprintable() and ord(c) < 0x10000 else " " for c in text)


def _check_size(sheet: Sheet) -> None:
    desks = [desk for desk in (sheet.forward, sheet.backward, sheet.after) if desk]
    rows = max(desk.bottom for desk in desks)
    columns = max(block.right for desk in desks for block in desk.blocks)
    _check_cells(f"{sheet.layer.path} ({sheet.layer.kind.title})", rows, columns)


def _check_cells(what: str, rows: int, columns: int) -> None:
    check_rows(rows, what, _SMALLER)
    check_columns(columns, what, _SMALLER)
