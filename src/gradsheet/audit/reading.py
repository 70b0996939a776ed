"""Read a workbook as its file states it: formulas, values, names and charts.

Nothing is computed, run, followed or unpacked. The file may come from anywhere, so every part is
inflated piece by piece on a budget, and what goes over it is refused in one line.
"""

import io
import posixpath
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from gradsheet.audit.book import Book, Cell, Chart, Place, Series, Sheet
from gradsheet.errors import GradsheetError

_ROWS, _COLUMNS = 1_048_576, 16_384  # of a sheet
_FORMULA = 8_192  # characters; Excel's own limit

# What one workbook may hold. A course sheet has 0.3 MB of XML, 20,000 tags and 5,000 cells.
_LIMITS = {
    "bytes of XML": 64 << 20,
    "tags": 3_000_000,
    "cells": 500_000,
    "characters of formulas and blanks": 10_000_000,
    "parts": 5_000,
    "sheets": 1_000,
    "names, links and lines of charts": 20_000,
}
_DEEPEST = 100  # elements within one another
_LONGEST_TAG = 1 << 20  # bytes; expat reads an unfinished tag again with every piece
_MOST_WORDS = 10_000  # different names of elements and attributes; expat never forgets one
_DIRECTORY = 4 << 20  # bytes of the archive's table of contents
_PIECE = 1 << 16  # bytes inflated at once

_SAVE = "open it in a spreadsheet program and save it as .xlsx"
_DAMAGED = "the file is damaged; fetch it again or " + _SAVE

_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    ValueError,
)

_Area = tuple[int, int, int, int]
"""First row, first column, last row, last column."""

_Attributes = dict[str, str]


class _RefusedError(Exception):
    """What was found and what to do, without the path."""


def read_book(path: Path) -> Book:
    """Read an .xlsx, .xlsm or .ods file, whatever its name says it is.

    A date is its serial number, TRUE is 1.0, an error its text.

    Raises:
        GradsheetError: the file cannot be opened, is no such workbook, is encrypted or damaged, or
            holds more than a workbook read here may hold.
    """
    try:
        with _opened(path) as parts:
            if "[content_types].xml" in parts or "_rels/.rels" in parts:
                return _read_xlsx(path, parts)
            if "content.xml" in parts or "encrypted-package" in parts:
                return _read_ods(path, parts)
            raise _RefusedError(f"it is a zip archive without a workbook; {_SAVE}")
    except _RefusedError as refused:
        raise GradsheetError(f"cannot read {path}: {refused}") from refused


# The file and its parts


class _SparingFile(io.BufferedReader):
    """A file that refuses to be read in one gulp: zipfile takes a table of contents whole."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = _DIRECTORY + 1 if size is None or not 0 <= size <= _DIRECTORY else size
        found = super().read(wanted)
        if len(found) > _DIRECTORY:
            raise _RefusedError(f"it holds too many parts for a workbook; {_SAVE}")
        return found


@contextmanager
def _opened(path: Path) -> Iterator["_Parts"]:
    """The parts of the archive at ``path``."""
    try:
        _check_regular(path)
        with _SparingFile(io.FileIO(path)) as file:
            _check_beginning(file.read(8))
            yield _Parts(_archive(file))
    except OSError as error:
        reason = error.strerror or str(error)
        raise _RefusedError(f"{reason}; name a workbook that you may read") from error


def _check_regular(path: Path) -> None:
    """Refuse what is not there, and what would block: a pipe, a device."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise _RefusedError("there is no such file; check the path") from error
    except ValueError as error:
        raise _RefusedError("this is not the path of a file; check the path") from error
    if stat.S_ISDIR(mode):
        raise _RefusedError("it is a folder; name a workbook in it")
    if not stat.S_ISREG(mode):
        raise _RefusedError("it is not a regular file; save the workbook as an .xlsx file")


def _check_beginning(beginning: bytes) -> None:
    if not beginning:
        raise _RefusedError("the file is empty; save the workbook again as .xlsx")
    if beginning == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise _RefusedError(f"it is an old .xls file or has a password; {_SAVE} without a password")
    if beginning[:2] != b"PK":
        raise _RefusedError(f"it is neither an .xlsx nor an .ods workbook; {_SAVE}")


def _archive(file: io.BufferedReader) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except _BROKEN_ZIP as error:
        raise _RefusedError(
            f"its zip archive is broken or cut off ({_line(error)}); {_DAMAGED}"
        ) from error


class _Budget:
    """What may still be read of each kind."""

    def __init__(self) -> None:
        self._left = dict(_LIMITS)

    def spend(self, kind: str, amount: int = 1) -> None:
        """Refuse the workbook where there is no more than ``amount`` left."""
        self._left[kind] -= amount
        if self._left[kind] < 0:
            raise _RefusedError(
                f"it holds more than {_LIMITS[kind]:,} {kind}; keep only the sheets that matter "
                "and save it as .xlsx"
            )


class _Parts:
    """The parts of a workbook by name, in small letters, each told to a listener on a budget."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.budget = _Budget()
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = _part_name(info.filename)
            if name in self._infos:
                raise _RefusedError(f"it holds the part {_quoted(name)} twice; {_DAMAGED}")
            self._infos[name] = info

    def __contains__(self, name: str) -> bool:
        return _part_name(name) in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def tell(self, name: str, listener: "_Listener") -> None:
        """Parse the part ``name`` and let the listener hear its elements."""
        words: dict[str, str] = {}
        parser = _parser(listener, words)
        fed = 0
        try:
            for piece in self._pieces(name):
                self.budget.spend("bytes of XML", len(piece))
                self.budget.spend("tags", piece.count(b"<"))
                parser.Parse(piece, False)
                fed += len(piece)
                if fed - parser.CurrentByteIndex > _LONGEST_TAG or len(words) > _MOST_WORDS:
                    raise _RefusedError(
                        f"no spreadsheet program writes a part like its {_quoted(name)}; {_SAVE}"
                    )
            parser.Parse(b"", True)
        except (expat.ExpatError, UnicodeDecodeError) as error:
            raise _broken(name, error) from error

    def _pieces(self, name: str) -> Iterator[bytes]:
        """The part, inflated piece by piece; what its header says of its size is not believed."""
        self.budget.spend("parts")
        info = self._infos.get(_part_name(name))
        if info is None:
            raise _RefusedError(f"its part {_quoted(name)} is missing; {_DAMAGED}")
        if info.flag_bits & 1:
            raise _RefusedError(f"it has a password; {_SAVE} without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _RefusedError(f"it is packed in a way no spreadsheet program uses; {_SAVE}")
        try:
            with self._archive.open(info) as part:
                while piece := part.read(_PIECE):
                    yield piece
        except _BROKEN_ZIP as error:
            raise _broken(name, error) from error


def _broken(name: str, error: Exception) -> _RefusedError:
    return _RefusedError(f"its part {_quoted(name)} is broken ({_line(error)}); {_DAMAGED}")


def _part_name(name: str) -> str:
    """One spelling: programs differ in capitals, slashes and a slash in front."""
    return name.replace("\\", "/").lstrip("/").lower()


def _parser(listener: "_Listener", words: dict[str, str]) -> expat.XMLParserType:
    parser = expat.ParserCreate(intern=words)
    parser.buffer_text = True
    parser.buffer_size = _PIECE
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.XmlDeclHandler = _check_encoding
    parser.StartElementHandler = listener.start
    parser.EndElementHandler = listener.end
    parser.CharacterDataHandler = listener.text.append
    return parser


def _refuse_doctype(*_: object) -> NoReturn:
    """Entities, the way to make much of little, need a DOCTYPE, and a workbook has none."""
    raise _RefusedError(f"it declares a document type, which no workbook does; {_SAVE}")


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    """Those that expat knows itself: any other would be looked up among Python's codecs."""
    if (encoding or "utf-8").lower() not in ("utf-8", "utf-16", "us-ascii", "iso-8859-1"):
        raise _RefusedError(f"it is written in {_quoted(encoding or '')}; {_SAVE}")


class _Listener:
    """Told of the elements of one part, by their names without a prefix.

    Attributes:
        root: the name the outermost element has to have.
        path: the open elements, from an empty name outside the root to the innermost one; an
            element is still in it while its end is told.
        text: what was written since somebody cleared it.
    """

    root = ""

    def __init__(
        self,
        starts: Mapping[str, Callable[[_Attributes], None]],
        ends: Mapping[str, Callable[[], None]],
    ) -> None:
        self.path = [""]
        self.text: list[str] = []
        self._starts = starts
        self._ends = ends

    def start(self, name: str, attributes: _Attributes) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        path = self.path
        path.append(name)
        if not 2 < len(path) <= _DEEPEST:
            self._check_depth(name)
        heard = self._starts.get(name)
        if heard is not None:
            heard(attributes)

    def end(self, _: str) -> None:
        heard = self._ends.get(self.path[-1])
        if heard is not None:
            heard()
        self.path.pop()

    def _check_depth(self, name: str) -> None:
        if len(self.path) > _DEEPEST:
            raise _RefusedError(f"its elements lie too deep within one another; {_SAVE}")
        if name != self.root:
            raise _RefusedError(
                f"it is not a workbook: a part begins with {_quoted(name)} and not with "
                f"{self.root!r}; {_SAVE}"
            )

    def _fresh(self, _: _Attributes) -> None:
        self.text.clear()

    def _written(self) -> str:
        return "".join(self.text)


# What both formats share


@dataclass(frozen=True)
class _Label:
    """A title or a name: stated, or in the cell it refers to."""

    text: str = ""
    reference: str = ""


@dataclass(frozen=True)
class _Drawn:
    """A chart whose labels may still be references."""

    sheet: str
    title: _Label
    series: tuple[tuple[str, _Label], ...]


@dataclass
class _Oddities:
    """What was met on the way and deserves a remark."""

    remarks: list[str] = field(default_factory=list)
    numbers: int = 0
    orphans: int = 0
    data_tables: int = 0

    def lines(self) -> tuple[str, ...]:
        counted = {
            "cells whose number is none, kept as text: {}": self.numbers,
            "cells that share a formula the file lacks, kept as values: {}": self.orphans,
            "what-if data tables, kept as values: {}": self.data_tables,
        }
        counts = [text.format(count) for text, count in counted.items() if count]
        return tuple(dict.fromkeys([*self.remarks, *counts]))


class _Grid:
    """The cells of one sheet while they are read."""

    def __init__(self, name: str, budget: _Budget, oddities: _Oddities) -> None:
        self.sheet = Sheet(name)
        self.budget = budget
        self.oddities = oddities
        self.arrays: list[tuple[_Area, str]] = []

    def put(self, place: Place, cell: Cell) -> None:
        self.budget.spend("cells")
        self.sheet.cells[place] = cell

    def spend_characters(self, count: int) -> None:
        self.budget.spend("characters of formulas and blanks", count)

    def formula(self, text: str, place: Place) -> str:
        """The formula without what only files write; refused where Excel could not hold it."""
        formula = text.strip().removeprefix("=")
        self.spend_characters(len(formula))
        if "_xl" in formula and len(formula) <= 4 * _FORMULA:
            formula = _PREFIX.sub(r"\1", formula)
        if len(formula) > _FORMULA:
            raise _RefusedError(
                f"cell {_address(place)} of sheet {_quoted(self.sheet.name)} holds a formula of "
                f"{len(formula):,} characters where Excel holds {_FORMULA:,}; shorten it"
            )
        return formula

    def number(self, text: str) -> float | str:
        """The number; the text itself where it is none or too large for one."""
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if number - number == 0 and text.isascii() and "_" not in text:
            return number
        self.oddities.numbers += 1
        return text

    def spread_arrays(self) -> None:
        """Give every cell of an array formula that formula."""
        for (top, left, bottom, right), formula in self.arrays:
            self.budget.spend("cells", (bottom - top + 1) * (right - left + 1))
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    self._join((row, column), formula, (top, left))

    def _join(self, place: Place, formula: str, anchor: Place) -> None:
        cell = self.sheet.cells.get(place)
        if cell is None or cell.formula is None or place == anchor:
            self.sheet.cells[place] = Cell(cell.value if cell else None, formula, anchor)


# What only files write before the name of a newer function or of a parameter; texts are skipped.
_PREFIX = re.compile(r'("[^"]*")|\b_xl(?:fn|ws|pm|udf|eta|l)\.')


def _finished(
    path: Path,
    sheets: list[Sheet],
    names: dict[str, str],
    charts: list[_Drawn],
    oddities: _Oddities,
) -> Book:
    """The book, now that every label can be looked up."""
    if not sheets:
        raise _RefusedError(f"it holds no sheet with cells; {_SAVE}")
    book = {sheet.name: sheet for sheet in sheets}
    drawn = [
        Chart(
            chart.sheet,
            _label(chart.title, book),
            tuple(Series(values, _label(name, book)) for values, name in chart.series),
        )
        for chart in charts
    ]
    return Book(path, book, names, tuple(drawn), oddities.lines())


def _label(label: _Label, sheets: Mapping[str, Sheet]) -> str:
    if label.text or not label.reference:
        return label.text
    found = _ONE_CELL.fullmatch(label.reference[:200])
    sheet = sheets.get(_unquoted(found["sheet"])) if found else None
    if found is None or sheet is None:
        return ""
    cell = sheet.cells.get(_place(found["cell"].replace("$", "")))
    if cell is None or cell.value is None:
        return ""
    return cell.value if isinstance(cell.value, str) else f"{cell.value:.15g}"


_SHEET_NAME = r"(?P<sheet>'(?:[^'\[\]]|'')+'|[^\s'!\[\](){}:;,\"#&<>=+*/^%-]+)"
_CELL_NAME = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}"
_ONE_CELL = re.compile(rf"{_SHEET_NAME}!(?P<cell>{_CELL_NAME})(?::(?P=cell))?")
_CELL_OR_RANGE = re.compile(rf"{_SHEET_NAME}!{_CELL_NAME}(?::{_CELL_NAME})?")


def _is_simple(reference: str) -> bool:
    """Whether it is one cell or range on a named sheet; the longest name has 31 characters."""
    return len(reference) < 200 and _CELL_OR_RANGE.fullmatch(reference) is not None


def _unquoted(name: str) -> str:
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def _place(reference: str) -> Place:
    """Row and column of ``AA29``."""
    letters = reference.rstrip("0123456789")
    return _row(reference[len(letters) :], reference), _column(letters)


def _row(digits: str, written: str) -> int:
    row = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 7 else 0
    if not 1 <= row <= _ROWS:
        raise _RefusedError(f"{_quoted(written)} is no place on a sheet; {_DAMAGED}")
    return row


@lru_cache(maxsize=_COLUMNS)
def _column(letters: str) -> int:
    """The number of column ``AA``, which is 27."""
    column = 0
    if re.fullmatch("[A-Za-z]{1,3}", letters):
        for letter in letters.upper():
            column = 26 * column + ord(letter) - ord("A") + 1
    if not 1 <= column <= _COLUMNS:
        raise _RefusedError(f"{_quoted(letters)} is no column of a sheet; {_DAMAGED}")
    return column


@lru_cache(maxsize=_COLUMNS)
def _letters(column: int) -> str:
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _address(place: Place) -> str:
    return f"{_letters(place[1])}{place[0]}"


def _area(reference: str) -> _Area:
    """The corners of ``A1:B2`` or of one cell."""
    first, _, last = reference.replace("$", "").partition(":")
    (top, left), (bottom, right) = _place(first), _place(last or first)
    return min(top, bottom), min(left, right), max(top, bottom), max(left, right)


_EPOCH = datetime(1899, 12, 30)


def _serial(text: str, epoch: datetime) -> float | str:
    """The days from ``epoch`` to an ISO date; the text itself where it is none."""
    try:
        return (datetime.fromisoformat(text).replace(tzinfo=None) - epoch) / timedelta(days=1)
    except ValueError:
        return text


def _quoted(text: str) -> str:
    """Somebody else's words, fit for one line."""
    return repr(text if len(text) <= 60 else text[:60] + "…")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


# .xlsx


@dataclass(frozen=True)
class _Relation:
    """Where a part points: the last word of the type, and the other part's name."""

    kind: str
    target: str


def _read_xlsx(path: Path, parts: _Parts) -> Book:
    workbook = _workbook_part(parts)
    relations = _relations(parts, workbook)
    listed = _Workbook(parts.budget)
    parts.tell(workbook, listed)
    oddities = _Oddities(_xlsx_remarks(parts, relations))
    strings = _strings(parts, relations)
    sheets: list[Sheet] = []
    charts: list[_Drawn] = []
    for name, identity in listed.sheets.items():
        relation = relations.get(identity)
        if relation is None:
            raise _RefusedError(f"its sheet {_quoted(name)} is missing; {_DAMAGED}")
        if relation.kind != "worksheet":
            oddities.remarks.append(f"sheet {_quoted(name)} is a {relation.kind} and was not read")
            continue
        grid = _Grid(name, parts.budget, oddities)
        parts.tell(relation.target, _SheetCells(grid, strings))
        sheets.append(grid.sheet)
        charts += _charts_of(parts, name, relation.target)
    return _finished(path, sheets, listed.names, charts, oddities)


def _workbook_part(parts: _Parts) -> str:
    """The part the whole package points to; it need not be called xl/workbook.xml."""
    relations = _relations(parts, "")
    targets = [found.target for found in relations.values() if found.kind == "officeDocument"]
    target = targets[0] if targets else "xl/workbook.xml"
    if target.endswith(".bin"):
        raise _RefusedError(f"it is a binary .xlsb workbook; {_SAVE}")
    if target not in parts:
        raise _RefusedError(f"it is a zip archive without a workbook; {_SAVE}")
    return target


def _xlsx_remarks(parts: _Parts, relations: Mapping[str, _Relation]) -> list[str]:
    kinds = [relation.kind for relation in relations.values()]
    remarks = []
    if "vbaProject" in kinds or any(name.endswith("vbaproject.bin") for name in parts):
        remarks.append("the file holds macros: they were not run and not read")
    if "externalLink" in kinds:
        remarks.append(
            f"the file links to other files ({kinds.count('externalLink')}): they were not opened"
        )
    return remarks


def _strings(parts: _Parts, relations: Mapping[str, _Relation]) -> list[str]:
    for relation in relations.values():
        if relation.kind == "sharedStrings" and relation.target in parts:
            listener = _Strings()
            parts.tell(relation.target, listener)
            return listener.strings
    return []


def _relations(parts: _Parts, part: str) -> dict[str, _Relation]:
    """What the part points to inside the archive, by identity."""
    folder, name = posixpath.split(part)
    found = posixpath.join(folder, "_rels", f"{name}.rels")
    if found not in parts:
        return {}
    listener = _Relations(folder, parts.budget)
    parts.tell(found, listener)
    return listener.relations


class _Relations(_Listener):
    """The relations of a part that lies in ``folder``."""

    root = "Relationships"

    def __init__(self, folder: str, budget: _Budget) -> None:
        super().__init__({"Relationship": self._relation}, {})
        self._folder = folder
        self._budget = budget
        self.relations: dict[str, _Relation] = {}

    def _relation(self, attributes: _Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        kind = attributes.get("Type", "").rpartition("/")[2]
        target = attributes.get("Target", "").replace("\\", "/")
        if attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", self._folder, target))
        self.relations[attributes.get("Id", "")] = _Relation(kind, target)


def _identity(attributes: _Attributes) -> str:
    """The r:id of an element, whatever the prefix."""
    return next((value for key, value in attributes.items() if key.endswith(":id")), "")


class _Workbook(_Listener):
    """The sheets (their identities by name) and the defined names."""

    root = "workbook"

    def __init__(self, budget: _Budget) -> None:
        super().__init__(
            {"sheet": self._sheet, "definedName": self._name}, {"definedName": self._end_name}
        )
        self._budget = budget
        self.sheets: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self._attributes: _Attributes = {}

    def _sheet(self, attributes: _Attributes) -> None:
        self._budget.spend("sheets")
        name = attributes.get("name", "")
        if name in self.sheets:
            raise _RefusedError(f"two sheets are called {_quoted(name)}; {_DAMAGED}")
        self.sheets[name] = _identity(attributes)

    def _name(self, attributes: _Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        self._attributes = attributes
        self.text.clear()

    def _end_name(self) -> None:
        name = self._attributes.get("name", "")
        hidden = self._attributes.get("hidden", "0") in ("1", "true")
        reference = self._written().strip().removeprefix("=")
        if name.startswith("_xlnm.") or hidden or not _is_simple(reference):
            return
        if "localSheetId" in self._attributes:  # a name of the whole book goes before it
            self.names.setdefault(name, reference)
        else:
            self.names[name] = reference


class _Strings(_Listener):
    """The shared strings: runs joined, phonetic ones left out."""

    root = "sst"

    def __init__(self) -> None:
        super().__init__(
            {"si": self._string, "t": self._fresh}, {"t": self._run, "si": self._end_string}
        )
        self.strings: list[str] = []
        self._runs: list[str] = []

    def _string(self, _: _Attributes) -> None:
        self._runs.clear()

    def _run(self) -> None:
        if self.path[-2] != "rPh":
            self._runs += self.text

    def _end_string(self) -> None:
        self.strings.append(_unescaped("".join(self._runs)))


def _unescaped(text: str) -> str:
    """``_x000A_`` as the character it stands for.

    Only the white space and the underscore: others, such as the escape of a terminal, stay as they
    are written.
    """
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


_ESCAPE = re.compile("_x(0009|000[AaDd]|005[Ff])_")


class _SharedFormula:
    """A formula that several cells share, as its first cell writes it."""

    def __init__(self, place: Place, formula: str) -> None:
        self.formula = formula
        self.is_used = False
        self._place = place

    def at(self, place: Place) -> str:
        """The formula as seen from ``place``; past the edge of a sheet it goes on at the other."""
        down, right = place[0] - self._place[0], place[1] - self._place[1]
        written = []
        for piece in self._pieces:
            if isinstance(piece, str):
                written.append(piece)
            elif piece.is_column:
                written.append(_letters((piece.number - 1 + right) % _COLUMNS + 1))
            else:
                written.append(str((piece.number - 1 + down) % _ROWS + 1))
        return "".join(written)

    @cached_property
    def _pieces(self) -> list["str | _Moving"]:
        """The formula cut into what stays and what moves with the cell."""
        pieces: list[str | _Moving] = []
        end = 0
        for found in _MOVES.finditer(self.formula):
            if found.lastindex and _is_on_sheet(found[0]):
                pieces.append(self.formula[end : found.start()])
                pieces += _halves(found[0])
                end = found.end()
        return [*pieces, self.formula[end:]]


class _Moving(NamedTuple):
    """A relative column or row."""

    is_column: bool
    number: int


def _is_on_sheet(reference: str) -> bool:
    """Whether it is a reference and not a name that looks like one, such as XYZ1."""
    return all(
        (len(letters) < 3 or letters.upper() <= "XFD") and int(digits or 1) <= _ROWS
        for _, letters, digits, _ in _HALF.findall(reference)
    )


def _halves(reference: str) -> Iterator[str | _Moving]:
    """The pieces of ``$A1``, ``A:B`` or ``1:$2``."""
    for dollar, letters, digits, colon in _HALF.findall(reference):
        if dollar or colon:
            yield dollar + letters + digits + colon
        elif letters:
            yield _Moving(True, _column(letters))
        else:
            yield _Moving(False, int(digits))


_HALF = re.compile(r"(\$?)(?:([A-Za-z]+)|([0-9]+))|(:)")

# Texts, quoted names and brackets are passed over, and so are words such as LOG10( and Sheet1!;
# a group means a reference: a cell, columns or rows.
_MOVES = re.compile(
    r""" "[^"]*" | '[^']*' | \[[^\[\]]*\]
    | (\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}) (?![\w.(!?\\])
    | (\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}) (?![\w.(!?\\$])
    | (\$?[1-9][0-9]{0,6}:\$?[1-9][0-9]{0,6}) (?![\w.(!?\\$])
    | (?:[^\W\d]|\\)[\w.?\\]* | [0-9]+(?:\.[0-9]*)?(?:[Ee][+-]?[0-9]+)?[\w.]* """,
    re.VERBOSE,
)


class _SheetCells(_Listener):
    """The cells of a sheet."""

    root = "worksheet"

    def __init__(self, grid: _Grid, strings: list[str]) -> None:
        super().__init__(
            {
                "row": self._row,
                "c": self._cell,
                "f": self._formula,
                "v": self._fresh,
                "t": self._fresh,
            },
            {
                "f": self._end_formula,
                "v": self._end_value,
                "t": self._end_run,
                "c": self._end_cell,
                "sheetData": self._end_cells,
            },
        )
        self._grid = grid
        self._strings = strings
        self._place: Place = (0, 0)
        self._kind = "n"
        self._stated: str | None = None
        self._written_formula: str | None = None
        self._formula_attributes: _Attributes = {}
        self._runs: list[str] = []
        self._shared: dict[str, _SharedFormula] = {}
        self._orphans: list[tuple[Place, str]] = []

    def _row(self, attributes: _Attributes) -> None:
        self.text.clear()
        row = attributes.get("r")
        self._place = (self._place[0] + 1 if row is None else _row(row, row), 0)

    def _cell(self, attributes: _Attributes) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._place = (self._place[0], self._place[1] + 1)
            if not 1 <= self._place[0] <= _ROWS or self._place[1] > _COLUMNS:
                raise _RefusedError(f"a cell of it lies outside of its sheet; {_DAMAGED}")
        else:
            self._place = _place(reference)
        self._kind = attributes.get("t", "n")
        self._stated = self._written_formula = None
        if self._runs:
            self._runs.clear()

    def _formula(self, attributes: _Attributes) -> None:
        self._formula_attributes = attributes
        self.text.clear()

    def _end_formula(self) -> None:
        if self.path[-2] != "c":
            return
        text = self._grid.formula(self._written(), self._place)
        kind = self._formula_attributes.get("t", "normal")
        if kind == "shared":
            text = self._shared_formula(text)
        elif kind == "array" and text:
            reference = self._formula_attributes.get("ref") or _address(self._place)
            self._grid.arrays.append((_area(reference), text))
        elif kind == "dataTable":
            self._grid.oddities.data_tables += 1
            text = ""
        self._written_formula = text or None

    def _shared_formula(self, text: str) -> str:
        """The cell's own wording of a formula that is written out in the first cell only."""
        identity = self._formula_attributes.get("si", "")
        if text:
            if "ref" in self._formula_attributes or identity not in self._shared:
                self._shared[identity] = _SharedFormula(self._place, text)
            return text
        if identity not in self._shared:
            self._orphans.append((self._place, identity))
            return ""
        return self._moved(identity, self._place)

    def _moved(self, identity: str, place: Place) -> str:
        """The shared formula in the words of the cell at ``place``."""
        shared = self._shared[identity]
        if not shared.is_used:  # to take it apart takes as long as reading it a few times
            self._grid.spend_characters(4 * len(shared.formula))
            shared.is_used = True
        return self._grid.formula(shared.at(place), place)

    def _end_value(self) -> None:
        if self.path[-2] == "c":
            self._stated = self._written()

    def _end_run(self) -> None:
        if self.path[-2] != "rPh":
            self._runs += self.text

    def _end_cell(self) -> None:
        formula = self._written_formula
        if formula is None and self._stated is None and not self._runs:
            return
        value = self._value()
        if formula is not None or (value is not None and value != ""):
            self._grid.put(self._place, Cell(value, formula))

    def _value(self) -> float | str | None:
        text, kind = self._stated, self._kind
        if kind == "inlineStr" and self._runs:
            return _unescaped("".join(self._runs))
        if text is None:
            return None
        if kind == "str":
            return _unescaped(text)
        if not text:
            return None
        if kind == "n":
            return self._grid.number(text)
        if kind == "s":
            return self._string(text)
        if kind == "b":
            return float(text.strip() in ("1", "true"))
        return _serial(text, _EPOCH) if kind == "d" else _unescaped(text)

    def _string(self, text: str) -> str:
        text = text.strip()
        is_index = text.isascii() and text.isdecimal() and len(text) < 10
        if not is_index or int(text) >= len(self._strings):
            raise _RefusedError(
                f"cell {_address(self._place)} of sheet {_quoted(self._grid.sheet.name)} shows a "
                f"text that is missing; {_DAMAGED}"
            )
        return self._strings[int(text)]

    def _end_cells(self) -> None:
        for place, identity in self._orphans:
            self._adopt(place, identity)
        self._orphans.clear()
        self._grid.spread_arrays()
        self._grid.arrays.clear()

    def _adopt(self, place: Place, identity: str) -> None:
        """A cell that shares a formula which is written out further down, or nowhere."""
        if identity not in self._shared:
            self._grid.oddities.orphans += 1
            return
        formula = self._moved(identity, place)
        cell = self._grid.sheet.cells.get(place)
        self._grid.put(place, Cell(cell.value if cell else None, formula))


def _charts_of(parts: _Parts, sheet: str, part: str) -> Iterator[_Drawn]:
    """The charts drawn on the sheet that is kept in ``part``."""
    for relation in _relations(parts, part).values():
        if relation.kind == "drawing" and relation.target in parts:
            for target in _drawn_in(parts, relation.target):
                chart = _XlsxChart(parts.budget)
                parts.tell(target, chart)
                yield chart.drawn(sheet)


def _drawn_in(parts: _Parts, part: str) -> Iterator[str]:
    """The parts of the charts that the drawing in ``part`` holds, in its order."""
    drawing = _Drawing()
    parts.tell(part, drawing)
    relations = _relations(parts, part)
    for identity in drawing.charts:
        if identity in relations and relations[identity].target in parts:
            yield relations[identity].target


class _Drawing(_Listener):
    """The identities of the charts of a drawing, in order."""

    root = "wsDr"

    def __init__(self) -> None:
        super().__init__({"chart": self._chart}, {})
        self.charts: dict[str, None] = {}

    def _chart(self, attributes: _Attributes) -> None:
        self.charts[_identity(attributes)] = None


class _XlsxChart(_Listener):
    """The title of a chart, and what each line of it shows."""

    root = "chartSpace"

    def __init__(self, budget: _Budget) -> None:
        super().__init__(
            {"f": self._fresh, "v": self._fresh, "t": self._fresh, "ser": self._line},
            {
                "f": self._reference,
                "v": self._point,
                "t": self._run,
                "p": self._paragraph,
                "ser": self._end_line,
            },
        )
        self._budget = budget
        self._title: list[str] = []
        self._title_reference = ""
        self._values = ""
        self._name: list[str] = []
        self._name_reference = ""
        self._series: list[tuple[str, _Label]] = []

    def drawn(self, sheet: str) -> _Drawn:
        title = _Label(" ".join("".join(self._title).split()), self._title_reference)
        return _Drawn(sheet, title, tuple(self._series))

    @property
    def _role(self) -> str:
        """What the current element belongs to: ``title``, or ``tx``, ``val`` … of a series."""
        if self.path[2:4] == ["chart", "title"]:  # an axis has a title too, further down
            return "title"
        return self.path[6] if self.path[5:6] == ["ser"] and len(self.path) > 6 else ""

    def _line(self, _: _Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        self._values = self._name_reference = ""
        self._name = []

    def _reference(self) -> None:
        reference = self._written().strip().removeprefix("=")
        if self._role == "title":
            self._title_reference = reference
        elif self._role == "tx":
            self._name_reference = reference
        elif self._role in ("val", "yVal"):
            self._values = reference

    def _point(self) -> None:
        """A cached text, or a name that was typed in."""
        if self._role == "title":
            self._title += [self._written(), " "]
        elif self._role == "tx":
            self._name.append(self._written())

    def _run(self) -> None:
        if self._role == "title":
            self._title.append(self._written())

    def _paragraph(self) -> None:
        if self._role == "title":
            self._title.append(" ")

    def _end_line(self) -> None:
        if self._values:
            name = _Label(" ".join(self._name).strip(), self._name_reference)
            self._series.append((self._values, name))


# .ods


def _read_ods(path: Path, parts: _Parts) -> Book:
    manifest = _Manifest()
    if "META-INF/manifest.xml" in parts:
        parts.tell("META-INF/manifest.xml", manifest)
    if manifest.is_encrypted:
        raise _RefusedError(f"it has a password; {_SAVE} without a password")
    content = _Content(parts.budget)
    parts.tell("content.xml", content)
    if any(name.startswith(("basic/", "scripts/")) for name in parts):
        content.oddities.remarks.append("the file holds macros: they were not run and not read")
    charts = [
        chart for sheet, target in content.objects for chart in _ods_charts(parts, sheet, target)
    ]
    return _finished(path, content.sheets, content.names, charts, content.oddities)


def _ods_charts(parts: _Parts, sheet: str, target: str) -> Iterator[_Drawn]:
    """The chart that an embedded object is, if it is one."""
    part = posixpath.join(posixpath.normpath(target), "content.xml")
    if part in parts:
        chart = _OdsChart(parts.budget)
        parts.tell(part, chart)
        if chart.is_chart:
            yield chart.drawn(sheet)


class _Manifest(_Listener):
    """Whether any part has a password."""

    root = "manifest"

    def __init__(self) -> None:
        super().__init__({"encryption-data": self._encrypted}, {})
        self.is_encrypted = False

    def _encrypted(self, _: _Attributes) -> None:
        self.is_encrypted = True


class _Content(_Listener):
    """The sheets, names and embedded objects of a content.xml."""

    root = "document-content"

    def __init__(self, budget: _Budget) -> None:
        super().__init__(
            {
                "null-date": self._null_date,
                "table": self._table,
                "table-source": self._source,
                "table-row": self._row,
                "table-cell": self._cell,
                "covered-table-cell": self._cell,
                "p": self._paragraph,
                "annotation": self._annotation,
                "s": self._spaces,
                "tab": self._tab,
                "line-break": self._line_break,
                "object": self._object,
                "named-range": self._named_range,
            },
            {
                "table": self._end_table,
                "table-row": self._end_row,
                "table-cell": self._end_cell,
                "covered-table-cell": self._end_cell,
                "p": self._end_paragraph,
                "annotation": self._end_annotation,
            },
        )
        self.oddities = _Oddities()
        self.sheets: list[Sheet] = []
        self.names: dict[str, str] = {}
        self.objects: list[tuple[str, str]] = []
        self._budget = budget
        self._epoch = _EPOCH
        self._grid = _Grid("", budget, self.oddities)
        self._is_in_sheet = False
        self._is_elsewhere = False
        self._place: Place = (1, 1)
        self._rows = 1
        self._row_cells: list[tuple[int, Cell]] = []
        self._cell_depth = 0
        self._cell_attributes: _Attributes = {}
        self._paragraphs: list[str] = []
        self._note_depth = 0
        self._before_note = 0

    def _null_date(self, attributes: _Attributes) -> None:
        date = attributes.get("table:date-value", "1899-12-30")
        try:
            self._epoch = datetime.fromisoformat(date).replace(tzinfo=None)
        except ValueError as error:
            raise _RefusedError(f"its days are counted from no date; {_DAMAGED}") from error

    def _table(self, attributes: _Attributes) -> None:
        if self.path[-2] != "spreadsheet":
            return
        self._budget.spend("sheets")
        name = attributes.get("table:name", "")
        if any(sheet.name == name for sheet in self.sheets):
            raise _RefusedError(f"two sheets are called {_quoted(name)}; {_DAMAGED}")
        self._grid = _Grid(name, self._budget, self.oddities)
        self._is_in_sheet = True
        self._is_elsewhere = False
        self._place = (1, 1)

    def _source(self, _: _Attributes) -> None:
        """The sheet is a copy of one in another file."""
        self._is_elsewhere = True
        self._note_links()

    def _note_links(self) -> None:
        if _LINKS not in self.oddities.remarks:
            self.oddities.remarks.append(_LINKS)

    def _end_table(self) -> None:
        if self._is_in_sheet and self.path[-2] == "spreadsheet":
            self._grid.spread_arrays()
            if not self._is_elsewhere:
                self.sheets.append(self._grid.sheet)
            self._is_in_sheet = False

    def _row(self, attributes: _Attributes) -> None:
        if not self._cell_depth:
            self._rows = _count(attributes, "table:number-rows-repeated")
            self._place = (self._place[0], 1)

    def _end_row(self) -> None:
        if self._cell_depth or not self._is_in_sheet:
            return
        first, end = self._place[0], self._place[0] + self._rows
        if self._row_cells:
            self._check_size(end - 1, 1)
            self._budget.spend("cells", self._rows * len(self._row_cells))
            for row in range(first, end):
                self._grid.sheet.cells.update({(row, at): cell for at, cell in self._row_cells})
            self._row_cells.clear()
        self._place = (end, 1)

    def _cell(self, attributes: _Attributes) -> None:
        if self._is_in_sheet and not self._cell_depth:
            self._cell_attributes = attributes
            self._cell_depth = len(self.path)
            self._paragraphs.clear()

    def _end_cell(self) -> None:
        if len(self.path) != self._cell_depth:
            return
        self._cell_depth = 0
        row, first = self._place
        columns = _count(self._cell_attributes, "table:number-columns-repeated")
        cell = self._content()
        if cell is not None:
            self._check_size(row, first + columns - 1)
            self._row_cells += [(column, cell) for column in range(first, first + columns)]
        self._place = (row, first + columns)

    def _check_size(self, row: int, column: int) -> None:
        if row > _ROWS or column > _COLUMNS:
            raise _RefusedError(
                f"a sheet of it has more than {_ROWS:,} rows or {_COLUMNS:,} columns; {_SAVE}"
            )

    def _content(self) -> Cell | None:
        """What the cell that ends here holds."""
        attributes = self._cell_attributes
        written = attributes.get("table:formula")
        if written is None and not self._paragraphs and "office:value-type" not in attributes:
            return None
        value = self._value(attributes)
        formula = self._formula(written) if written else None
        if formula is None and (value is None or value == ""):
            return None
        return Cell(value, formula)

    def _value(self, attributes: _Attributes) -> float | str | None:
        kind = attributes.get("office:value-type", "string" if self._paragraphs else "")
        text = "\n".join(self._paragraphs)
        if attributes.get("calcext:value-type") == "error":
            return text
        if kind in ("float", "percentage", "currency"):
            number = attributes.get("office:value", "")
            return self._grid.number(number) if number else None
        if kind == "boolean":
            return float(attributes.get("office:boolean-value") == "true")
        if kind == "date":
            return _serial(attributes.get("office:date-value", text), self._epoch)
        if kind == "time":
            return _days(attributes.get("office:time-value", text))
        return attributes.get("office:string-value", text) if kind == "string" else None

    def _formula(self, written: str) -> str | None:
        """The cell's formula in Excel's notation; an array formula is put down to be spread."""
        self._grid.spend_characters(len(written))
        is_sensible = len(written) <= 4 * _FORMULA  # where not, what follows refuses it
        translated = _from_open_formula(written) if is_sensible else written
        formula = self._grid.formula(translated, self._place)
        if _OTHER_FILE.search(formula):
            self._note_links()
        columns = "table:number-matrix-columns-spanned"
        rows = "table:number-matrix-rows-spanned"
        if formula and (columns in self._cell_attributes or rows in self._cell_attributes):
            row, column = self._place
            last_row = row + _count(self._cell_attributes, rows) - 1
            last_column = column + _count(self._cell_attributes, columns) - 1
            self._check_size(last_row, last_column)
            self._grid.arrays.append(((row, column, last_row, last_column), formula))
        return formula or None

    def _is_in_cell(self) -> bool:
        """Whether the innermost element is the cell's own and not of a note or a drawing."""
        return len(self.path) - 1 == self._cell_depth

    def _paragraph(self, _: _Attributes) -> None:
        if self._is_in_cell():
            self.text.clear()

    def _end_paragraph(self) -> None:
        if self._is_in_cell():
            self._paragraphs.append(self._written())

    def _annotation(self, _: _Attributes) -> None:
        if not self._note_depth:
            self._note_depth = len(self.path)
            self._before_note = len(self.text)

    def _end_annotation(self) -> None:
        """Forget what a note inside a paragraph says."""
        if len(self.path) == self._note_depth:
            self._note_depth = 0
            del self.text[self._before_note :]

    def _spaces(self, attributes: _Attributes) -> None:
        spaces = _count(attributes, "text:c")
        self._grid.spend_characters(spaces)
        self.text.append(" " * spaces)

    def _tab(self, _: _Attributes) -> None:
        self.text.append("\t")

    def _line_break(self, _: _Attributes) -> None:
        self.text.append("\n")

    def _object(self, attributes: _Attributes) -> None:
        if self._is_in_sheet and "xlink:href" in attributes:
            self._budget.spend("names, links and lines of charts")
            self.objects.append((self._grid.sheet.name, attributes["xlink:href"]))

    def _named_range(self, attributes: _Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        reference = _from_open_address(attributes.get("table:cell-range-address", ""))
        name = attributes.get("table:name", "")
        is_of_the_book = self.path[-3:-2] == ["spreadsheet"]  # and goes before one of a sheet
        if _is_simple(reference) and (is_of_the_book or name not in self.names):
            self.names[name] = reference


_LINKS = "the file links to other files: they were not opened"
_OTHER_FILE = re.compile(r"'\[(?:file|https?|ftp)://")


def _count(attributes: _Attributes, key: str) -> int:
    text = attributes.get(key, "1")
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise _RefusedError(f"{key} is {_quoted(text)}; {_DAMAGED}")
    return int(text)


_DURATION = re.compile(r"(-?)PT(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,20})?)S)?")


def _days(duration: str) -> float | str:
    """``PT12H00M00S`` as 0.5; the text itself where it is no duration."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        return duration
    hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
    days = (3600 * hours + 60 * minutes + seconds) / 86400
    return -days if found[1] else days


class _OdsChart(_Listener):
    """The title and the lines of an embedded object, which need not be a chart."""

    root = "document-content"

    def __init__(self, budget: _Budget) -> None:
        super().__init__(
            {"chart": self._chart, "series": self._line, "p": self._fresh},
            {"p": self._paragraph},
        )
        self._budget = budget
        self._title: list[str] = []
        self._series: list[tuple[str, _Label]] = []
        self.is_chart = False

    def drawn(self, sheet: str) -> _Drawn:
        return _Drawn(sheet, _Label(" ".join(" ".join(self._title).split())), tuple(self._series))

    def _chart(self, _: _Attributes) -> None:
        self.is_chart = True

    def _line(self, attributes: _Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        values = attributes.get("chart:values-cell-range-address", "")
        name = attributes.get("chart:label-cell-address", "")
        if values:
            label = _Label(reference=_from_open_address(name))
            self._series.append((_from_open_address(values, _absolute), label))

    def _paragraph(self) -> None:
        if self.path[-3:-1] == ["chart", "title"]:
            self._title.append(self._written())


# OpenFormula, the notation of .ods

_SEPARATORS = {";": ",", "~": ",", "!": " "}
_ARRAY_SEPARATORS = {";": ",", "|": ";"}

_OPEN_FORMULA = re.compile(
    r""" "[^"]*" | '[^']*' | (?P<reference>\[(?:[^\[\]'"]|'[^']*')*+\]) | \#[A-Z0-9/]+[!?]?
    | (?P<vendor>\b(?:COM\.MICROSOFT|ORG\.LIBREOFFICE|ORG\.OPENOFFICE|LEGACY)\.)
    | (?P<mark>[{};|~!]) """,
    re.VERBOSE,
)
_OPEN_PREFIX = re.compile(r"\s*(?:(\w{1,20}):)?=")


def _from_open_formula(written: str) -> str:
    """``of:=SUM([.A1:.B2];2)`` as ``SUM(A1:B2,2)``."""
    prefix = _OPEN_PREFIX.match(written)
    formula = written[prefix.end() :] if prefix else written
    if prefix and prefix[1] == "msoxl":  # already in Excel's own notation
        return formula
    separators = _SEPARATORS

    def translated(found: re.Match[str]) -> str:
        nonlocal separators
        if found["reference"]:
            return _from_open_address(found[0][1:-1])
        if found["mark"] in ("{", "}"):
            separators = _ARRAY_SEPARATORS if found["mark"] == "{" else _SEPARATORS
        if found["vendor"]:
            return ""
        return separators.get(found[0], found[0])

    return _OPEN_FORMULA.sub(translated, formula)


_OPEN_CORNER = re.compile(
    r"""(?:'(?P<file>[^']*)'\#)?
    (?:\$?(?P<sheet>'[^']*+(?:''[^']*+)*+'|[^\s.:'\#$]+))?
    \.(?P<corner>\$?[A-Za-z]{1,3}\$?[0-9]{1,7}|\$?[A-Za-z]{1,3}|\$?[0-9]{1,7})""",
    re.VERBOSE,
)


def _absolute(corner: str) -> str:
    """``$A$1`` for ``A1``: what a chart refers to does not move."""
    return re.sub(r"\$?([A-Z]+|[0-9]+)", r"$\1", corner.upper())


def _from_open_address(address: str, spell: Callable[[str], str] = str.upper) -> str:
    """``$'Sheet 1'.A1:.B2`` as ``'Sheet 1'!A1:B2``; several addresses with commas between them.

    What is no address, such as a name, is left as it is.
    """
    if "#REF!" in address:
        return "#REF!"
    areas: list[list[re.Match[str]]] = []
    end, mark = 0, " "
    while end <= len(address):
        corner = _OPEN_CORNER.match(address, end)
        if corner is None or mark not in ": ":
            return address
        if mark == ":":
            areas[-1].append(corner)
        else:
            areas.append([corner])
        mark = address[corner.end() : corner.end() + 1]
        end = corner.end() + 1
    return ",".join(_from_open_area(area, spell) for area in areas)


def _from_open_area(corners: list[re.Match[str]], spell: Callable[[str], str]) -> str:
    first, last = corners[0], corners[-1]
    sheets = [_unquoted(first["sheet"] or ""), _unquoted(last["sheet"] or "")]
    area = ":".join(spell(corner["corner"]) for corner in corners)
    if not sheets[0]:
        return area
    name = sheets[0] if sheets[1] in ("", sheets[0]) else ":".join(sheets)
    source = f"[{first['file']}]" if first["file"] else ""
    if not source and all(_PLAIN_NAME.fullmatch(part) for part in name.split(":")):
        return f"{name}!{area}"
    quoted = f"{source}{name}".replace("'", "''")
    return f"'{quoted}'!{area}"


# A sheet's name that needs no quotes: a word that cannot be taken for a cell, A1 or R1C1.
_PLAIN_NAME = re.compile(r"(?![A-Za-z]{1,3}[0-9]+$)(?![RrCc][0-9]*(?:[Cc][0-9]*)?$)[^\W\d]\w*")
