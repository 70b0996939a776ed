"""The cell formats and colors of the workbooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradsheet.spreadsheet.addresses import on_sheet
from gradsheet.spreadsheet.limits import check_sheet_name
from gradsheet.spreadsheet.writer import Format, PlainSheet, Workbook, Worksheet
from gradsheet.symbolic.render import runs

INK = "#1F2937"
FAINT = "#6B7280"
FONT = "Calibri"
NUMBER = "0.00000000"
TITLE_HEIGHT = 30  # points, so that a subtitle keeps its distance

# Font color and fill of a verdict.
GREEN, AMBER, RED = ("#166534", "#DCFCE7"), ("#92400E", "#FEF3C7"), ("#991B1B", "#FEE2E2")
GRAY = (FAINT, "#F3F4F6")

# A band of color for each kind of column, the same in every sheet.
BANDS = {
    "target": "#FCE7D6",
    "input": "#FFF6CC",
    "weight": "#DCE9F9",
    "unit": "#E3F3E1",
    "error": "#F9DEDE",
    "delta": "#EFE3F6",
    "gradient": "#E8E0F5",
    "memory": "#EFEAE2",
}


@dataclass(frozen=True)
class Style:
    """The formats of one workbook. A format is made once and shared."""

    book: Workbook
    formats: dict[tuple[tuple[str, Any], ...], Format]

    def format(self, **properties: Any) -> Format:
        """The cell format with these XlsxWriter properties."""
        whole = {"font_name": FONT, "font_size": 11, "font_color": INK, "valign": "vcenter"}
        whole |= properties
        key = tuple(sorted(whole.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(whole)
        return self.formats[key]

    def add_sheet(self, name: str, title: str, *notes: str) -> Worksheet:
        """A new sheet without grid lines, its title and its notes in the first rows.

        Raises:
            LimitError: no sheet can have this name.
        """
        check_sheet_name(name)
        sheet = self.book.add_worksheet(name, PlainSheet)
        sheet.hide_gridlines(2)
        sheet.set_row(0, TITLE_HEIGHT)
        sheet.write_string(0, 0, title, self.title)
        for row, note in enumerate(notes, start=1):
            sheet.write_string(row, 0, note, self.note)
        return sheet

    @property
    def title(self) -> Format:
        """Cell format of a sheet's first line."""
        return self.format(bold=True, font_size=16)

    @property
    def note(self) -> Format:
        """Cell format of an explanation."""
        return self.format(font_color=FAINT, italic=True)

    @property
    def aside(self) -> Format:
        """Cell format of an explanation beside a cell."""
        return self.format(font_color=FAINT, italic=True, indent=1)

    @property
    def number(self) -> Format:
        """Cell format of a computed number."""
        return self.format(num_format=NUMBER)

    @property
    def editable(self) -> Format:
        """Cell format of a number to edit: blue on yellow."""
        return self.format(
            num_format="General",
            font_color="#0000FF",
            bg_color="#FFFBCC",
            border=1,
            border_color="#E5D98A",
        )

    @property
    def choice(self) -> Format:
        """Cell format of a list to choose from, on a protected sheet, too."""
        return self.choice_of(locked=False)

    def choice_of(self, *, locked: bool) -> Format:
        """Cell format of a list to choose from: like one to edit, in bold."""
        return self.format(
            font_color="#0000FF",
            bg_color="#FFFBCC",
            border=1,
            border_color="#E5D98A",
            bold=True,
            align="center",
            locked=locked,
        )

    @property
    def answer(self) -> Format:
        """Cell format of an answer to fill in: a computed number, on yellow."""
        return self.format(
            num_format=NUMBER,
            font_color="#0000FF",
            bg_color="#FFFBCC",
            border=1,
            border_color="#E5D98A",
            locked=False,
        )

    @property
    def hint(self) -> Format:
        """Cell format of a list from which a hint is asked for."""
        return self.format(
            font_color=FAINT,
            bg_color="#F9FAFB",
            border=1,
            border_color="#E5E7EB",
            align="center",
            locked=False,
        )

    @property
    def general(self) -> Format:
        """Cell format of a number shown with the digits it has."""
        return self.format(num_format="General", align="right")

    @property
    def link(self) -> Format:
        """Cell format of a link to another sheet."""
        return self.format(font_color="#1D4ED8", underline=1)

    @property
    def warning(self) -> Format:
        """Cell format of a warning."""
        return self.format(font_color="#B45309", bold=True, indent=1)

    @property
    def formula_text(self) -> Format:
        """Cell format of a formula shown as text."""
        return self.format(font_name="Consolas", font_size=10, indent=1, text_wrap=True)

    def light(self, sheet: Worksheet, row: int, column: int, good: str) -> None:
        """Color a cell green where the condition ``good`` is true, else red."""
        self.color(sheet, row, column, {good: GREEN, f"NOT({good})": RED})

    def color(
        self, sheet: Worksheet, row: int, column: int, colors: Mapping[str, tuple[str, str]]
    ) -> None:
        """Color a cell, its font and its fill, by the first condition that is true."""
        for condition, (font, fill) in colors.items():
            color = self.book.add_format({"font_color": font, "bg_color": fill, "bold": True})
            rule = {"type": "formula", "criteria": f"={condition}", "format": color}
            sheet.conditional_format(row, column, row, column, rule)

    def header(self, band: str = "", align: str = "center") -> Format:
        """Cell format of a column's or a section's heading."""
        fill = {"bg_color": BANDS[band]} if band else {}
        return self.format(bold=True, align=align, bottom=1, border_color=FAINT, **fill)

    def write_link(
        self, sheet: Worksheet, row: int, column: int, target: str, text: str = ""
    ) -> None:
        """Write a link to another sheet, by its name unless another text is given."""
        where = f"internal:{on_sheet(target, 'A1')}"
        sheet.write_url(row, column, where, self.link, text or target)

    def write_markup(
        self, sheet: Worksheet, row: int, column: int, markup: str, **properties: Any
    ) -> None:
        """Write text with subscripts and superscripts."""
        cell_format = self.format(**properties)
        pieces = runs(markup)
        if len(pieces) == 1 and pieces[0][1] == "normal":
            sheet.write_string(row, column, markup, cell_format)
            return
        fragments: list[Any] = []
        for text, position in pieces:
            script = {"normal": 0, "superscript": 1, "subscript": 2}[position]
            fragments += [self.format(**properties, font_script=script), text]
        sheet.write_rich_string(row, column, *fragments, cell_format)
