"""A workbook recalculated with a second spreadsheet engine."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.libreoffice import PATIENCE, convert, libreoffice
from gradsheet.spreadsheet.package import opened_package
from gradsheet.spreadsheet.reader import read_book
from gradsheet.spreadsheet.streamed import without_colors

Cells = dict[CellRef, float | str]
"""The value of each formula cell."""

LARGER = 20
"""A workbook of our own may be so many times larger than one from anywhere."""


def cached_values(path: Path) -> Cells:
    """The value that the file holds beside each formula; an empty text where it holds none.

    Raises:
        GradsheetError: the file cannot be read.
    """
    return {
        CellRef(name, index): "" if cell.value is None else cell.value
        for name, sheet in read_book(path, LARGER).sheets.items()
        for index, cell in sheet.cells.items()
        if cell.formula is not None
    }


def recalculated(path: Path, typed: Mapping[CellRef, float], engine: str) -> Cells:
    """Every formula cell as ``engine`` computes it after numbers were typed into some cells.

    Raises:
        GradsheetError: there is no such engine here, or it cannot read the file.
    """
    if engine not in ENGINES:
        raise GradsheetError(f"there is no engine '{engine}'; choose from {', '.join(ENGINES)}")
    chosen = ENGINES[engine]
    if not chosen.is_installed():
        raise GradsheetError(f"{chosen.name} is not installed; {chosen.install}")
    with tempfile.TemporaryDirectory() as folder:
        bare = without_values(path, Path(folder) / "bare.xlsx", typed)
        return chosen.recalculate(bare, Path(folder))


# --- A workbook of formulas alone ------------------------------------------------------------

# A formula cell: its attributes but for the type of its value, the formula, the value.
_FORMULA_CELL = re.compile(
    rb'<c( [^>]*?)(?: t="\w+")?( [^>]*?)?>(<f[^>]*>[^<]*</f>|<f[^>]*/>)<v[^>]*>[^<]*</v>'
)


def without_values(path: Path, target: Path, typed: Mapping[CellRef, float] | None = None) -> Path:
    """Write a copy of the workbook whose formula cells hold no value, with numbers typed in.

    Raises:
        GradsheetError: the file cannot be read, or a cell to type into holds no number.
    """
    with opened_package(path) as package:
        sheets = package.sheets()
        for part in sheets.values():
            bare = _FORMULA_CELL.sub(rb"<c\1\2>\3", package[part])
            package[part] = without_colors(bare)
        for cell, value in (typed or {}).items():
            if cell.sheet in sheets:
                part = sheets[cell.sheet]
                package[part] = _typed(package[part], cell, value)
        for name in package:
            if name.startswith("xl/worksheets/_rels/"):  # IronCalc reads relative targets only
                package[name] = package[name].replace(b'Target="/xl/', b'Target="../')
        package.write(target)
    return target


def _typed(content: bytes, cell: CellRef, value: float) -> bytes:
    """The part of a sheet with a number in place of the number in ``cell``."""
    pattern = rf'(<c r="{cell.cell}"[^>]*>)<v>[^<]*</v>'.encode()
    # With as many digits as the workbook was written with: what is put back must be the same.
    found, count = re.subn(pattern, rf"\1<v>{value:.16G}</v>".encode(), content)
    if count != 1:
        raise GradsheetError(f"cell {cell} holds no number to change")
    return found


# --- Engines: each computes a workbook of formulas alone, and may write into a folder --------


class IronCalcWorkbook:
    """A workbook open in IronCalc: cells can be changed and everything recalculated, repeatedly.

    Raises:
        GradsheetError: IronCalc cannot read the file.
    """

    def __init__(self, path: Path) -> None:
        import ironcalc

        try:
            with _quiet():
                self._model = ironcalc.load_from_xlsx(str(path))
        except ironcalc.WorkbookError as error:
            raise GradsheetError(
                f"IronCalc cannot read this workbook ({error}); try another --engine"
            ) from error
        self._names = [sheet["name"] for sheet in self._model.get_worksheets_properties()]

    def set(self, cell: CellRef, value: float | str) -> None:
        """Type a number or a text into a cell."""
        index = (self._names.index(cell.sheet), *cell.cell)
        if isinstance(value, str):
            self._model.update_cell_with_text(*index, value)
        else:
            self._model.update_cell_with_number(*index, float(value))

    def evaluate(self) -> None:
        """Recalculate everything."""
        self._model.evaluate()

    def values(
        self, sheet: str, rows: Sequence[int], columns: Sequence[int]
    ) -> Iterator[float | str]:
        """What cells of a sheet hold; rows and columns from 0."""
        number, value = self._names.index(sheet), self._model.get_cell_value
        pairs = zip(rows, columns, strict=True)
        return (_plain(value(number, row + 1, column + 1)) for row, column in pairs)

    def recalculate(self) -> Cells:
        """Every cell that is not empty, recalculated."""
        self.evaluate()
        return {
            CellRef(self._names[sheet], CellIndex(row, column)): _plain(
                self._model.get_cell_value(sheet, row, column)
            )
            for sheet, row, column in self._model.get_all_cells()
        }


def _plain(value: object) -> float | str:
    if isinstance(value, str):
        return value
    return float(value) if isinstance(value, int | float) else ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep IronCalc from reporting, cell by cell, what it does without."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        for descriptor in (1, 2):
            os.dup2(nowhere.fileno(), descriptor)
        try:
            yield
        finally:
            for descriptor, was in enumerate(kept, start=1):
                os.dup2(was, descriptor)
                os.close(was)


_FORMUALIZER_ERRORS = {"Div": "#DIV/0!", "Na": "#N/A", "Name": "#NAME?"}  # others: #NUM!, #REF!


def _formualizer(path: Path, _: Path) -> Cells:
    import formualizer

    try:
        book = formualizer.load_workbook(str(path))
        book.evaluate_all()
    except OSError as error:
        raise GradsheetError(f"Formualizer cannot read this workbook ({error})") from error

    def value(cell: CellRef) -> float | str:
        found = book.get_value(cell.sheet, *cell.cell)
        if not isinstance(found, dict):
            return _plain(found)
        return _FORMUALIZER_ERRORS.get(found["kind"], f"#{found['kind'].upper()}!")

    return {cell: value(cell) for cell in cached_values(path)}


def saved_by_gnumeric(path: Path, folder: Path) -> Path:
    """The workbook as Gnumeric saves it, recalculated."""
    return _saved_by(["ssconvert", "--recalc"], path, folder / "recalculated.xlsx")


_DOCUMENT_BUILDER = """
import sys, docbuilder
builder = docbuilder.CDocBuilder()
failed = builder.OpenFile(sys.argv[1]) or builder.SaveFile("xlsx", sys.argv[2])
builder.CloseFile()
sys.exit(failed)
"""


def saved_by_onlyoffice(path: Path, folder: Path) -> Path:
    """The workbook as ONLYOFFICE saves it, recalculated."""
    # In a process of its own: it is a browser's engine, and writes about its license.
    program = [sys.executable, "-c", _DOCUMENT_BUILDER]
    return _saved_by(program, path, folder / "recalculated.xlsx")


def _saved_by(program: list[str], path: Path, out: Path) -> Path:
    """What a program that reads ``path`` writes to ``out``."""
    command = [*program, str(path), str(out)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise GradsheetError(f"{Path(program[0]).name} could not recalculate {path}") from error
    if not out.is_file():
        raise GradsheetError(f"{Path(program[0]).name} could not read {path}")
    return out


@dataclass(frozen=True)
class Engine:
    """A program that recalculates workbooks.

    Attributes:
        name: as its makers write it.
        recalculate: the cells of a workbook of formulas alone; it may write into the folder.
        is_installed: whether it can be used here.
        version: the version that is installed.
        install: how to install it.
    """

    name: str
    recalculate: Callable[[Path, Path], Cells]
    is_installed: Callable[[], bool]
    version: Callable[[], str]
    install: str


def _version_of(program: str) -> str:
    """The first number that a program's ``--version`` gives."""
    run = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"\d[\d.]+", run.stdout + run.stderr)
    return found[0] if found else "unknown"


ENGINES = {
    "ironcalc": Engine(
        "IronCalc",
        lambda path, _: IronCalcWorkbook(path).recalculate(),
        is_installed=lambda: True,
        version=lambda: version("ironcalc"),
        install="run: pip install ironcalc",
    ),
    "formualizer": Engine(
        "Formualizer",
        _formualizer,
        is_installed=lambda: find_spec("formualizer") is not None,
        version=lambda: version("formualizer"),
        install="run: pip install 'gradsheet[engines]'",
    ),
    "libreoffice": Engine(
        "LibreOffice",
        lambda path, folder: cached_values(convert(path, "xlsx", folder)),
        is_installed=lambda: libreoffice() is not None,
        version=lambda: _version_of(libreoffice() or ""),
        install="install it so that 'soffice' is found",
    ),
    "gnumeric": Engine(
        "Gnumeric",
        lambda path, folder: cached_values(saved_by_gnumeric(path, folder)),
        is_installed=lambda: shutil.which("ssconvert") is not None,
        version=lambda: _version_of("ssconvert"),
        install="install it so that 'ssconvert' is found",
    ),
    "onlyoffice": Engine(
        "ONLYOFFICE Document Builder",
        lambda path, folder: cached_values(saved_by_onlyoffice(path, folder)),
        is_installed=lambda: find_spec("docbuilder") is not None,
        version=lambda: version("document-builder"),
        install="run: pip install document-builder (290 MB, AGPL)",
    ),
}
