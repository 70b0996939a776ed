"""Descent on a function: its own derivative is what the gradients are compared with."""

from pathlib import Path

import pytest

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.sentences import network_in_words, written_and_right
from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from tests.audit.steps.descents import DESCENTS, STEPS, TWO, book


def told(found: Audit) -> list[tuple[str, str]]:
    return [(str(mistake.cell), "+".join(mistake.codes)) for mistake in found.mistakes]


@pytest.mark.parametrize("name", DESCENTS)
def test_a_right_descent_passes(name: str) -> None:
    found = audit_book(book(DESCENTS[name]))
    assert not found.all_findings
    assert found.all_right
    count = len(DESCENTS[name].variables)
    assert network_in_words(found.tables[0].network).startswith(f"a function of {count} variable")
    assert found.tables[0].rate == DESCENTS[name].rate


@pytest.mark.parametrize("name", [n for n, d in DESCENTS.items() if not d.beside])
def test_a_right_descent_to_the_right_passes(name: str) -> None:
    found = audit_book(book(DESCENTS[name], across=True))
    assert not found.all_findings
    assert found.all_right


def test_a_wrong_derivative_is_named() -> None:
    wrong = {("dz", step): "[z]" for step in range(STEPS)}
    found = audit_book(book(TWO, in_row=wrong))
    assert told(found) == [("F4", "GS302")]
    assert found.mistakes[0].cells == STEPS
    assert written_and_right(found.mistakes[0]) == ("z", "2·z")


def test_a_wrong_derivative_of_a_single_variable_is_named_where_headers_tell() -> None:
    one = DESCENTS["one variable"]
    wrong = {("dx", step): "4*[x]^3-9*[x]" for step in range(STEPS)}
    [mistake] = audit_book(book(one, in_row=wrong)).mistakes
    assert str(mistake.cell) == "D4"


def test_a_wrong_cell_among_right_ones_is_named() -> None:
    found = audit_book(book(TWO, in_row={("dx", 4): "2*[x]+3", ("z", 6): "[z]+$B$1*[dz]"}))
    assert [cell for cell, _ in told(found)] == ["C10", "E8"]


def test_another_rule_is_not_read() -> None:
    newton = {("x", step): "[x]-[f]/[dx]" for step in range(1, STEPS)}
    with pytest.raises(GradsheetError, match="no training table"):
        audit_book(book(DESCENTS["one variable"], in_row=newton))


def test_gradients_without_a_function_are_not_read() -> None:
    without = {("f", step): "1+1" for step in range(STEPS)}
    with pytest.raises(GradsheetError, match="no training table"):
        audit_book(book(TWO, in_row=without))


def test_a_loan_is_no_descent() -> None:
    cells = {CellIndex(1, 1): Cell(0.05), CellIndex(3, 1): Cell(1000.0)}
    for row in range(4, 30):
        cells[CellIndex(row, 2)] = Cell(None, f"A{row - 1}*$A$1")
        cells[CellIndex(row, 3)] = Cell(None, f"100-B{row}")
        cells[CellIndex(row, 1)] = Cell(None, f"A{row - 1}-C{row}")
        cells[CellIndex(row, 4)] = Cell(None, f"A{row}/1000")
    with pytest.raises(GradsheetError, match="no training table"):
        audit_book(Book(Path("loan.xlsx"), {"S": Sheet("S", cells)}))


def test_a_training_that_is_not_read_beside_one_that_is_is_remarked() -> None:
    cells = dict(book(TWO).sheets["S"].cells)
    for row in range(4, 4 + STEPS):
        formulas = (
            f"N{row}^4-3*N{row}",
            f"4*N{row}^3-3",
            f"O{row}/P{row}",
            f"Q{row}^2",
            f"Q{row}*2",
        )
        start = Cell(None, f"N{row - 1}-Q{row - 1}") if row > 4 else Cell(3.0)
        written = [start, *(Cell(None, formula) for formula in formulas)]
        cells |= {CellIndex(row, 14 + n): cell for n, cell in enumerate(written)}
    found = audit_book(Book(Path("two.xlsx"), {"S": Sheet("S", cells)}))
    assert not found.mistakes
    assert [(f.place, f.codes) for f in found.remarks] == [("S!N4", ("GS101",))]
