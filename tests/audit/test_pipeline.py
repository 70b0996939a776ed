"""Audits of handmade tables: right, with planted mistakes, with lying headers, course sheets."""

import random
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest
from openpyxl.formula.translate import Translator

from gradsheet.audit.details import WrongFormula
from gradsheet.audit.findings import Audit, Finding
from gradsheet.audit.pipeline import audit_book, audit_workbook
from gradsheet.audit.report.sentences import message, network_in_words, written_and_right
from gradsheet.audit.report.summary import verdict
from gradsheet.errors import GradsheetError
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.libreoffice import convert, libreoffice
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.workbook.build import write_workbook
from tests.audit.handmade import Made, changed, handmade, make, rearranged, seeds, slope
from tests.audit.planted import PLANTS, gradients
from tests.audit.planted_further import FURTHER

# --- No false alarm ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", seeds(24, 200))
def test_a_right_table_passes(seed: int) -> None:
    """Every second one is written in other words: rearranged algebra, other functions."""
    draw = random.Random(seed)
    table = handmade(draw)
    found = audit_book(make(rearranged(table, draw) if seed % 2 else table, draw).book)
    assert not found.all_findings
    [told] = found.tables
    assert {column.verdict for column in told.columns} == {"right", "given"}
    inputs, units, outputs = table.sizes
    assert network_in_words(told.network).startswith(
        f"{inputs} inputs, {units} {table.hidden} hidden units, {outputs} sigmoid output"
    )
    assert told.updates == table.rows - 1
    assert told.rate in (0.1, 0.5, 1.0, 2.0)


OWN = [
    ("course", (0.5, 2.0)),
    ("xor", (0.5,)),
    *(
        pytest.param(name, (0.5,), marks=pytest.mark.slow)
        for name in ("course-half", "mazur", "and")
    ),
]


@pytest.mark.parametrize(("preset", "rates"), OWN)
def test_our_own_workbooks_pass(preset: str, rates: tuple[float, ...], tmp_path: Path) -> None:
    network = load_network(preset)
    write_workbook(network, tmp_path / "own.xlsx", learning_rates=rates, updates=3)
    found = audit_workbook(tmp_path / "own.xlsx")
    named = [table for table in found.tables if table.sheet.startswith("lr")]
    assert [(table.updates, table.rate) for table in named] == [(3, rate) for rate in rates]
    assert not any(table.findings for table in named)


@pytest.mark.slow
@pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("target", ["ods", "xlsx"])
def test_what_libreoffice_saves_is_read_the_same(target: str, tmp_path: Path) -> None:
    write_workbook(load_network("course"), tmp_path / "own.xlsx", learning_rates=(0.5,), updates=5)
    found = audit_workbook(convert(tmp_path / "own.xlsx", target, tmp_path))
    [table] = [table for table in found.tables if table.sheet.startswith("lr")]
    assert (table.updates, table.rate, table.findings) == (5, 0.5, ())
    assert {column.verdict for column in table.columns[1:]} == {"right", "given"}


def test_helper_columns_are_followed() -> None:
    """A gradient by way of a column of our own invention is checked through it."""
    draw = random.Random(5)
    table = handmade(draw, (2, 2, 2))
    delta = table.formulas["dE/dw5"].removesuffix("*[a_h1]")
    table = changed(table, "dE/dw5", "[help]*[a_h1]")
    table.columns.append("help")
    table.formulas["help"] = delta
    assert not audit_book(make(table, draw, {"help": "my own"}).book).mistakes
    table.formulas["help"] = f"2*{delta}"
    [wrong] = audit_book(make(table, draw, {"help": "my own"}).book).mistakes
    assert (str(wrong.role), wrong.codes) == ("dE/do1", ("GS309",))  # in the helper column itself


def test_named_deltas_are_columns_of_their_own() -> None:
    draw = random.Random(6)
    table = handmade(draw, (2, 2, 2))
    table.columns.append("dE/do1")
    table.formulas["dE/do1"] = table.formulas["dE/dw5"].removesuffix("*[a_h1]")
    table = changed(table, "dE/dw5", "[dE/do1]*[a_h1]")
    assert not audit_book(make(table, draw, {"dE/do1": "δ_o1"}).book).mistakes
    table = changed(table, "dE/do1", f"-({table.formulas['dE/do1']})")
    found = audit_book(make(table, draw, {"dE/do1": "δ_o1"}).book)
    assert [(str(f.role), f.codes) for f in found.mistakes] == [("dE/do1", ("GS301",))]


# --- Mistakes -------------------------------------------------------------------------------------


def planted(name: str) -> Iterator[tuple[Made, str, int]]:
    """Tables with the mistake, and the column and the row where it is."""
    _, sow = PLANTS[name]
    for seed in count():
        draw = random.Random(f"{name}{seed}")
        if (mistake := sow(handmade(draw), draw)) is not None:
            yield make(mistake.table, draw), mistake.column, mistake.row


@pytest.mark.parametrize("often", [1, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_is_found_and_named(name: str, often: int) -> None:
    """At the first wrong cell, and as what it is, each time; benchmarks/audit.py plants more."""
    code, _ = PLANTS[name]
    for made, column, row in islice(planted(name), often):
        found = audit_book(made.book)
        cell = made.address(column, row)
        # With one output, errors may be listed as differences: then their sum lacks the square.
        of_sum = name == "the square left out" and "difference" in found.tables[0].network.loss
        told = [f.codes for f in found.mistakes if of_sum or str(f.cell) == cell]
        assert told == [(code,)]


@pytest.mark.slow
@pytest.mark.parametrize("name", FURTHER)
def test_mistakes_in_several_terms_columns_and_rules_are_named(name: str) -> None:
    """Each at its first cell; benchmarks/audit.py plants them in other words, too."""
    draws = (random.Random(f"{name}{seed}") for seed in count())
    draw, found = next((draw, f) for draw in draws if (f := FURTHER[name](draw)) is not None)
    made = make(found.table, draw, found.headers or None)
    findings = audit_book(made.book).all_findings
    for column, row, codes in found.mistakes:
        cell = CellIndex.parse(made.address(column, max(row, 0)))
        cell = cell._replace(row=cell.row + min(row, 0))
        told = ["+".join(f.codes) for f in findings if cell in [p.cell for p in f.first_places]]
        assert set(told) & set(codes.split())


def test_there_are_eighty_mistakes_and_more() -> None:
    assert len(PLANTS) + len(FURTHER) >= 80
    assert len({code for code, _ in PLANTS.values()}) >= 25


def only(found: Audit) -> Finding:
    [finding] = found.mistakes
    return finding


def test_a_mistake_is_told_in_the_names_of_the_table() -> None:
    draw = random.Random(2)
    table = handmade(draw, (2, 2, 2))
    while table.hidden != "sigmoid" or table.biases or table.loss != "half":
        table = handmade(draw, (2, 2, 2))
    wrong = table.formulas["dE/dw4"].replace(slope("sigmoid", "h2"), slope("sigmoid", "h1"))
    made = make(changed(table, "dE/dw4", wrong), draw, {"a_h1": "out h1", "a_h2": "out h2"})
    found = only(audit_book(made.book))
    assert "uses out h1·(1 − out h1) instead of out h2·(1 − out h2)" in message(found)
    assert "the gradient is" in message(found)
    assert f"after {table.rows - 1} updates the loss is" in message(found)
    written, right = written_and_right(found)
    assert "out h1·(1 − out h1)" in written
    assert "out h2·(1 − out h2)" in right
    assert found.cells == table.rows


def test_the_effect_on_the_loss_is_that_of_training_with_the_mistake() -> None:
    """The loss that the wrong table ends at, less that of the right one, cell by cell."""
    draw = random.Random(11)
    table = handmade(draw, (2, 2, 2))
    wrong = changed(table, "dE/dw3", f"2*({table.formulas['dE/dw3']})")
    state = draw.getstate()
    right_end = last_loss(make(table, draw).book)
    draw.setstate(state)
    made = make(wrong, draw)
    change = last_loss(made.book) - right_end
    details = only(audit_book(made.book)).details
    assert isinstance(details, WrongFormula)
    assert details.effect.loss_change == pytest.approx(change, rel=1e-6)


def last_loss(book: Book) -> float:
    sheet = book.sheets["Work"]
    column = next(
        place[1]
        for place, cell in sheet.cells.items()
        if isinstance(cell.value, str)
        and cell.value in ("E_total", "E_t", "E_tot", "E_T", "Total Error", "loss")
    )
    last = max(row for row, other in sheet.cells if other == column)
    return Evaluator(Formulas(book)).value("Work", CellIndex(last, column))


def test_what_no_mistake_explains_is_shown_with_both_formulas() -> None:
    draw = random.Random(3)
    table = handmade(draw, (2, 2, 2))
    made = make(changed(table, "dE/dw6", "[w1]+[w2]*[t1]-[i2]"), draw)
    found = only(audit_book(made.book))
    assert found.codes == ("GS313",)
    assert all(written_and_right(found))


def test_two_mistakes_in_one_formula_are_both_named() -> None:
    draw = random.Random(4)
    table = handmade(draw, (2, 2, 2))
    right = table.formulas["dE/dw5"]
    wrong = right.replace("([a_o1]-[t1])*", "").replace("[a_h1]", "[h1]")
    if table.loss != "half":
        wrong = right.replace("*(1-[a_o1])", "").replace("[a_h1]", "[h1]")
    found = only(audit_book(make(changed(table, "dE/dw5", wrong), draw).book))
    assert set(found.codes) == {"GS302", "GS404"}


MAGIC = "the function MAGIC is not understood"


def test_a_function_we_do_not_know_is_said_to_be_one() -> None:
    """It may well be right, so it is a remark."""
    draw = random.Random(8)
    table = handmade(draw)
    made = make(changed(table, "dE/dw1", f"MAGIC({table.formulas['dE/dw1']})"), draw)
    found = audit_book(made.book)
    assert not found.mistakes
    [remark] = found.all_findings
    assert remark.codes == ("GS102",)
    assert "MAGIC" in message(remark)
    [told] = found.tables
    unread = [str(column.role) for column in told.columns if column.verdict == "not read"]
    assert unread == ["dE/dw1"]
    assert not found.all_right
    right = found.count("right")
    assert verdict(found) == f"{right} columns right, 1 not read ({MAGIC})"


# --- Headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way", ["one blank", "one garbage", "one wrong", "two swapped", "all blank"]
)
@pytest.mark.parametrize("seed", seeds(2, 12))
def test_headers_may_lie_or_be_missing(way: str, seed: int) -> None:
    draw = random.Random(f"{way}{seed}")
    table = handmade(draw)
    one, two = draw.sample(table.columns, 2)
    headers = {
        "one blank": {one: ""},
        "one garbage": {one: "whatever this is"},
        "one wrong": {one: two},
        "two swapped": {one: two, two: one},
        "all blank": dict.fromkeys(table.columns, ""),
    }[way]
    found = audit_book(make(table, draw, headers).book)
    assert not list(map(str, found.mistakes))
    assert all(column.verdict in ("right", "given") for column in found.tables[0].columns)


@pytest.mark.parametrize("seed", seeds(3, 10))
def test_a_mistake_is_found_without_any_header(seed: int) -> None:
    draw = random.Random(seed)
    table = handmade(draw)
    column = draw.choice(gradients(table))
    headers = dict.fromkeys(table.columns, "")
    made = make(changed(table, column, f"-({table.formulas[column]})"), draw, headers)
    found = only(audit_book(made.book))
    assert (str(found.cell), found.codes) == (made.address(column), ("GS301",))


@pytest.mark.parametrize("seed", seeds(2, 10))
@pytest.mark.parametrize(
    "name",
    [
        "a sum that computes another",
        "a bias of another unit",
        "an error that computes another",
        "an output of the row above in the error",
        "sums for activations in every term",
    ],
)
def test_what_another_computes_is_found_without_any_header(name: str, seed: int) -> None:
    """By its place among the others, or by the output that has no other."""
    draws = (random.Random(f"{seed} {n}") for n in count())
    draw, found = next((draw, f) for draw in draws if (f := FURTHER[name](draw)) is not None)
    made = make(found.table, draw, dict.fromkeys(found.table.columns, ""))
    [(column, row, codes)] = found.mistakes
    mistake = only(audit_book(made.book))
    assert str(mistake.cell) == made.address(column, row)
    assert "+".join(mistake.codes) in codes.split()


@pytest.mark.parametrize("seed", seeds(1, 5))
def test_what_climbs_is_not_all_right_without_any_header(seed: int) -> None:
    """An error is made small, whatever it is called."""
    draw = random.Random(seed)
    found = FURTHER["all weights climb"](draw)
    assert found is not None
    made = make(found.table, draw, dict.fromkeys(found.table.columns, ""))
    assert not audit_book(made.book).all_right


@pytest.mark.parametrize("seed", seeds(2, 10))
@pytest.mark.parametrize("name", ["an update of another weight", "a bias left out"])
def test_an_unused_parameter_is_that_which_is_missing_without_any_header(
    name: str, seed: int
) -> None:
    """By the gradient that moves no other, or by the sum that has no other."""
    code, sow = PLANTS[name]
    draws = (random.Random(f"{seed} {n}") for n in count())
    draw, found = next((draw, f) for draw in draws if (f := sow(handmade(draw), draw)) is not None)
    made = make(found.table, draw, dict.fromkeys(found.table.columns, ""))
    mistake = only(audit_book(made.book))
    assert (str(mistake.cell), mistake.codes) == (made.address(found.column, found.row), (code,))


# --- Untidy books ------------------------------------------------------------------------------


def test_several_tables_on_a_sheet_and_on_several() -> None:
    first, second = (make(handmade(random.Random(n), (2, 2, 1)), random.Random(1)) for n in (1, 2))
    cells = dict(first.book.sheets["Work"].cells)
    bottom = max(row for row, _ in cells) + 3
    cells |= {
        CellIndex(row + bottom, column): Cell(cell.value, _lower(cell.formula, bottom))
        for (row, column), cell in second.book.sheets["Work"].cells.items()
    }
    third = make(handmade(random.Random(3)), random.Random(3)).book.sheets["Work"].cells
    sheets = {"Both": Sheet("Both", cells), "Third": Sheet("Third", third)}
    found = audit_book(Book(Path("several.xlsx"), sheets))
    assert [table.sheet for table in found.tables] == ["Both", "Both", "Third"]
    assert not found.mistakes


def _lower(formula: str | None, rows: int) -> str | None:
    if formula is None:
        return None
    moved = str(Translator(f"={formula.replace('$', '')}", "A1").translate_formula(f"A{rows + 1}"))
    rates = {part for part in formula.split("*") if part.count("$") == 2}
    for rate in rates:  # the learning rate's cell stays fixed
        letters, row = rate.rpartition("-")[2].split("$")[1:]
        moved = moved.replace(f"{letters}{int(row) + rows}", f"${letters}${int(row) + rows}")
    return moved[1:]


def test_stated_values_that_are_out_of_date_are_remarked() -> None:
    draw = random.Random(1)
    made = make(handmade(draw), draw)
    sheet = made.book.sheets["Work"]
    at = next(place for place, cell in sheet.cells.items() if cell.formula)
    sheet.cells[at] = Cell(0.123, sheet.cells[at].formula)
    found = audit_book(made.book)
    assert not found.mistakes
    assert [f.codes for f in found.all_findings] == [("GS104",)]


def test_a_book_without_a_table_is_refused() -> None:
    cells = {
        CellIndex(1, 1): Cell("nothing"),
        CellIndex(2, 1): Cell(1.0),
        CellIndex(2, 2): Cell(2.0, "A2*2"),
    }
    with pytest.raises(GradsheetError, match=r"it.xlsx: no training table found"):
        audit_book(Book(Path("it.xlsx"), {"S": Sheet("S", cells)}))


def test_a_table_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradsheet.audit.tables.search._MOST_CELLS", 1_000)
    cells = {CellIndex(r, c): Cell(0.0, "A1") for r in range(1, 102) for c in range(1, 11)}
    with pytest.raises(GradsheetError, match="rows 1 to 101 of 'S' has more than 1,000 cells"):
        audit_book(Book(Path("it.xlsx"), {"S": Sheet("S", cells)}))


def test_a_formula_that_refers_to_its_own_cell_is_called_so() -> None:
    draw = random.Random(1)
    table = handmade(draw)
    made = make(changed(table, "h1", f"{table.formulas['h1']}+[h1]"), draw)
    [found] = [f for f in audit_book(made.book).mistakes if str(f.role) == "h1"]
    assert found.codes == ("GS103",)
    assert message(found) == "it refers to its own cell"


def test_a_circle_of_cells_is_no_number_and_ends() -> None:
    draw = random.Random(1)
    table = handmade(draw)
    made = make(changed(table, "h1", f"{table.formulas['h1']}+[a_h1]"), draw)
    found = audit_book(made.book)
    assert [str(f.role) for f in found.mistakes].count("h1") == 1


# --- Course sheets -----------------------------------------------------------------------------


def test_a_right_course_sheet(course_sheets: dict[str, Path]) -> None:
    found = audit_workbook(course_sheets["right"])
    assert not found.mistakes
    [table] = found.tables
    assert (table.updates, table.rate, str(table.rate_cell)) == (32, 0.5, "F33")
    [remark] = found.findings
    assert remark.codes == ("GS904",)
    assert "those of the right network" in message(remark)


def test_a_course_sheet_with_the_slope_of_h1_for_h2(course_sheets: dict[str, Path]) -> None:
    found = audit_workbook(course_sheets["one-slope"])
    assert [(str(f.role), str(f.cell), f.codes) for f in found.mistakes] == [
        ("dE/dw3", "Z29", ("GS601",)),
        ("dE/dw4", "AA29", ("GS601",)),
    ]
    first, second = map(message, found.mistakes)
    assert "5.9e-08 too large in this row" in first
    assert "1.2e-07 too large in this row" in second


def test_a_course_sheet_with_five_wrong_gradients(course_sheets: dict[str, Path]) -> None:
    found = audit_workbook(course_sheets["five-wrong"])
    codes = {str(f.role): f.codes for f in found.mistakes}
    assert list(codes) == ["dE/dw1", "dE/dw2", "dE/dw6", "dE/dw7", "dE/dw8"]
    assert codes["dE/dw6"] == ("GS404",)
    assert codes["dE/dw7"] == codes["dE/dw8"] == ("GS604",)
    # Both leave out a_o2 − t2 and hold 1 − a_o1 for 1 − a_o2.
    assert codes["dE/dw1"] == codes["dE/dw2"] == ("GS302", "GS502")
    assert found.tables[0].rate == 2
