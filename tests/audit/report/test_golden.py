"""What three audits say on the terminal, on the page, in notes and as JSON, read as whole texts."""

import io
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from rich.console import Console

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.annotate import annotate
from gradsheet.audit.report.json_form import to_json
from gradsheet.audit.report.page import report_page
from gradsheet.cli.render_audit import audit_table
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Chart, Series, Sheet
from tests.audit.handmade import Handmade, changed, handmade, make

Golden = Callable[[str, str], None]


def course(rows: int) -> Handmade:
    """Two inputs, two hidden units, two outputs; sigmoid, half the squared error, no biases."""
    draw = random.Random(0)
    table = handmade(draw, (2, 2, 2))
    while (table.hidden, table.loss, table.biases) != ("sigmoid", "half", False):
        table = handmade(draw, (2, 2, 2))
    return replace(table, rows=rows)


def wrong_gradients() -> Book:
    """Mistakes in formulas: one, two at once, swapped columns, four in one column, an error."""
    table = course(6)
    formulas = table.formulas
    for column, formula in {
        "dE/dw3": formulas["dE/dw3"].replace("[a_h2]*(1-[a_h2])", "[a_h1]*(1-[a_h1])"),
        "dE/dw4": re.sub(r"\[(w\d+)\]", r"[\1>]", formulas["dE/dw4"]),
        "dE/dw5": formulas["dE/dw6"],
        "dE/dw6": formulas["dE/dw5"],
        "dE/dw7": formulas["dE/dw7"].replace("([a_o2]-[t2])*", "").replace("[a_h1]", "[h1]"),
        "dE/dw8": f"-({formulas['dE/dw8']})",
        "a_o1": formulas["a_o1"].replace("EXP(-", "EXP("),
        "h1": "[w1]+[w2]*[t1]-[i2]",
    }.items():
        table = changed(table, column, formula)
    single: dict[tuple[str, int], str | float | None]
    single = {("h2", row): f"[w3]*{row}" for row in range(2, 6)}
    table = replace(table, in_row={**single, ("E2", 5): "1/0"})
    return make(table, random.Random(1)).book


def untidy_cells() -> Book:
    """Pasted and missing cells, a series, a sliding rate, a chart of another column."""
    table = course(8)
    pasted = {(column, 4): 0.5 for column in (*table.formulas, *table.updates)}
    single: dict[tuple[str, int], str | float | None] = {
        ("a_h1", 2): 0.1234,
        ("dE/dw2", 3): None,
        ("w8", 0): None,
        **pasted,
        **{("dE/dw6", row): 0.01 + row / 1000 for row in range(8)},
    }

    def sliding(cell: str, row: int) -> str:
        _, column, first = cell.split("$")
        return f"{column}{int(first) + row - 1}"

    table = replace(table, in_row=single, series=("i1",), rate_reference=sliding, chart="E1")
    return make(table, random.Random(2), {"w5": "w6", "w6": "w5", "h1": "my own"}).book


def right_with_remarks() -> Book:
    """A right table, and what is remarked: a typed rate, old values, pasted losses, and more."""
    table = course(5)
    for weight in table.updates:
        table = changed(table, weight, table.updates[weight].replace("[rate]", "0.5"))
    table = changed(table, "dE/dw1", f"MAGIC({table.formulas['dE/dw1']})")
    book = make(table, random.Random(3)).book
    cells = {
        cell: held
        for cell, held in book.sheets["Work"].cells.items()
        if held.formula or isinstance(held.value, str) is False or "lr" not in str(held.value)
    }
    cells = {cell: held for cell, held in cells.items() if held.value not in RATE_LABELS}
    first = next(cell for cell, held in cells.items() if held.formula)
    cells[first] = Cell(0.123, cells[first].formula)
    pasted = {CellIndex(1, n): Cell(f"η = {n}") for n in (1, 2, 3)}
    pasted |= {CellIndex(row, n): Cell(0.3 / row) for row in (2, 3, 4) for n in (1, 2, 3)}
    sheets = {"Work": Sheet("Work", cells), "Rates": Sheet("Rates", pasted)}
    chart = book.charts[0]
    [plotted] = chart.series
    short = re.sub(r"\d+$", lambda last: str(int(last[0]) - 1), plotted.values)
    charts = (Chart("Work", chart.title, (Series(short, "E_total"),)),)
    return Book(book.path, sheets, charts=charts, remarks=("macros were not run",))


RATE_LABELS = ("η=", "Learning rate", "lr")
BOOKS = {f.__name__: f for f in (wrong_gradients, untidy_cells, right_with_remarks)}
every_book = pytest.mark.parametrize("name", BOOKS)


@every_book
def test_the_terminal(name: str, golden: Golden) -> None:
    console = Console(width=100, file=io.StringIO(), color_system=None)
    with console.capture() as text:
        console.print(audit_table(audit_book(BOOKS[name]())))
    lines = "\n".join(line.rstrip() for line in text.get().splitlines())
    golden(f"audit/{name}-terminal.txt", f"{lines}\n")


class _Lines(HTMLParser):
    """The text of a page, a line a block."""

    BLOCKS = frozenset(("h1", "h2", "h3", "h4", "p", "li", "dt", "dd", "tr", "div"))

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines, self._in_body = [""], False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_body |= tag == "body"
        if tag in self.BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if self._in_body:
            self.lines[-1] += data if data.strip() else " "


@every_book
def test_the_page(name: str, golden: Golden) -> None:
    lines = _Lines(report_page([audit_book(BOOKS[name]())])).lines
    golden(f"audit/{name}-page.txt", "\n".join(line.rstrip() for line in lines if line) + "\n")


@every_book
def test_the_notes(name: str, golden: Golden, tmp_path: Path) -> None:
    book = BOOKS[name]()
    path, target = tmp_path / "book.xlsx", tmp_path / "noted.xlsx"
    write(book, path)
    annotate(replace(audit_book(book), path=path), target)
    notes = [
        f"{sheet.title}!{cell.coordinate}\n{cell.comment.text}\n"
        for sheet in openpyxl.load_workbook(target).worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    ]
    golden(f"audit/{name}-notes.txt", "\n".join(notes))


def write(book: Book, path: Path) -> None:
    with xlsxwriter.Workbook(path) as written:
        for sheet in book.sheets.values():
            page = written.add_worksheet(sheet.name)
            for (row, column), cell in sheet.cells.items():
                page.write(row - 1, column - 1, f"={cell.formula}" if cell.formula else cell.value)


@every_book
def test_the_json(name: str, golden: Golden) -> None:
    read = json.loads(to_json([audit_book(BOOKS[name]())]), parse_float=_rounded)
    golden(f"audit/{name}.json", json.dumps(read, ensure_ascii=False, indent=1) + "\n")


def _rounded(number: str) -> float:
    """The last digits of a number may differ between processors."""
    return float(f"{float(number):.6g}")


def test_a_notebook_shows_the_same_sentences(golden: Golden) -> None:
    audit = audit_book(wrong_gradients())
    lines = _Lines(f"<body>{audit._repr_html_()}</body>").lines
    golden("audit/wrong_gradients-notebook.txt", "\n".join(line for line in lines if line) + "\n")


def test_a_finding_prints_as_one_line() -> None:
    audit: Audit = audit_book(untidy_cells())
    assert json.loads(audit.to_json()) == json.loads(to_json([audit]))
    for found in audit.all_findings:
        assert str(found).startswith(found.place)
        assert found.codes[0] in str(found)
        assert "\n" not in str(found)
