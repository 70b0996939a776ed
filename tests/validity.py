"""What makes Excel repair or refuse a workbook, and what a round trip could lose."""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import formualizer

from gradsheet.spreadsheet.addresses import CellIndex, CellRange
from gradsheet.spreadsheet.formula import Call, Constant, Node
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.parser import parse
from gradsheet.spreadsheet.reader import read_book
from gradsheet.spreadsheet.recalculate import LARGER

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LONGEST_SHEET_NAME = 31
_CELL_LIKE = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*([Cc]\d*)?|[Cc]\d*")
_NAME = re.compile(r"[^\W\d][\w.]{0,254}|_[\w.]{1,254}")


class _Parts:
    """The XML parts of a workbook, by Python's own reader."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.names = archive.namelist()
            self._content = {name: archive.read(name) for name in self.names}

    def __getitem__(self, name: str) -> Element:
        return ElementTree.fromstring(self._content[name])

    def matching(self, pattern: str) -> Iterator[tuple[str, Element]]:
        return ((name, self[name]) for name in self.names if re.fullmatch(pattern, name))


def faults(path: Path) -> list[str]:
    """The faults that openxml-audit misses, a line each."""
    parts = _Parts(path)
    book, styles = parts["xl/workbook.xml"], parts["xl/styles.xml"]
    formats, differences = (
        len(styles.findall(f"{_MAIN}{group}/*")) for group in ("cellXfs", "dxfs")
    )
    found = [*_in_sheet_names(book), *_in_defined_names(book)]
    for name, sheet in parts.matching(r"xl/worksheets/[^/]*\.xml"):
        here = [*_in_order(sheet), *_in_styles(sheet, formats, differences)]
        here += [*_in_priorities(sheet), *_in_formulas(sheet)]
        found += [f"{name}: {fault}" for fault in here]
    return found


def _in_sheet_names(book: Element) -> Iterator[str]:
    names = [sheet.get("name", "") for sheet in book.iter(f"{_MAIN}sheet")]
    for name in names:
        if not 0 < len(name) <= _LONGEST_SHEET_NAME:
            yield f"the sheet name '{name}' has {len(name)} characters"
        if re.search(r"[][:*?/\\]|^'|'$", name):
            yield f"the sheet name '{name}' has a character that Excel forbids"
    yield from _repeated("sheet name", (name.lower() for name in names))


def _in_defined_names(book: Element) -> Iterator[str]:
    names = [(n.get("name", ""), n.get("localSheetId")) for n in book.iter(f"{_MAIN}definedName")]
    for name, _ in names:
        if not name.startswith("_xlnm.") and (
            _CELL_LIKE.fullmatch(name) or not _NAME.fullmatch(name)
        ):
            yield f"the defined name '{name}' is none"
    yield from _repeated("defined name", (f"{scope} {name}".lower() for name, scope in names))


def _repeated(what: str, values: Iterator[str]) -> Iterator[str]:
    return (f"the {what} '{v}' occurs {n} times" for v, n in Counter(values).items() if n > 1)


def _in_order(sheet: Element) -> Iterator[str]:
    """Rows and cells come in their order, each once and where it belongs."""
    last_row = 0
    for row in sheet.iter(f"{_MAIN}row"):
        number, last_column = int(row.get("r", "0")), 0
        if number <= last_row:
            yield f"row {number} comes after row {last_row}"
        last_row = number
        for cell in row:
            index = CellIndex.parse(cell.get("r", ""))
            if index.row != number or index.column <= last_column:
                yield f"the cell {index} of row {number} comes after column {last_column}"
            last_column = index.column


def _in_styles(sheet: Element, formats: int, differences: int) -> Iterator[str]:
    for element in sheet.iter():
        for attribute, count in (("s", formats), ("style", formats), ("dxfId", differences)):
            given = element.get(attribute)
            if given is not None and given.isdigit() and int(given) >= count:
                yield f"style {given} of {count} in {element.get('r', element.tag)}"


def _in_priorities(sheet: Element) -> Iterator[str]:
    priorities = [rule.get("priority", "") for rule in sheet.iter(f"{_MAIN}cfRule")]
    yield from (f"priority {p} of a conditional format" for p in priorities if p < "1")
    yield from _repeated("priority", iter(priorities))


def _in_formulas(sheet: Element) -> Iterator[str]:
    for formula in formulas(sheet):
        try:
            formualizer.parse(f"={formula}")
        except (formualizer.ParserError, formualizer.TokenizerError, ValueError) as error:
            yield f"the formula {formula} is broken ({error})"


def formulas(sheet: Element) -> Iterator[str]:
    """The formulas of cells, conditional formats and validations."""
    for tag in ("f", "formula", "formula1", "formula2"):
        yield from (element.text for element in sheet.iter(f"{_MAIN}{tag}") if element.text)


def every_formula(path: Path) -> Iterator[str]:
    """Those of all sheets."""
    for _, sheet in _Parts(path).matching(r"xl/worksheets/[^/]*\.xml"):
        yield from formulas(sheet)


# --- What a file holds -----------------------------------------------------------------------


@dataclass(frozen=True)
class Inventory:
    """What must survive a round trip."""

    formulas: dict[str, Node | str]
    names: dict[str, str]
    validated: dict[str, set[CellIndex]]
    charts: int
    notes: set[tuple[str, str]]


def inventory(path: Path) -> Inventory:
    """What a workbook holds, each formula as its tree, for programs write them differently."""
    parts, book = _Parts(path), read_book(path, LARGER)
    trees = {
        f"{name}!{index}": _tree(cell.formula, cell.anchor or index)
        for name, sheet in book.sheets.items()
        for index, cell in sheet.cells.items()
        if cell.formula is not None
    }
    notes = {
        (note.get("ref", ""), re.sub(r"\s+", " ", "".join(note.itertext())).strip())
        for _, part in parts.matching(r"xl/(comments/)?comments?\d*\.xml")
        for note in part.iter(f"{_MAIN}comment")
    }
    charts = sum(1 for name in parts.names if re.fullmatch(r"xl/charts/chart\d+\.xml", name))
    names = {name: behind.replace("'", "") for name, behind in book.names.items()}
    return Inventory(trees, names, dict(_validated(parts, list(book.sheets))), charts, notes)


def _tree(formula: str, at: CellIndex) -> Node | str:
    try:
        return _rounded(parse(formula, at))
    except FormulaError:
        return formula.replace(" ", "")


def _rounded(node: Node) -> Node:
    """With numbers of twelve digits: LibreOffice, like Excel, keeps fifteen."""
    if isinstance(node, Constant) and isinstance(node.value, float):
        return Constant(float(f"{node.value:.12g}"))
    if isinstance(node, Call):
        return Call(node.function, tuple(map(_rounded, node.arguments)))
    return node


def _validated(parts: _Parts, sheets: list[str]) -> Iterator[tuple[str, set[CellIndex]]]:
    ordered = sorted(
        parts.matching(r"xl/worksheets/[^/]*\.xml"),
        key=lambda part: int(re.sub(r"\D", "", part[0])),
    )
    for name, (_, part) in zip(sheets, ordered, strict=True):
        areas = [
            area
            for rule in part.iter()
            if rule.tag.endswith("}dataValidation")
            for text in (rule.get("sqref") or "", *(e.text or "" for e in rule if "sqref" in e.tag))
            for area in text.split()
        ]
        yield name, {index for area in areas for index in CellRange.parse(area).cells()}
