"""Cells of a workbook filled with another color, everything else about them kept."""

import itertools
from collections.abc import Callable, Container, Mapping

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.package import Element, Package, Text

_INK = "FF000000"  # a light font would not be seen on a light fill


class Styles:
    """The styles of the cells, and copies of some with another fill."""

    def __init__(self, package: Package) -> None:
        self._package = package
        [book] = package.related("", "officeDocument").values()
        [self._part] = package.related(book, "styles").values()
        self._text = Text(package[self._part], 3)
        self._fills, self._fonts, self._formats = (
            self._list(name) for name in ("fills", "fonts", "cellXfs")
        )
        self._new_fills: dict[str, int] = {}
        self._new_fonts: dict[int, int] = {}
        self._new_formats: dict[tuple[int, str], int] = {}
        self._added: dict[str, list[bytes]] = {"fills": [], "fonts": [], "cellXfs": []}

    def _list(self, name: str) -> Element:
        found = self._text.root.first(name)
        if found is None or not found.children:
            raise ValueError(f"there are no {name}")
        return found

    def marked(self, cell_format: int, color: str) -> int:
        """The number of a format like another, with this fill and a dark font."""
        formats = self._formats.children
        cell_format = cell_format if cell_format < len(formats) else 0
        if (cell_format, color) not in self._new_formats:
            xf = formats[cell_format]
            changes = {
                "fillId": str(self._fill(color)),
                "applyFill": "1",
                "fontId": str(self._font(int(xf.attributes.get("fontId", 0)))),
                "applyFont": "1",
            }
            self._add(
                "cellXfs",
                self._text.tag(xf, **changes) + self._text.content[xf.inside : xf.end],
            )
            self._new_formats[cell_format, color] = len(formats) + len(self._added["cellXfs"]) - 1
        return self._new_formats[cell_format, color]

    def _fill(self, color: str) -> int:
        if color not in self._new_fills:
            p = self._fills.prefix
            self._add(
                "fills",
                f'<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="{color}"/>'
                f'<{p}bgColor indexed="64"/></{p}patternFill></{p}fill>'.encode(),
            )
            self._new_fills[color] = len(self._fills.children) + len(self._added["fills"]) - 1
        return self._new_fills[color]

    def _font(self, number: int) -> int:
        """The same font in ink."""
        if number not in self._new_fonts:
            fonts = self._fonts.children
            self._add("fonts", self._inked(fonts[number if number < len(fonts) else 0]))
            self._new_fonts[number] = len(fonts) + len(self._added["fonts"]) - 1
        return self._new_fonts[number]

    def _inked(self, font: Element) -> bytes:
        content = self._text.content
        color = f'<{font.prefix}color rgb="{_INK}"/>'.encode()
        if font.end == font.inside:
            name = f"{font.prefix}font".encode()
            return b"<%s>%s</%s>" % (name, color, name)
        old, size = font.first("color"), font.first("sz")
        start = old.start if old else size.end if size else font.inside_end
        end = old.end if old else start
        return content[font.start : start] + color + content[end : font.end]

    def _add(self, name: str, new: bytes) -> None:
        self._added[name].append(new)

    def store(self) -> None:
        """Write the new styles into the package."""
        for element in (self._fonts, self._fills, self._formats):
            new = self._added[element.name]
            count = str(len(element.children) + len(new))
            self._text.append(element, b"".join(new), count=count)
        self._package[self._part] = self._text.edited()


class ColoredCells:
    """The cells of a sheet, of which those in some rows may get another fill."""

    def __init__(self, content: bytes, styles: Styles, rows: Container[int]) -> None:
        def is_open(element: Element) -> bool:
            stated = element.attributes.get("r")
            return element.name != "row" or not stated or int(stated) in rows

        self._text, self._styles = Text(content, 3, is_open=is_open), styles
        data = self._text.root.first("sheetData")
        if data is None:
            raise ValueError("a sheet has no place for cells")
        self._data = data
        self._rows = _numbered(data, "row", int)
        columns = self._text.root.first("cols")
        self._columns = columns.children if columns else []

    def color(self, colors: Mapping[CellIndex, str]) -> bytes:
        """The sheet with these cells in these colors; those that are not there are made."""
        new = {}
        for number, places in itertools.groupby(sorted(colors), key=lambda place: place[0]):
            wanted = {column: colors[CellIndex(row, column)] for row, column in places}
            row = self._rows.get(number)
            if row is None:
                p = self._data.prefix
                cells = b"".join(
                    self._cell(CellIndex(number, c), None, k) for c, k in wanted.items()
                )
                new[number] = f'<{p}row r="{number}">'.encode() + cells + f"</{p}row>".encode()
            else:
                self._color_in(row, number, wanted)
        if new:
            _put(self._text, self._data, self._rows, new)
        return self._text.edited()

    def _color_in(self, row: Element, number: int, wanted: Mapping[int, str]) -> None:
        there, new = _numbered(row, "c", _column), {}
        for column, color in wanted.items():
            if cell := there.get(column):
                cell_format = self._styles.marked(int(cell.attributes.get("s", "0")), color)
                self._text.change(cell, s=str(cell_format))
            else:
                new[column] = self._cell(CellIndex(number, column), row, color)
        if new:
            _put(self._text, row, there, new, spans=None)

    def _cell(self, place: CellIndex, row: Element | None, color: str) -> bytes:
        """An empty cell that formats as its row or else its column does, but for the fill."""
        cell_format = self._styles.marked(self._inherited(place, row), color)
        return f'<{self._data.prefix}c r="{place}" s="{cell_format}"/>'.encode()

    def _inherited(self, place: CellIndex, row: Element | None) -> int:
        if row and row.attributes.get("customFormat") in ("1", "true"):
            return int(row.attributes.get("s", "0"))
        for column in self._columns:
            first, last = (int(column.attributes[end]) for end in ("min", "max"))
            if first <= place[1] <= last:
                return int(column.attributes.get("style", "0"))
        return 0


def _numbered(parent: Element, name: str, number_of: Callable[[str], int]) -> dict[int, Element]:
    """Children by number; one that states none follows the one before it."""
    found: dict[int, Element] = {}
    number = 0
    for child in parent.all(name):
        stated = child.attributes.get("r")
        number = number_of(stated) if stated else number + 1
        found[number] = child
    return found


def _column(cell: str) -> int:
    return CellIndex.parse(cell).column


def _put(
    text: Text,
    parent: Element,
    there: Mapping[int, Element],
    new: Mapping[int, bytes],
    **attributes: str | None,
) -> None:
    """Add children, each before the first one that is there with a higher number."""
    last = []
    for number, content in new.items():
        later = next((child.start for count, child in there.items() if count > number), None)
        if later is None:
            last.append(content)
        else:
            text.insert(later, content)
    text.append(parent, b"".join(last), **attributes)
