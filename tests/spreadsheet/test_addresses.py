"""Addresses against openpyxl and XlsxWriter, which parse and write them on their own."""

import random

import pytest
from openpyxl.utils import cell as openpyxl_cell
from xlsxwriter import utility

from gradsheet.spreadsheet.addresses import (
    AddressError,
    CellIndex,
    CellRange,
    CellRef,
    RangeRef,
    column_letters,
    column_number,
    is_on_named_sheet,
    parse_cell_reference,
    parse_reference,
    parse_written_cell,
    quote_sheet,
    unquote_sheet,
)
from gradsheet.spreadsheet.limits import COLUMNS, ROWS
from gradsheet.spreadsheet.writer import absolute, cell_address, span

NAMES = (
    *(
        "Inputs",
        "lr 0.1",
        "it's",
        "Tabelle1",
        "Größe",
        "A1",
        "xfd1048576",
        "XFE1",
        "ABCD1",
        "R",
        "c",
    ),
    *(
        "RC",
        "R1",
        "C7x",
        "RC3",
        "Rates",
        "Cost",
        "1st",
        "a.b",
        ".a",
        "a-b",
        "π",
        "Übung 3",
        "_x",
        "a!b",
    ),
)


def some_cells() -> list[CellIndex]:
    draw = random.Random(0)
    edges = [
        CellIndex(row, column) for row in (1, ROWS) for column in (1, 26, 27, 702, 703, COLUMNS)
    ]
    return edges + [CellIndex(draw.randint(1, ROWS), draw.randint(1, COLUMNS)) for _ in range(500)]


def test_every_column_is_written_and_parsed_as_by_others() -> None:
    for column in range(1, COLUMNS + 1):
        letters = column_letters(column)
        assert letters == utility.xl_col_to_name(column - 1)
        assert column_number(letters) == column == column_number(letters.lower())
    assert column_letters(COLUMNS) == openpyxl_cell.get_column_letter(COLUMNS) == "XFD"


def test_cells_are_written_and_parsed_as_by_others() -> None:
    for cell in some_cells():
        row, column = cell.row - 1, cell.column - 1
        assert CellIndex.from_zero_based(row, column) == cell
        assert str(cell) == utility.xl_rowcol_to_cell(row, column) == cell_address(row, column)
        assert cell.absolute == utility.xl_rowcol_to_cell(row, column, True, True)
        assert absolute(row, column) == cell.absolute
        assert CellIndex.parse(str(cell)) == openpyxl_cell.coordinate_to_tuple(str(cell)) == cell


def test_ranges_are_written_and_parsed_as_by_others() -> None:
    cells = some_cells()
    for one, other in zip(cells, reversed(cells), strict=True):
        found = CellRange.parse(f"{one}:{other}")
        top, bottom = sorted((one.row, other.row))
        left, right = sorted((one.column, other.column))
        assert found == ((top, left), (bottom, right))
        assert openpyxl_cell.range_boundaries(str(found)) == (left, top, right, bottom)
        assert found == CellRange.parse(found.absolute)
        corners = (top - 1, left - 1, bottom - 1, right - 1)
        assert span(*corners) == utility.xl_range_abs(*corners) or found.first == found.last
    assert CellRange.parse("B3").cells().__next__() == (3, 2)
    assert span(0, 0, 0, 0) == "$A$1:$A$1"  # XlsxWriter writes $A$1


def test_the_cells_of_a_range() -> None:
    area = CellRange.parse("B2:C4")
    assert list(map(str, area.cells())) == ["B2", "C2", "B3", "C3", "B4", "C4"]
    assert area.size == (3, 2)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_sheets_are_quoted_at_least_where_xlsxwriter_does(name: str) -> None:
    quoted = quote_sheet(name)
    if utility.quote_sheetname(name) != name:
        assert quoted == utility.quote_sheetname(name)
    assert unquote_sheet(quoted) == name
    cell = CellRef(name, CellIndex(5, 3))
    assert parse_cell_reference(str(cell)) == parse_cell_reference(cell.absolute) == cell
    written = parse_written_cell(str(cell))
    assert written == (name, (5, 3), False, False)
    area = RangeRef(name, CellRange.parse("A1:C5"))
    assert parse_reference(str(area)) == area
    assert is_on_named_sheet(str(area))


def test_what_a_formula_fixes() -> None:
    assert parse_written_cell("$AA3") == ("", (3, 27), False, True)
    assert parse_written_cell("'a ''b'''!AA$3") == ("a 'b'", (3, 27), True, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "1",
        "A0",
        "XFE1",
        "A1048577",
        "$A$1",
        "A1:B2",
        "A-1",
        "A１",
        "Ä1",
        "A1 ",
        "A" * 99,
        "\n",
    ],
)
def test_what_is_no_address_is_refused_with_what_was_given(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        CellIndex.parse(text)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "text",
    ["A:A", "1:2", "S!A1,S!B2", "S!A:A", "eta", "SUM(S!A1)", "[1]S!A1", "S!XFE1", "S!" * 999],
)
def test_what_is_no_simple_reference_is_none(text: str) -> None:
    assert parse_reference(text) is None
    assert parse_cell_reference(text) is None
    assert not is_on_named_sheet(text)


def test_a_range_is_not_one_cell() -> None:
    assert parse_cell_reference("S!A1:B2") is None
    assert str(parse_cell_reference("S!A1:$A$1")) == "S!A1"
    assert not is_on_named_sheet("A1:B2")
