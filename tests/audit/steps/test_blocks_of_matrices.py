"""Matrices of a step beside those of the step before, with the cross-entropy as their loss."""

import re
from pathlib import Path

import pytest

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.page import report_page
from gradsheet.audit.report.sentences import message
from gradsheet.spreadsheet.addresses import CellIndex, CellRange
from gradsheet.spreadsheet.model import Book, Cell, Sheet

STEPS, APART = 5, 6
AREAS = {
    "W1": "C2:E3", "W2": "C6:D6", "Z1": "C9:C10", "A1": "D9:D10", "Z2": "E9:E9", "P": "F9:F9",
    "dZ2": "C12:C12", "dZ1": "D12:D13", "loss": "F12:F12", "dW2": "C15:D15", "dW1": "C18:E19",
}  # fmt: skip
FORMULAS = {
    "Z1": "MMULT({W1},$A$2:$A$4)",
    "A1": "1/(1+EXP(-{Z1}))",
    "Z2": "MMULT({W2},{A1})",
    "P": "1/(1+EXP(-{Z2}))",
    "dZ2": "{P}-$A$7",
    "dZ1": "TRANSPOSE({W2})*{dZ2}*{A1}*(1-{A1})",
    "loss": "-$A$7*LN({P})-(1-$A$7)*LN(1-{P})",
    "dW2": "{dZ2}*TRANSPOSE({A1})",
    "dW1": "MMULT({dZ1},TRANSPOSE($A$2:$A$4))",
}
STARTS = {"W1": (0.1, 0.2, -0.3, 0.4, -0.5, 0.6), "W2": (0.7, -0.8)}
BESIDE: dict[str, str | float] = {
    "A1": "X",
    "A2": 0.5,
    "A3": -1.0,
    "A4": 0.25,
    "A6": "Y",
    "A7": 1.0,
    "A8": "LR",
    "A9": 0.4,
}


def area(name: str, step: int) -> CellRange:
    """Where a matrix is in a step."""
    found = CellRange.parse(AREAS[name])
    return CellRange(*(c._replace(column=c.column + APART * step) for c in found))


def audited(changes: dict[str, str] | None = None) -> Audit:
    """The audit of the sheet with some formulas changed."""
    formulas = {**FORMULAS, **(changes or {})}
    cells = {CellIndex.parse(place): Cell(held) for place, held in BESIDE.items()}
    for step in range(STEPS):
        where = {name: str(area(name, step)) for name in AREAS}
        before = {f"old {name}": str(area(name, step - 1)) for name in AREAS if step}
        for name in AREAS:
            own = area(name, step)
            cells[own.first._replace(row=own.first.row - 1)] = Cell(name)
            text = formulas.get(name) or f"{{old {name}}}-$A$9*{{old d{name}}}"
            for number, cell in enumerate(own.cells()):
                if name in STARTS and not step:
                    cells[cell] = Cell(STARTS[name][number])
                else:
                    cells[cell] = Cell(None, text.format(**where, **before), own.first)
    return audit_book(Book(Path("matrices.xlsx"), {"M": Sheet("M", cells)}))


def test_all_is_checked_and_right() -> None:
    found = audited()
    assert found.all_right and not found.all_findings
    (table,) = found.tables
    assert {column.verdict for column in table.columns} <= {"right", "given"}
    assert table.network.loss == "binary-cross-entropy"
    headers = [column.header for column in table.columns]
    assert headers[:3] == ["W1[1,1]", "W1[1,2]", "W1[1,3]"]
    assert {"A1[2]", "P", "loss", "dW1[2,3]"} <= set(headers)


@pytest.mark.parametrize(
    ("name", "formula", "code", "said"),
    [
        ("loss", "-$A$7*LN({P})-(1-$A$7)*LN({P})", "GS307", "instead of 1 − P"),
        ("dZ2", "{P}+$A$7", "GS301", "uses P + t1 instead of P − t1"),
        ("dZ1", "TRANSPOSE({W2})*{dZ2}*{A1}*(1+{A1})", "GS603", "A1[1]·(1 − A1[1])"),
        ("dW1", "MMULT({dZ1},TRANSPOSE($A$3:$A$5))", "GS403", "uses i2 instead of i1"),
    ],
)
def test_an_array_formula_is_wrong_once(name: str, formula: str, code: str, said: str) -> None:
    (found,) = audited({name: formula}).mistakes
    assert found.codes == (code,)
    assert set(found.first_cells) == set(area(name, 0).cells())
    assert said in message(found)


def test_the_page_links_what_is_wrong_and_says_what_it_is() -> None:
    """Cells of one column of the sheet are different values of the network."""
    page = report_page([audited({"dZ1": "TRANSPOSE({W2})*{dZ2}*{A1}*(1+{A1})"})])
    linked = re.findall(r'<a href="#[^"]*">(?:<b>)?([^<]*)<', page)
    assert [text for text in linked if "[" in text] == ["dZ1[1]", "dZ1[2]"]
    assert "∂E/∂h1: derivative of the loss with respect to h1" in page
