"""The layout of the inputs sheet: cells to type in, and what every other sheet reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.symbols import Kind, Symbol, named
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.spreadsheet.writer import absolute
from gradsheet.symbolic.expression import Variable

INPUTS_SHEET = "Inputs"

OWN, GENERATED = "the yellow cells", "as first written"

CHOICE_CELL = (3, 2)
BLOCK_ROW = 6
_LIST_COLUMNS = 3  # name, value, meaning


@dataclass(frozen=True)
class Block:
    """Cells to type in that belong together, as a list or as a grid.

    Attributes:
        title: the words above them.
        band: the kind of variable, which gives the color.
        rows: one variable per row, followed by its meaning, or several.
        left: the first column, 0-based.
    """

    title: str
    band: str
    rows: tuple[tuple[Variable, ...], ...]
    left: int

    @property
    def is_list(self) -> bool:
        """Whether there is a name and a meaning beside each cell, not above and before it."""
        return len(self.rows[0]) == 1

    @property
    def first_row(self) -> int:
        """The first row of cells to type in."""
        return BLOCK_ROW + (1 if self.is_list else 2)

    @property
    def width(self) -> int:
        """In columns."""
        return _LIST_COLUMNS if self.is_list else 1 + len(self.rows[0])

    def places(self) -> dict[Variable, tuple[int, int]]:
        """The row and the column of each cell."""
        return {
            variable: (row, column)
            for row, variables in enumerate(self.rows, start=self.first_row)
            for column, variable in enumerate(variables, start=self.left + 1)
        }


@dataclass(frozen=True)
class Fields:
    """The inputs sheet: yellow blocks to type in, then the table of the numbers in use.

    Attributes:
        blocks: the yellow blocks from left to right; the last one holds the learning rates.
        rates: the learning rates' names, ``η1`` and so on.
        typed: the row and the column of each yellow cell.
        choices: the sets of numbers to choose from: their names and the numbers, of which the
            first are those typed.
        table_left: the first column of the table of numbers in use.
    """

    blocks: tuple[Block, ...]
    rates: tuple[Variable, ...]
    typed: dict[Variable, tuple[int, int]]
    choices: tuple[tuple[str, dict[Variable, float]], ...]
    table_left: int

    @property
    def flags(self) -> int:
        """The column that flags each number that is not the one the workbook was made with."""
        return self.table_left + 2 + len(self.choices)

    @property
    def changed(self) -> int:
        """How many numbers are not those that the workbook was made with."""
        (_, typed), (_, made), *_ = self.choices
        return sum(typed[variable] != made[variable] for variable in typed)

    @property
    def addresses(self) -> dict[Variable, str]:
        """The address, on any sheet, of each given number in use."""
        rows = enumerate(self.choices[0][1], start=BLOCK_ROW + 1)
        return {
            variable: absolute(row, self.table_left + 1, INPUTS_SHEET) for row, variable in rows
        }

    @property
    def rate_addresses(self) -> tuple[str, ...]:
        """The same of each learning rate, which no choice changes."""
        return tuple(absolute(*self.typed[rate], INPUTS_SHEET) for rate in self.rates)


def place_fields(graph: NetworkGraph, rates: Sequence[float], made_from: NetworkSpec) -> Fields:
    """Lay out the inputs sheet of ``graph``, whose numbers may have changed since it was made."""
    names = tuple(
        named(Symbol(Kind.LEARNING_RATE, (number,)), None, f"of sheet lr {rate!r}")
        for number, rate in enumerate(rates, start=1)
    )
    blocks: list[Block] = []
    left = 0
    for title, band, rows in [*_sections(graph), ("Learning rates", "gradient", _listed(names))]:
        blocks.append(Block(title, band, tuple(rows), left))
        left += blocks[-1].width + 1
    typed = {variable: place for block in blocks for variable, place in block.places().items()}
    others = {name: load_network(name) for name in PRESETS if name != made_from.name}
    choices = [(OWN, graph.given)]
    for name, spec in {GENERATED: made_from, **others}.items():
        if _structure(spec) == _structure(made_from):
            numbers = build_graph(spec).given.values()
            choices.append((name, dict(zip(graph.given, numbers, strict=True))))
    return Fields(tuple(blocks), names, typed, tuple(choices), left + 1)


def _sections(
    graph: NetworkGraph,
) -> list[tuple[str, str, Sequence[tuple[Variable, ...]]]]:
    """Title, band and rows of every block but the learning rates'."""
    sections: list[tuple[str, str, Sequence[tuple[Variable, ...]]]] = []
    if len(graph.examples) == 1:
        (example,) = graph.examples
        sections.append(("Inputs", "input", _listed(example.inputs)))
        sections.append(("Targets", "target", _listed(example.targets)))
    else:
        rows = [(*example.inputs, *example.targets) for example in graph.examples]
        sections.append(("Examples", "input", rows))
    for number, layer in enumerate(graph.layers, start=1):
        weights = _listed(layer.flat_weights)
        sections.append((f"Weights of layer {number}", "weight", weights))
        if layer.biases:
            trained = layer.biases[0] in graph.parameters
            title = f"Biases of layer {number}" + ("" if trained else ", not trained")
            sections.append((title, "weight", _listed(layer.biases)))
    if graph.settings:
        sections.append(("Optimizer", "delta", _listed(graph.settings)))
    if graph.penalty:
        sections.append(("Regularization", "delta", _listed(graph.penalty)))
    return sections


def _listed(variables: Sequence[Variable]) -> list[tuple[Variable, ...]]:
    return [(variable,) for variable in variables]


def _structure(spec: NetworkSpec) -> object:
    """Equal for networks that differ in numbers only."""
    layers = tuple(
        (layer.activation, len(layer.biases), layer.train_biases) for layer in spec.layers
    )
    return spec.sizes, len(spec.inputs), layers, spec.loss, spec.optimizer, spec.l2 > 0
