"""The first sheet of somebody's own exercise: whose it is."""

from collections.abc import Sequence

from gradsheet.spreadsheet.style import Style
from gradsheet.spreadsheet.writer import print_on_pages

COVER_SHEET = "Cover"
_FIRST_ROW = 3
FIRST_LINE = (_FIRST_ROW, 1)
"""The 0-based cell of the first line."""


def write(style: Style, lines: Sequence[tuple[str, str]]) -> None:
    """Add the sheet, a heading and a text in each row; none without lines."""
    if not lines:
        return
    note = "This exercise has numbers of your own. Hand in this file, under any name."
    sheet = style.add_sheet(COVER_SHEET, "Backpropagation by hand", note)
    for row, (heading, text) in enumerate(lines, start=_FIRST_ROW):
        sheet.write_string(row, 0, heading, style.format(bold=True, align="right"))
        wrapped = style.format(text_wrap=True, indent=1, align="left")
        sheet.write_string(row, 1, text, wrapped)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 90)
    print_on_pages(sheet, down=1, portrait=True)
    sheet.protect()
