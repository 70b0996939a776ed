"""Shared formulas, against openpyxl's translator."""

from pathlib import Path

import pytest
from openpyxl.formula.translate import Translator

from gradsheet.spreadsheet.model import Cell
from gradsheet.spreadsheet.reader import read_book
from tests.spreadsheet.reader.files import cells, xlsx

MASTERS = (
    "A1+$A1+A$1+$A$1",
    "SUM(A1:B2,$A:$B,A:A,1:2,$1:2)",
    "LOG10(A1)+ATAN2(B1,B2)",
    "'A1 B2'!C3+Sheet1!A1+'it''s A1'!$B2",
    '"A1""B2"&A1&"x"',
    "Table1[A1]+Table1[[#This Row],[B1]]+A1",
    "A1.5+1E5+2.5E-3*B7",
    "eta*w_1+AB12_x+A1B+XFE1+A1048577+A0",
    "1/(1+EXP(-E35))-(E35-$F$33*X35)",
    "[1]Data!A1+INDEX(A1:C3,1,2):C5",
    "TRUE+IF(A1>=B1,#N/A,-A1%)",
    "",
)


@pytest.mark.parametrize("master", MASTERS[:-1])
@pytest.mark.parametrize("place", ["D4", "D9", "AB4", "E11"])
def test_shared_formulas_move_as_openpyxl_moves_them(
    tmp_path: Path, master: str, place: str
) -> None:
    text = master.replace("&", "&amp;").replace(">", "&gt;")
    rows = (
        f'<row><c r="D4"><f t="shared" ref="D4:AB11" si="0">{text}</f></c></row>'
        f'<row><c r="{place}"><f t="shared" si="0"></f><v>1</v></c></row>'
    )
    moved = cells(xlsx(tmp_path / "shared.xlsx", rows))[place].formula
    if place != "D4" and "A1048577" not in master:  # it takes any number for a row
        assert f"={moved}" == Translator(f"={master}", "D4").translate_formula(place)


def test_names_that_look_like_cells_do_not_move(tmp_path: Path) -> None:
    rows = (
        '<row><c r="D4"><f t="shared" ref="D4:D5" si="0">XFE1+A1048577+A1B+A1.x+A1</f></c></row>'
        '<row><c r="D5"><f t="shared" si="0"/></c></row>'
    )
    assert cells(xlsx(tmp_path / "b.xlsx", rows))["D5"].formula == "XFE1+A1048577+A1B+A1.x+A2"


def test_shared_formulas_wrap_at_the_edge_and_may_come_late_or_never(tmp_path: Path) -> None:
    rows = (
        '<row><c r="A1"><f t="shared" si="1"/><v>5</v></c><c r="B1"><f t="shared" si="1"/></c>'
        '<c r="C1"><f t="shared" si="9"/><v>6</v></c><c r="D1"><f t="shared" si="9"/></c></row>'
        '<row><c r="B2"><f t="shared" ref="A1:B2" si="1">A1+B$1</f><v>7</v></c></row>'
    )
    path = xlsx(tmp_path / "late.xlsx", rows)
    assert cells(path) == {
        "A1": Cell(5.0, "XFD1048576+A$1"),
        "B1": Cell(None, "A1048576+B$1"),
        "C1": Cell(6.0),
        "B2": Cell(7.0, "A1+B$1"),
    }
    assert read_book(path).remarks == (
        "cells that share a formula the file lacks, kept as values: 2",
    )
