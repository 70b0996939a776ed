"""Networks inferred from headers and from formulas; each is the other's witness."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from gradsheet.audit.inference.activations import likely_activations
from gradsheet.audit.inference.from_formulas import hypothesis_from_formulas
from gradsheet.audit.inference.from_headers import hypothesis_from_headers, rewired
from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.learning_rate import Rate, find_rate
from gradsheet.audit.inference.ranking import interpret
from gradsheet.audit.inference.shape import Shape
from gradsheet.audit.tables.search import find_tables
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import LEARNING_RATE, Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Tape
from tests.audit.layouts import COLUMN, EXTRA, FIRST, Cells, at, table

COURSE = {column: Symbol.parse(name) for name, column in COLUMN.items()}
SHAPE = Shape((2, 2, 2), (0, 0))


def tabled(cells: Cells) -> Table:
    [found] = find_tables(Formulas(Book(Path("it.xlsx"), {"S": Sheet("S", cells)})))
    return found


def with_header(cells: Cells, name: str, text: str) -> Cells:
    return {**cells, CellIndex(FIRST - 1, COLUMN[name]): Cell(text)}


def from_formulas(cells: Cells) -> Hypothesis:
    found = hypothesis_from_formulas(tabled(cells))
    assert found is not None
    return found


# --- Names -------------------------------------------------------------------------------------


def test_headers_and_formulas_say_the_same() -> None:
    structure, headed = from_formulas(table()), hypothesis_from_headers(tabled(table()), None)
    assert headed is not None
    assert (structure.shape, headed.shape) == (SHAPE, SHAPE)
    assert structure.symbols == headed.symbols == COURSE
    moved = {COLUMN[f"w{n}"]: COLUMN[f"dE/dw{n}"] for n in range(1, 9)}
    assert structure.moved_by == moved


def test_formulas_need_no_headers() -> None:
    cells = {place: cell for place, cell in table().items() if place.row != FIRST - 1}
    assert from_formulas(cells).symbols == COURSE


def test_biases_beside_the_table() -> None:
    cells = table()
    for row in range(FIRST, FIRST + 10):
        for name, bias in (("h1", "$E$1"), ("h2", "$E$1"), ("o1", "$E$2"), ("o2", "$E$2")):
            place = CellIndex(row, COLUMN[name])
            cells[place] = Cell(None, f"{cells[place].formula}+{bias}")
    structure = from_formulas(cells)
    assert structure.shape == Shape((2, 2, 2), (1, 1))
    outside = {CellRef("S", CellIndex(n, 5)): Symbol.parse(f"b{n}") for n in (1, 2)}
    assert structure.outside == outside
    headed = hypothesis_from_headers(tabled(cells), structure)
    assert headed is not None
    assert (headed.shape, headed.outside) == (structure.shape, outside)


@pytest.mark.parametrize("name", ["h1", "dE/dw3", "w8", "E_total", "t1"])
def test_a_header_that_names_nothing_is_filled_in(name: str) -> None:
    cells = with_header(table(), name, "whatever")
    for structure in (None, from_formulas(cells)):
        headed = hypothesis_from_headers(tabled(cells), structure)
        assert headed is not None
        assert headed.symbols == COURSE


def test_a_name_that_comes_twice_counts_where_the_formulas_confirm_it() -> None:
    cells = with_header(table(), "h1", "o1")
    headed = hypothesis_from_headers(tabled(cells), from_formulas(cells))
    assert headed is not None
    assert headed.symbols == COURSE


def test_weights_numbered_in_another_way_are_ranked() -> None:
    cells = table()
    numbers = (11, 12, 21, 22, 31, 32, 41, 42)
    for rank, number in enumerate(numbers, start=1):
        cells = with_header(cells, f"w{rank}", f"w{number}")
        cells = with_header(cells, f"dE/dw{rank}", f"dE/dw{number}")
    headed = hypothesis_from_headers(tabled(cells), None)
    assert headed is not None
    assert headed.symbols == COURSE


def test_weights_numbered_by_their_source_are_wired_anew() -> None:
    cells = table()
    for column, number in ((2, 3), (3, 2), (6, 7), (7, 6)):
        cells = with_header(cells, f"w{column}", f"w{number}")
        cells = with_header(cells, f"dE/dw{column}", f"dE/dw{number}")
    structure = from_formulas(cells)
    headed = hypothesis_from_headers(tabled(cells), structure)
    assert headed is not None
    assert headed.symbols != COURSE
    assert rewired(headed, structure).symbols == COURSE


# --- Activations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "activation"),
    [
        ("1/(1+EXP(-{0}))", "sigmoid"),
        ("EXP({0})/(1+EXP({0}))", "sigmoid"),
        ("TANH({0})", "tanh"),
        ("2/(1+EXP(-2*{0}))-1", "tanh"),
        ("MAX(0,{0})", "relu"),
        ("IF({0}>0,{0},0)", "relu"),
        ("IF({0}>0,{0},0.01*{0})", "leaky-relu"),
        ("{0}*NORMSDIST({0})", "gelu"),
        ("{0}*IF({0}<0,CHIDIST({0}^2,1)/2,1-CHIDIST({0}^2,1)/2)", "gelu"),
        ("{0}/(1+EXP(-{0}))", "silu"),
        ("LN(1+EXP({0}))", "softplus"),
    ],
)
def test_activations_are_recognized_by_what_they_compute(formula: str, activation: str) -> None:
    cells = table()
    for row in range(FIRST, FIRST + 10):
        for unit in (1, 2):
            text = formula.format(at(f"h{unit}", row))
            cells[CellIndex(row, COLUMN[f"a_h{unit}"])] = Cell(None, text)
    hypothesis = from_formulas(cells)
    assert likely_activations(tabled(cells), hypothesis, 0) == [activation]
    assert likely_activations(tabled(cells), hypothesis, 1) == ["sigmoid"]


def test_beside_a_function_without_a_name_are_the_usual_ones() -> None:
    cells = table()
    for row in range(FIRST, FIRST + 10):
        for unit in (1, 2):
            text = f"{at(f'h{unit}', row)}^3"
            cells[CellIndex(row, COLUMN[f"a_h{unit}"])] = Cell(None, text)
    found = likely_activations(tabled(cells), from_formulas(cells), 0)
    assert found == ["x^3", "sigmoid", "tanh", "relu"]


# --- The learning rate -------------------------------------------------------------------------


def rate_of(cells: Cells) -> Rate:
    return find_rate(tabled(cells), Hypothesis(SHAPE, COURSE))


def test_the_rate_is_the_cell_that_the_updates_use() -> None:
    assert rate_of(table()).cell == CellRef("S", CellIndex(2, 2))
    assert rate_of(table(rate="Other!$C$7")).cell == CellRef("Other", CellIndex(7, 3))


def test_the_rate_is_the_number_that_most_updates_hold() -> None:
    cells = table(rate="0.25")
    place = CellIndex(FIRST + 1, COLUMN["w1"])
    cells[place] = Cell(None, f"{at('w1', FIRST)}-0.7*{at('dE/dw1', FIRST)}")
    assert rate_of(cells) == Rate(value=0.25)


def test_the_rate_is_a_column_of_the_table() -> None:
    cells = table()
    letter = CellIndex(1, EXTRA).absolute.split("$")[1]
    cells[CellIndex(FIRST - 1, EXTRA)] = Cell("η")
    for row in range(FIRST, FIRST + 10):
        cells[CellIndex(row, EXTRA)] = Cell(0.75)
        for n in range(1, 9):
            if row > FIRST:
                step = f"{at(f'w{n}', row - 1)}-{letter}{row - 1}*{at(f'dE/dw{n}', row - 1)}"
                cells[CellIndex(row, COLUMN[f"w{n}"])] = Cell(None, step)
    assert tabled(cells).named[EXTRA] == LEARNING_RATE
    assert rate_of(cells) == Rate(column=EXTRA, value=0.75)


# --- Work --------------------------------------------------------------------------------------


def test_the_work_does_not_grow_with_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Tape] = []
    compile_tape = Tape.__init__

    def counted(tape: Tape, outputs: Iterable[Variable]) -> None:
        compiled.append(tape)
        compile_tape(tape, outputs)

    monkeypatch.setattr(Tape, "__init__", counted)
    counts = []
    for rows in (10, 100):
        compiled.clear()
        assert interpret(tabled(table(rows))) is not None
        counts.append(len(compiled))
    assert counts[0] == counts[1]
