"""How sheets are printed."""

from pathlib import Path

import pytest

from gradsheet.spreadsheet.writer import Workbook, print_in_blocks


@pytest.mark.parametrize("widths", [(30, 4, 6, 8, 8, 8), (12,) * 9, (5, 20, 5, 20, 5)])
def test_blocks_of_any_width_are_printed_whole(widths: tuple[int, ...], tmp_path: Path) -> None:
    """On more pages than were asked for, if need be; none smaller than can be read."""
    sheet = Workbook(str(tmp_path / "book.xlsx")).add_worksheet("blocks")
    lefts = [sum(widths[:k]) for k in range(len(widths))]
    print_in_blocks(sheet, lefts, sum(widths) - 1, pages=2, rows=20)
    assert not sheet.fit_page
    assert sheet.vbreaks
    assert set(sheet.vbreaks) <= set(lefts)
    assert 38 <= sheet.print_scale <= 100
