"""The files themselves: sound to Excel, in functions that everybody knows, and safe to save."""

import re
import zipfile
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import openpyxl
import pytest
import torch
from xlsxwriter import Workbook

from gradsheet.audit.pipeline import audit_workbook
from gradsheet.audit.report.annotate import annotate
from gradsheet.models.build import ModelWorkbook
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Area, Call, Node
from gradsheet.spreadsheet.libreoffice import convert
from gradsheet.spreadsheet.parser import parse
from gradsheet.spreadsheet.recalculate import ENGINES, saved_by_onlyoffice
from gradsheet.workbook.build import write_exercise, write_workbook
from tests.engines import with_engine
from tests.models.samples import Everything
from tests.validity import Inventory, every_formula, faults, inventory
from tests.workbook.books import book, ref, with_cells

KNOWN = frozenset(
    re.findall(
        r"\S+",
        """
        ABS AND CHAR CHIDIST CHOOSE COUNTIF COUNTIFS EXP IF IFERROR INDEX INT ISBLANK ISLOGICAL
        ISNUMBER LEFT LN LOG10 MATCH MAX MIN NA NOT OR PI ROUND SQRT SUBSTITUTE SUM SUMIFS
        SUMPRODUCT SUMSQ SUMXMY2 TANH
        """,
    )
)
"""Functions of Excel 2007 and 2010 (ECMA-376, Part 1, 18.17.7), Google Sheets ("Google Sheets
function list", support.google.com/docs/table/25273), LibreOffice ("Functions by Category", its
help), Gnumeric ("Function Reference", its manual) and ONLYOFFICE ("Functions", its help center).
Of the last three it is also measured: ``benchmarks/engines.py``."""

# They take ranges as they are; of a range anything else makes an array.
TAKE_RANGES = {"AND", "COUNTIF", "COUNTIFS", "INDEX", "MATCH", "MAX", "MIN", "OR", "SUM", "SUMIFS"}
TAKE_RANGES |= {"SUMPRODUCT", "SUMSQ", "SUMXMY2"}

BOOKS = [*PRESETS, "exercise", "solution", "model", "audited"]


def _write(name: str, path: Path) -> None:
    if name in PRESETS:
        write_workbook(load_network(name), path, learning_rates=(0.5, 2.0), updates=5)
    elif name == "model":
        x = torch.randn(Everything.shape, dtype=torch.float64)
        ModelWorkbook(Everything(), x, [1, -2, 0.5], loss="squared-error").write(path)
    elif name == "audited":
        course = path.with_name("course.xlsx")
        annotate(audit_workbook(_changed(course, path.with_name("wrong.xlsx"))), path)
    else:
        spec = load_network("course")
        solution = name == "solution"
        write_exercise(spec, path, solution=solution, learning_rates=(0.5, 1.0), updates=5)


def _changed(path: Path, target: Path) -> Path:
    """A copy with a mistake, for the audit to note."""
    cell = str(book(path)["lr 0.5"]["AF5"].value)
    return with_cells(path, target, {ref("lr 0.5", "AF5"): cell.replace("*", "*2*", 1)})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One workbook of each kind."""
    folder = tmp_path_factory.mktemp("files")
    paths = {name: folder / f"{name}.xlsx" for name in BOOKS}
    for name, path in paths.items():
        _write(name, path)
    return paths


@pytest.mark.parametrize("name", BOOKS)
def test_no_file_has_a_fault(name: str, files: dict[str, Path]) -> None:
    assert faults(files[name]) == []


@pytest.mark.parametrize("name", BOOKS)
def test_the_open_xml_schema_finds_nothing(name: str, files: dict[str, Path]) -> None:
    openxml_audit = pytest.importorskip("openxml_audit")
    validator = openxml_audit.OpenXmlValidator(openxml_audit.FileFormat.OFFICE_2010)
    assert validator.validate(files[name]).errors == []


@pytest.mark.parametrize("name", [name for name in BOOKS if name != "audited"])
def test_formulas_are_understood_everywhere(name: str, files: dict[str, Path]) -> None:
    """Functions that every program knows, no exponents, nothing that needs an array formula."""
    for text in set(every_formula(files[name])):
        bare = re.sub(r'"[^"]*"|\'[^\']*\'', "", text)
        assert set(re.findall(r"([A-Z][A-Z0-9.]*)\(", bare)) <= KNOWN, text
        assert not re.search(r"(?<![\w$.])\d+\.?\d*[eE][+-]?\d", bare), text
        assert not _arrays(parse(text, CellIndex(1, 1))), text


def _arrays(node: Node) -> bool:
    """Whether a range stands where a single value is wanted."""
    if not isinstance(node, Call):
        return False
    ranges = any(isinstance(argument, Area) for argument in node.arguments)
    return (ranges and node.function not in TAKE_RANGES) or any(map(_arrays, node.arguments))


# --- Every fault is found --------------------------------------------------------------------

FAULTS: dict[str, tuple[str, str, str]] = {
    r"the cell A1 of row 1 comes after column 1": (
        "xl/worksheets/sheet1.xml",
        r'(<c r="A1".*?</c>)',
        r"\1\1",
    ),
    r"row 1 comes after row 2": (
        "xl/worksheets/sheet1.xml",
        r"(<row r=\"1\".*?</row>)(<row r=\"2\".*?</row>)",
        r"\2\1",
    ),
    r"style 99 of \d+ in A1": ("xl/worksheets/sheet1.xml", r'<c r="A1"', r'<c r="A1" s="99"'),
    r"the formula A1\+\* is broken": ("xl/worksheets/sheet1.xml", r"<f>A1\*2</f>", r"<f>A1+*</f>"),
    r"the defined name 'AB12' is none": ("xl/workbook.xml", r'name="rate"', r'name="AB12"'),
    r"the sheet name 'x{32}' has 32 characters": (
        "xl/workbook.xml",
        r'name="Sheet1"',
        f'name="{"x" * 32}"',
    ),
    r"priority 0 of a conditional format": (
        "xl/worksheets/sheet1.xml",
        r'priority="1"',
        r'priority="0"',
    ),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.xlsx"
    with Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.write_number("A1", 1)
        sheet.write_formula("A2", "=A1*2")
        look = made.add_format({"bold": True})
        rule = {"type": "formula", "criteria": "=A1>0", "format": look}
        sheet.conditional_format("A1", rule)
        made.define_name("rate", "=Sheet1!$A$1")
    return path


@pytest.mark.parametrize("said", FAULTS)
def test_every_planted_fault_is_found(said: str, sound: Path, tmp_path: Path) -> None:
    part, old, new = FAULTS[said]
    assert faults(sound) == []
    with zipfile.ZipFile(sound) as archive, zipfile.ZipFile(tmp_path / "x.xlsx", "w") as copy:
        for name in archive.namelist():
            text = archive.read(name).decode()
            if name == part:
                text, count = re.subn(old, new, text, flags=re.DOTALL)
                assert count == 1
            copy.writestr(name, text)
    found = faults(tmp_path / "x.xlsx")
    assert any(re.search(said, fault) for fault in found), found


# --- Saved by other programs -----------------------------------------------------------------


def _by_openpyxl(path: Path, folder: Path) -> Path:
    openpyxl.load_workbook(path).save(folder / "saved.xlsx")
    return folder / "saved.xlsx"


def _by_libreoffice(path: Path, folder: Path) -> Path:
    return convert(path, "xlsx", folder)


SAVED = [("openpyxl", _by_openpyxl)]
SLOWLY_SAVED = {
    "libreoffice": _by_libreoffice,
}
if ENGINES["onlyoffice"].is_installed():
    SLOWLY_SAVED["onlyoffice"] = saved_by_onlyoffice


@pytest.mark.parametrize("name", ["course", "exercise", "model"])
@pytest.mark.parametrize(
    ("program", "save"),
    [*SAVED, *(with_engine(name, save, slow=True) for name, save in SLOWLY_SAVED.items())],
)
def test_a_round_trip_loses_nothing(
    name: str,
    program: str,
    save: Callable[[Path, Path], Path],
    files: dict[str, Path],
    tmp_path: Path,
) -> None:
    before, after = inventory(files[name]), inventory(save(files[name], tmp_path))
    assert _lost(before, after) == []


def _lost(before: Inventory, after: Inventory) -> list[str]:
    different = [k for k, tree in before.formulas.items() if after.formulas.get(k) != tree]
    names = [name for name, behind in before.names.items() if after.names.get(name) != behind]
    cells = [
        f"{sheet}!{index}"
        for sheet, indices in before.validated.items()
        for index in indices - after.validated.get(sheet, set())
    ]
    notes = [ref for ref, _ in before.notes - after.notes]
    charts = [] if before.charts == after.charts else [f"{before.charts} to {after.charts} charts"]
    return [*chain(different, names, cells, notes, charts)]
