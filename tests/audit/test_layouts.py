"""The course network laid out as people lay it out, and mistakes of rows, cells and rates."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl.utils import column_index_from_string, get_column_letter

from gradsheet.audit.details import WrongFormula
from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.sentences import written_and_right
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from tests.audit.layouts import COLUMN, DELTA, EXTRA, FIRST, FORMULAS, Cells, at, filled, table


def audited(cells: Cells) -> Audit:
    return audit_book(Book(Path("layout.xlsx"), {"S": Sheet("S", cells)}))


def told(cells: Cells) -> list[tuple[str, str]]:
    """The first cell and the code of every mistake."""
    return [(str(found.cell), "+".join(found.codes)) for found in audited(cells).mistakes]


# --- Right in another layout -------------------------------------------------------------------


def plain(cells: Cells) -> Cells:
    return cells


def constant_biases_beside_the_table(cells: Cells) -> Cells:
    cells |= {
        CellIndex(1, 4): Cell("b1"),
        CellIndex(1, 5): Cell(0.35),
        CellIndex(2, 4): Cell("b2"),
        CellIndex(2, 5): Cell(0.6),
    }
    for name, row in ((name, row) for name in ("h1", "h2", "o1", "o2") for row in range(5, 15)):
        cell = cells[CellIndex(row, COLUMN[name])]
        cells[CellIndex(row, COLUMN[name])] = Cell(
            None, f"{cell.formula}+$E${1 if name[0] == 'h' else 2}"
        )
    return cells


def a_column_of_rates(cells: Cells) -> Cells:
    cells[CellIndex(4, EXTRA)] = Cell("η")
    for row, _ in [*cells]:
        if row >= FIRST:
            cells[CellIndex(row, EXTRA)] = Cell(0.5)
    return with_formulas(cells, lambda text, row: text.replace("$B$2", f"AF{row - 1}"))


def with_formulas(cells: Cells, change: Callable[[str, int], str]) -> Cells:
    return {
        CellIndex(row, column): Cell(
            cell.value, change(cell.formula, row) if cell.formula else None
        )
        for (row, column), cell in cells.items()
    }


def columns_of_new_weights(cells: Cells) -> Cells:
    for n in range(1, 9):
        cells[CellIndex(4, EXTRA + n)] = Cell(f"w{n}_new")
        for row in range(FIRST, 15):
            step = f"{at(f'w{n}', row)}-$B$2*{at(f'dE/dw{n}', row)}"
            cells[CellIndex(row, EXTRA + n)] = Cell(None, step)
            if row > FIRST:
                taken = f"{get_column_letter(EXTRA + n)}{row - 1}"
                cells[CellIndex(row, COLUMN[f"w{n}"])] = Cell(None, taken)
    return cells


def columns_of_steps(cells: Cells) -> Cells:
    for n in range(1, 9):
        cells[CellIndex(4, EXTRA + n)] = Cell(f"Δw{n}")
        for row in range(FIRST, 15):
            cells[CellIndex(row, EXTRA + n)] = Cell(None, f"-$B$2*{at(f'dE/dw{n}', row)}")
            if row > FIRST:
                step = f"{get_column_letter(EXTRA + n)}{row - 1}"
                cells[CellIndex(row, COLUMN[f"w{n}"])] = Cell(
                    None, f"{at(f'w{n}', row - 1)}+{step}"
                )
    return cells


def a_row_of_sums_below(cells: Cells) -> Cells:
    for column in COLUMN.values():
        letter = get_column_letter(column)
        cells[CellIndex(15, column)] = Cell(None, f"SUM({letter}5:{letter}14)")
    return cells


def headers_that_are_formulas(cells: Cells) -> Cells:
    for name, column in COLUMN.items():
        cells[CellIndex(4, column)] = Cell(name, f'"{name}"')
    return cells


def no_gradient_columns(cells: Cells) -> Cells:
    for n in range(1, 9):
        for row in range(FIRST, 15):
            cells.pop(CellIndex(row, COLUMN[f"dE/dw{n}"]))
            if row > FIRST:
                whole = filled(FORMULAS[f"dE/dw{n}"], row - 1)
                cells[CellIndex(row, COLUMN[f"w{n}"])] = Cell(
                    None, f"{at(f'w{n}', row - 1)}-$B$2*({whole})"
                )
        cells.pop(CellIndex(4, COLUMN[f"dE/dw{n}"]))
    return cells


def words_that_hold_lr_or_eta(cells: Cells) -> Cells:
    cells |= {CellIndex(1, 1): Cell("Details of alrighty beta"), CellIndex(1, 2): Cell(3.0)}
    return cells


@pytest.mark.parametrize(
    "lay_out",
    [
        plain,
        constant_biases_beside_the_table,
        a_column_of_rates,
        columns_of_new_weights,
        columns_of_steps,
        a_row_of_sums_below,
        headers_that_are_formulas,
        no_gradient_columns,
        words_that_hold_lr_or_eta,
    ],
)
def test_a_right_layout_passes(lay_out: Callable[[Cells], Cells]) -> None:
    found = audited(lay_out(table()))
    assert not list(map(str, found.mistakes))
    assert found.tables[0].rate == 0.5


def test_tables_of_other_heights_side_by_side() -> None:
    def moved(match: re.Match[str]) -> str:
        return f"{get_column_letter(column_index_from_string(match[1]) + 33)}{match[2]}"

    cells = table()
    for (row, column), cell in table(5).items():
        if row >= 4:
            formula = cell.formula and re.sub(r"(?<![$A-Z])([A-Z]{1,2})(\d+)", moved, cell.formula)
            cells[CellIndex(row, column + 33)] = Cell(cell.value, formula)
    found = audited(cells)
    assert [(str(t.area), t.updates) for t in found.tables] == [("A4:AE14", 9), ("AH4:BL9", 4)]
    assert not found.mistakes


# --- Mistakes of rows, cells and rates ----------------------------------------------------------


def test_a_pasted_row_is_told_once_and_the_table_goes_on() -> None:
    cells = table()
    cells |= {CellIndex(10, column): Cell(0.5) for column in COLUMN.values()}
    assert told(cells) == [("E10", "GS205")]


def test_pasted_rows_at_the_end_belong_to_the_table() -> None:
    cells = table()
    cells |= {CellIndex(row, column): Cell(0.5) for row in (13, 14) for column in COLUMN.values()}
    assert told(cells) == [("E13", "GS205"), ("E14", "GS205")]


def test_an_empty_row_does_not_end_the_table() -> None:
    cells = table(20)
    for column in COLUMN.values():
        del cells[CellIndex(15, column)]
    assert told(cells) == [("E15", "GS206")]
    assert audited(cells).tables[0].updates == 19


def test_an_odd_cell_of_a_helper_column() -> None:
    cells = table()
    cells[CellIndex(4, EXTRA)] = Cell("my factor")
    for row in range(FIRST, 15):
        cells[CellIndex(row, EXTRA)] = Cell(None, filled(DELTA[1], row))
        cells[CellIndex(row, COLUMN["dE/dw5"])] = Cell(None, f"AF{row}*{at('a_h1', row)}")
    assert not told(cells)
    cells[CellIndex(9, EXTRA)] = Cell(0.123)
    assert told(cells) == [("AF9", "GS201")]


@pytest.mark.parametrize("beside", [{}, {(3, 1): Cell("epochs"), (3, 2): Cell(100.0)}])
def test_a_rate_cell_that_is_not_used(beside: Cells) -> None:
    assert told({**table(rate="$B$3"), **beside}) == [("E6", "GS801")]


def test_a_mistake_in_the_updates_of_one_row() -> None:
    cells = table(20)
    for n in range(1, 9):
        name = f"w{n}"
        cells[CellIndex(15, COLUMN[name])] = Cell(None, f"{at(name, 14)}*3-{at('t1', 14)}*7")
    assert {cell for cell, _ in told(cells)} == {at(f"w{n}", 15) for n in range(1, 9)}


@pytest.mark.parametrize("start", [Cell("hello"), None])
def test_a_weight_without_a_start(start: Cell | None) -> None:
    cells = table()
    del cells[CellIndex(FIRST, COLUMN["w5"])]
    cells |= {CellIndex(FIRST, COLUMN["w5"]): start} if start else {}
    assert told(cells) == [("M5", "GS208")]


@pytest.mark.parametrize("formula", ["10^400", "1/0", "EXP(1000)", "0^(-1)", "0.1384"])
def test_an_error_or_a_number_agrees_with_nothing(formula: str) -> None:
    cells = table()
    cells[CellIndex(9, COLUMN["h1"])] = Cell(None, formula)
    [(cell, _)] = told(cells)
    assert cell == "I9"


def test_a_number_beyond_all_bounds_is_shown_as_it_is_written() -> None:
    cells = table()
    cells[CellIndex(9, COLUMN["a_h1"])] = Cell(None, "1/(1+EXP(-1E999))")
    [found] = audited(cells).remarks
    assert str(found.cell) == at("a_h1", 9)
    assert written_and_right(found)[0] == "=1/(1+EXP(-1E999))"


STRANGE = ("E9" + "+0" * 3900, "MMULT(A1)", "TRANSPOSE()", "1%" + "%" * 900)


@pytest.mark.parametrize("formula", STRANGE)
def test_what_is_not_understood_is_remarked(formula: str) -> None:
    cells = table()
    cells[CellIndex(9, COLUMN["h1"])] = Cell(None, formula)
    found = audited(cells)
    assert not found.mistakes
    assert [str(f.cell) for f in found.all_findings] == ["I9"]


def test_swapped_gradients_tell_what_both_do_to_the_loss() -> None:
    cells = table()
    for row in range(FIRST, 15):
        one, two = COLUMN["dE/dw7"], COLUMN["dE/dw8"]
        cells[CellIndex(row, one)], cells[CellIndex(row, two)] = (
            cells[CellIndex(row, two)],
            cells[CellIndex(row, one)],
        )
    found = audited(cells).mistakes
    assert [f.codes for f in found] == [("GS604",)] * 2
    effects = [f.details.effect for f in found if isinstance(f.details, WrongFormula)]
    assert len(effects) == 2
    assert all(effect.jointly for effect in effects)
    assert effects[0].loss_change is not None
    assert effects[0].loss_change == effects[1].loss_change


def test_of_many_formulas_the_first_are_explained_and_the_others_counted() -> None:
    cells = table(12)
    for row, formula in enumerate(("1", "2", "3", "4*E9", "MAGIC(1)", "MAGIC(2)"), start=8):
        cells[CellIndex(row, COLUMN["h1"])] = Cell(None, f"{formula}*E{row}")
    found = [f for f in audited(cells).all_findings if str(f.role) == "h1"]
    last, unread = found[-2:]
    assert (last.codes, str(last.cell), last.cells) == (("GS313",), "I11", 1)
    assert (unread.codes, str(unread.cell), unread.cells) == (("GS102",), "I12", 2)
    assert not unread.is_mistake
