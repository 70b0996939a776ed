"""A workbook recalculated with a second spreadsheet engine."""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.libreoffice import convert
from gradsheet.spreadsheet.package import opened_package
from gradsheet.spreadsheet.reader import read_book

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
    with tempfile.TemporaryDirectory() as folder:
        bare = without_values(path, Path(folder) / "bare.xlsx", typed)
        return ENGINES[engine](bare, Path(folder))


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
            package[part] = _FORMULA_CELL.sub(rb"<c\1\2>\3", package[part])
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
                f"IronCalc cannot read this workbook ({error}); try --engine libreoffice"
            ) from error
        self._names = [sheet["name"] for sheet in self._model.get_worksheets_properties()]

    def set(self, cell: CellRef, value: float | str) -> None:
        """Type a number or a text into a cell."""
        index = (self._names.index(cell.sheet), *cell.cell)
        if isinstance(value, str):
            self._model.update_cell_with_text(*index, value)
        else:
            self._model.update_cell_with_number(*index, float(value))

    def recalculate(self) -> Cells:
        """Every cell that is not empty, recalculated."""
        self._model.evaluate()
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
    """Keep IronCalc from reporting, cell by cell, that a formula has no value."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def _libreoffice(path: Path, folder: Path) -> Cells:
    return cached_values(convert(path, "xlsx", folder))


ENGINES: dict[str, Callable[[Path, Path], Cells]] = {
    "ironcalc": lambda path, _: IronCalcWorkbook(path).recalculate(),
    "libreoffice": _libreoffice,
}
