"""The start sheet: links and the light."""

import re
from pathlib import Path

from gradsheet.spreadsheet.recalculate import (
    recalculated,
)
from tests.workbook.books import after, book, ref


def test_every_link_leads_to_a_sheet(course: Path) -> None:
    found = [cell.hyperlink for row in book(course)["Start"] for cell in row if cell.hyperlink]
    links = [str(link.location) for link in found]
    assert {link.split("!")[0].strip("'") for link in links} == set(book(course).sheetnames) - {
        "Start"
    }


def test_the_light_is_green_and_turns_red(course: Path, tmp_path: Path) -> None:
    assert recalculated(course, {}, "ironcalc")[ref("Start", "B6")] == "all checks pass"
    wrong = {ref("lr 0.1", "AF5"): "=(V5-E5)*V5*(1-V5)*N5*1.000001"}
    cells = after(course, tmp_path, wrong)
    assert re.fullmatch(r"\d checks? fails?", str(cells[ref("Start", "B6")]))
    assert cells[ref("Gradient check", "B5")] == 1
