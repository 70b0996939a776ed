"""A copy of a workbook in which each wrong cell is colored and has a note that explains it.

The few parts that change are edited as text, and all others copied as they are: what this package
knows nothing of, such as a chart, a text box or a picture, stays what it was.
"""

import itertools
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from xml.parsers import expat

from gradsheet.audit.findings import Audit, Finding
from gradsheet.audit.report.summary import legible
from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file
from gradsheet.spreadsheet.addresses import CellIndex, parse_reference
from gradsheet.spreadsheet.limits import COLUMNS, TEXT_CHARACTERS
from gradsheet.spreadsheet.package import HEAD, OFFICE, Element, Package, Text, relation_of

_AUTHOR = "gradsheet"
_MISTAKE, _REMARK = "FFFF7B72", "FFFFC933"
_INK = "FF000000"  # a light font would not be seen on a light fill
_LONGEST = TEXT_CHARACTERS // 4  # of one line of a note

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"


def annotate(audit: Audit, target: Path) -> None:
    """Write a copy of the audited workbook with its mistakes marked red and its remarks amber.

    A cell that has a note keeps it, and the explanation follows. A finding without a cell is left
    out.

    Raises:
        GradsheetError: the file is no sound .xlsx, or the copy cannot be written.
    """
    path = audit.path
    if path.suffix.lower() != ".xlsx":
        kind = path.suffix or "without a suffix"
        raise GradsheetError(f"only .xlsx can be annotated and {path} is {kind}; save it as .xlsx")
    if _is_same(path, target):
        raise GradsheetError(f"{path} would be overwritten; choose another name for the copy")
    try:
        with zipfile.ZipFile(path) as archive:
            package = Package(archive)
            _mark_sheets(package, audit.all_findings)
            with whole_file(target) as temporary:
                package.write(temporary)
    except OSError as error:
        reason = error.strerror or str(error)
        raise GradsheetError(f"cannot read {path}: {reason}") from error
    except _UNSOUND as error:
        raise GradsheetError(
            f"{path} is no sound .xlsx without a password; open it in a spreadsheet program and "
            "save it as .xlsx"
        ) from error


def _is_same(path: Path, target: Path) -> bool:
    """Whether two paths lead to one file, also by way of a link or of letters in another case."""
    both_there = path.exists() and target.exists()
    return path.resolve() == target.resolve() or (both_there and path.samefile(target))


_UNSOUND = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    KeyError,
    ValueError,
    EOFError,
    NotImplementedError,
)


def _mark_sheets(package: Package, findings: Iterable[Finding]) -> None:
    """Color the cells of every sheet and write their notes."""
    sheets = package.sheets()
    marked: dict[str, dict[CellIndex, list[Finding]]] = {}
    for found in findings:
        if (place := _place(found.cell)) and (sheet := sheets.get(found.sheet)):
            marked.setdefault(sheet, {}).setdefault(place, []).append(found)
    if not marked:
        return
    styles = _Styles(package)
    for sheet, notes in marked.items():
        colors = {place: _color(found) for place, found in notes.items()}
        package[sheet] = _Cells(package[sheet], styles).color(colors)
        _write_notes(package, sheet, dict(sorted(notes.items())))
    styles.store()


def _color(findings: Sequence[Finding]) -> str:
    return _MISTAKE if any(found.is_mistake for found in findings) else _REMARK


def _place(cell: str) -> CellIndex | None:
    """The cell ``AA29``, also as the first cell of a range; None where no cell is named."""
    found = parse_reference(cell)
    return found.range.first if found else None


# --- Fills -----------------------------------------------------------------------------------


class _Styles:
    """The styles of the cells, and copies of some with another fill."""

    def __init__(self, package: Package) -> None:
        self._package = package
        [book] = package.related("", "officeDocument").values()
        [self._part] = package.related(book, "styles").values()
        self._text = Text(package[self._part], 3)
        self._fills, self._fonts, self._looks = (
            self._list(name) for name in ("fills", "fonts", "cellXfs")
        )
        self._new_fills: dict[str, int] = {}
        self._new_fonts: dict[int, int] = {}
        self._new_looks: dict[tuple[int, str], int] = {}
        self._added: dict[str, list[bytes]] = {"fills": [], "fonts": [], "cellXfs": []}

    def _list(self, name: str) -> Element:
        found = self._text.root.first(name)
        if found is None or not found.children:
            raise ValueError(f"there are no {name}")
        return found

    def marked(self, look: int, color: str) -> int:
        """The number of a look that is like another but for its fill."""
        looks = self._looks.children
        look = look if look < len(looks) else 0
        if (look, color) not in self._new_looks:
            xf = looks[look]
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
            self._new_looks[look, color] = len(looks) + len(self._added["cellXfs"]) - 1
        return self._new_looks[look, color]

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
        for element in (self._fonts, self._fills, self._looks):
            new = self._added[element.name]
            count = str(len(element.children) + len(new))
            self._text.append(element, b"".join(new), count=count)
        self._package[self._part] = self._text.edited()


# --- Cells -----------------------------------------------------------------------------------


class _Cells:
    """The cells of a sheet, some of which get another fill."""

    def __init__(self, content: bytes, styles: _Styles) -> None:
        self._text, self._styles = Text(content, 3), styles
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
                look = self._styles.marked(int(cell.attributes.get("s", "0")), color)
                self._text.change(cell, s=str(look))
            else:
                new[column] = self._cell(CellIndex(number, column), row, color)
        if new:
            _put(self._text, row, there, new, spans=None)

    def _cell(self, place: CellIndex, row: Element | None, color: str) -> bytes:
        """An empty cell that looks as its row or else its column does, but for the fill."""
        look = self._styles.marked(self._inherited(place, row), color)
        return f'<{self._data.prefix}c r="{place}" s="{look}"/>'.encode()

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


# --- Notes -----------------------------------------------------------------------------------

# What a sheet holds after the reference to its notes; the order is fixed.
_LATER = (
    *("legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls"),
    *("webPublishItems", "tableParts", "extLst"),
)

_NO_NOTES = HEAD + f'<comments xmlns="{_MAIN}"><authors/><commentList/></comments>'.encode()

_VML_NAMES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_NO_SHAPES = (
    f'<xml {_VML_NAMES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/>'
    "</o:shapelayout></xml>"
).encode()
_SHAPE_TYPE = (
    '<v:shapetype {names}id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape {names}id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;'
    'width:240pt;height:{height}pt;z-index:{number};visibility:hidden" fillcolor="#ffffe1" '
    'o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto">'
    '<div style="text-align:left"></div></v:textbox><x:ClientData ObjectType="Note">'
    "<x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>"
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column>"
    "</x:ClientData></v:shape>"
)
_WIDE = 5  # columns that a note covers, of the usual width
_LINE = 52  # characters in a line of it
_ROW = 1.2  # of its lines in a row of the usual height


def _write_notes(
    package: Package, sheet: str, notes: Mapping[CellIndex, Sequence[Finding]]
) -> None:
    """Give cells a note each; where one stands already, the text is added to it."""
    part = next(iter(package.related(sheet, "comments").values()), None)
    if part is None:
        part = package.add("xl/comments{}.xml", _NO_NOTES, _COMMENTS_TYPE)
        package.relate(sheet, "comments", part)
    text = Text(package[part], 4)
    known = _write_texts(text, notes)
    package[part] = text.edited()
    if new := {place: found for place, found in notes.items() if place not in known}:
        drawing = _drawing(package, sheet)
        package[drawing] = _with_shapes(package[drawing], new)


def _write_texts(text: Text, notes: Mapping[CellIndex, Sequence[Finding]]) -> set[CellIndex]:
    """Write the notes; return the cells that had one."""
    authors, every = text.root.first("authors"), text.root.first("commentList")
    if authors is None or every is None:
        raise ValueError("the notes of a sheet have no list")
    p, number = every.prefix, len(authors.children)
    text.append(authors, f"<{p}author>{_AUTHOR}</{p}author>".encode())
    known = {_place(note.attributes["ref"]): note for note in every.children}
    new = []
    for place, findings in notes.items():
        if place in known:
            _extend(text, known[place], _runs(findings, p))
            continue
        head = f'<{p}comment ref="{place}" authorId="{number}"><{p}text>'.encode()
        new.append(head + _runs(findings, p) + f"</{p}text></{p}comment>".encode())
    text.append(every, b"".join(new))
    return {place for place in known if place}


def _extend(text: Text, note: Element, runs: bytes) -> None:
    """Add to the text of a note."""
    body = note.first("text")
    if body is None:
        raise ValueError("a note has no text")
    p = body.prefix
    gap = f'<{p}r><{p}t xml:space="preserve">\n\n</{p}t></{p}r>'.encode()
    if plain := body.first("t"):  # text without a look of its own stands alone or not at all
        text.insert(plain.start, f"<{p}r>".encode())
        text.insert(plain.end, f"</{p}r>".encode())
    if sounds := body.all("rPh", "phoneticPr"):
        text.insert(sounds[0].start, gap + runs)
    else:
        text.append(body, gap + runs)


def _runs(findings: Sequence[Finding], p: str) -> bytes:
    """The text of a note as runs of letters with a look, ``p`` being the prefix of the names."""
    look = f'<{p}sz val="9"/><{p}color indexed="81"/><{p}rFont val="Tahoma"/><{p}family val="2"/>'
    runs = []
    for number, found in enumerate(findings):
        head, body = _told(found, _LONGEST // len(findings))
        gap = "\n\n" if number else ""
        runs += [(f"<{p}b/>{look}", gap + head), (look, "\n" + body)]
    return "".join(
        f'<{p}r><{p}rPr>{style}</{p}rPr><{p}t xml:space="preserve">{escape(text)}</{p}t></{p}r>'
        for style, text in runs
    ).encode("ascii", "xmlcharrefreplace")  # so that it fits whatever the part is written in


def _told(found: Finding, longest: int) -> tuple[str, str]:
    """The heading and the lines of a finding, each of so many characters at most."""
    head = f"{'Mistake' if found.is_mistake else 'Remark'}: {legible(found.kind)}"
    lines = [found.message]
    lines += [f"written: {found.written}"] if found.written else []
    lines += [f"right: {found.right}"] if found.right else []
    lines += [f"{found.cells} cells show it, from here on."] if found.cells > 1 else []
    return head, "\n".join(_shortened(legible(line), longest) for line in lines)


def _shortened(line: str, longest: int) -> str:
    return line if len(line) <= longest else line[:longest] + " …"


def _drawing(package: Package, sheet: str) -> str:
    """The part with the shapes of a sheet's notes; where there is none it is made."""
    text = Text(package[sheet], 1)
    if legacy := text.root.first("legacyDrawing"):
        return package.related(sheet, "vmlDrawing")[relation_of(legacy)]
    part = package.add("xl/drawings/vmlDrawing{}.vml", _NO_SHAPES, _VML_TYPE)
    name = package.relate(sheet, "vmlDrawing", part)
    known = text.root.attributes.get("xmlns:r") == OFFICE
    names = "" if known else f' xmlns:r="{OFFICE}"'
    later = text.root.all(*_LATER)
    place = later[0].start if later else text.root.inside_end
    text.insert(place, f'<{text.root.prefix}legacyDrawing{names} r:id="{name}"/>'.encode())
    package[sheet] = text.edited()
    return part


def _with_shapes(content: bytes, notes: Mapping[CellIndex, Sequence[Finding]]) -> bytes:
    """The shapes with one more for each note. Older files of this kind need not be sound XML."""
    head, closing, tail = content.rpartition(b"</xml>")
    if not closing:
        raise ValueError("the shapes of a sheet's notes have no end")
    names = "" if all(n in content for n in _VML_NAMES.encode().split()) else _VML_NAMES + " "
    number = max(map(int, re.findall(rb"_x0000_s(\d{1,9})\b", content)), default=1024)
    new = "" if b"_x0000_t202" in content else _SHAPE_TYPE.format(names=names)
    for count, (place, findings) in enumerate(notes.items(), start=1):
        new += _shape(number + count, place, findings, names)
    return head + new.encode() + closing + tail


def _shape(number: int, place: CellIndex, findings: Sequence[Finding], names: str) -> str:
    texts = "\n\n".join("\n".join(_told(found, _LONGEST)) for found in findings)
    lines = sum(max(1, math.ceil(len(line) / _LINE)) for line in texts.split("\n"))
    rows = min(math.ceil(lines / _ROW) + 1, 30)
    row, column = place
    left, top = min(column, COLUMNS - _WIDE - 1), max(0, row - 2)
    anchor = f"{left},15,{top},2,{left + _WIDE},15,{top + rows},2"
    return _SHAPE.format(
        names=names, number=number, height=15 * rows, anchor=anchor, row=row - 1, column=column - 1
    )
