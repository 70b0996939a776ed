"""Notes of cells that hold findings, beside the notes that are there."""

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from gradsheet.audit.findings import Finding
from gradsheet.audit.report.rule_text import page_of
from gradsheet.audit.report.sentences import cells_in_words, label, message, written_and_right
from gradsheet.errors import legible
from gradsheet.spreadsheet.addresses import CellIndex, parse_reference
from gradsheet.spreadsheet.limits import COLUMNS, TEXT_CHARACTERS
from gradsheet.spreadsheet.package import HEAD, OFFICE, Element, Package, Text, relation_of

_AUTHOR = "gradsheet"
_LONGEST = TEXT_CHARACTERS // 4  # of one line of a note

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"

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


class Note(NamedTuple):
    """One piece of the text of a note: a heading and lines."""

    head: str
    lines: tuple[str, ...]


_WIDE = 5  # columns that a note covers, of the usual width
_LINE = 52  # characters in a line of it
_ROW = 1.2  # of its lines in a row of the usual height


def write_notes(package: Package, sheet: str, notes: Mapping[CellIndex, Sequence[Note]]) -> None:
    """Give each of the cells a note; the text is added to a note that is there already."""
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


def _write_texts(text: Text, notes: Mapping[CellIndex, Sequence[Note]]) -> set[CellIndex]:
    """Write the notes; return the cells that had one."""
    authors, every = text.root.first("authors"), text.root.first("commentList")
    if authors is None or every is None:
        raise ValueError("the notes of a sheet have no list")
    p, number = every.prefix, len(authors.children)
    text.append(authors, f"<{p}author>{_AUTHOR}</{p}author>".encode())
    known = {_cell_of(note.attributes["ref"]): note for note in every.children}
    new = []
    for place, findings in notes.items():
        if place in known:
            _extend(text, known[place], _runs(findings, p))
            continue
        head = f'<{p}comment ref="{place}" authorId="{number}"><{p}text>'.encode()
        new.append(head + _runs(findings, p) + f"</{p}text></{p}comment>".encode())
    text.append(every, b"".join(new))
    return {place for place in known if place}


def _cell_of(reference: str) -> CellIndex | None:
    found = parse_reference(reference)
    return found.range.first if found else None


def _extend(text: Text, note: Element, runs: bytes) -> None:
    """Add to the text of a note."""
    body = note.first("text")
    if body is None:
        raise ValueError("a note has no text")
    p = body.prefix
    gap = f'<{p}r><{p}t xml:space="preserve">\n\n</{p}t></{p}r>'.encode()
    if plain := body.first("t"):  # text without a format is the only text
        text.insert(plain.start, f"<{p}r>".encode())
        text.insert(plain.end, f"</{p}r>".encode())
    if sounds := body.all("rPh", "phoneticPr"):
        text.insert(sounds[0].start, gap + runs)
    else:
        text.append(body, gap + runs)


def _runs(findings: Sequence[Note], p: str) -> bytes:
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


def _told(note: Note, longest: int) -> tuple[str, str]:
    """The heading and the lines of a note, each of so many characters at most."""
    return note.head, "\n".join(_shortened(legible(line), longest) for line in note.lines)


def note_of(found: Finding) -> Note:
    """What a note tells of a finding."""
    head = f"{'Mistake' if found.is_mistake else 'Remark'}: {label(found.rules)}"
    written, right = written_and_right(found)
    lines = [message(found)]
    lines += [f"written: {written}"] if written else []
    lines += [f"right: {right}"] if right else []
    lines += [cells_in_words(found)] if found.cells > 1 else []
    lines += [
        f"More: gradsheet audit --explain {rule.code}, {page_of(rule)}" for rule in found.rules
    ]
    return Note(head, tuple(lines))


def follower_note(source: Finding) -> Note:
    """What a note tells of a cell whose numbers follow from a mistake elsewhere."""
    text = "The formula of this cell is right; it uses a value that is not."
    return Note(f"Follows from {source.place}: {label(source.rules)}", (text,))


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


def _with_shapes(content: bytes, notes: Mapping[CellIndex, Sequence[Note]]) -> bytes:
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


def _shape(number: int, place: CellIndex, findings: Sequence[Note], names: str) -> str:
    texts = "\n\n".join("\n".join(_told(found, _LONGEST)) for found in findings)
    lines = sum(max(1, math.ceil(len(line) / _LINE)) for line in texts.split("\n"))
    rows = min(math.ceil(lines / _ROW) + 1, 30)
    row, column = place
    left, top = min(column, COLUMNS - _WIDE - 1), max(0, row - 2)
    anchor = f"{left},15,{top},2,{left + _WIDE},15,{top + rows},2"
    return _SHAPE.format(
        names=names, number=number, height=15 * rows, anchor=anchor, row=row - 1, column=column - 1
    )
