"""Other programs compute a workbook again: IronCalc, and LibreOffice where it is installed."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal
from xml.etree import ElementTree

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex

Cell = tuple[str, str]
"""The name of a sheet and an address in it: ``("lr 0.5", "Q5")``."""

Cells = dict[Cell, float | str]

Engine = Literal["ironcalc", "libreoffice"]
ENGINES: tuple[Engine, ...] = ("ironcalc", "libreoffice")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

_PATIENCE = 300  # seconds for LibreOffice

_RECALCULATE_ON_LOAD = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""


def stated(path: Path) -> Cells:
    """The value that the file itself states for every formula cell; of none, an empty text."""
    with zipfile.ZipFile(path) as archive:
        return {
            (sheet, cell): value
            for sheet, file in _sheet_files(path).items()
            for cell, value in _stated_in(archive.open(file))
        }


def _stated_in(sheet: IO[bytes]) -> Iterator[tuple[str, float | str]]:
    """The address and the stated value of each formula cell of a sheet's file."""
    for _, element in ElementTree.iterparse(sheet):
        if element.tag == f"{{{_MAIN}}}c":
            if element.find(f"{{{_MAIN}}}f") is not None:
                text = element.findtext(f"{{{_MAIN}}}v") or ""
                is_number = text and element.get("t", "n") == "n"
                yield element.get("r", ""), float(text) if is_number else text
        elif element.tag == f"{{{_MAIN}}}row":
            element.clear()


def _plain(value: object) -> float | str:
    return (
        value if isinstance(value, str) else float(value) if isinstance(value, int | float) else ""
    )


def recalculated(path: Path, typed: Mapping[Cell, float], engine: Engine) -> Cells:
    """Every formula cell as ``engine`` computes it after numbers were typed into some cells.

    Raises:
        GradsheetError: the engine is not there or cannot read the file.
    """
    with tempfile.TemporaryDirectory() as folder:
        bare = without_values(path, Path(folder) / "bare.xlsx", typed)
        if engine == "ironcalc":
            return IronCalcWorkbook(bare).recalculate()
        return _libreoffice(bare, Path(folder))


def without_values(path: Path, target: Path, typed: Mapping[Cell, float] | None = None) -> Path:
    """A copy of the workbook whose formula cells state no value, with numbers typed in."""
    sheets = _sheet_files(path)
    with (
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name in sheets.values():
                content = _FORMULA_CELL.sub(rb"<c\1\2>\3", content)
            for (sheet, cell), value in (typed or {}).items():
                if sheets.get(sheet) == name:
                    content = _type(content, cell, value)
            if name.startswith("xl/worksheets/_rels/"):  # IronCalc reads relative targets only
                content = content.replace(b'Target="/xl/', b'Target="../')
            copy.writestr(name, content)
    return target


# A formula cell: its attributes but for the type of its value, the formula, the value.
_FORMULA_CELL = re.compile(
    rb'<c( [^>]*?)(?: t="\w+")?( [^>]*?)?>(<f[^>]*>[^<]*</f>|<f[^>]*/>)<v[^>]*>[^<]*</v>'
)


def _type(content: bytes, cell: str, value: float) -> bytes:
    """The sheet with a number in place of the number in ``cell``."""
    pattern = rf'(<c r="{cell}"[^>]*>)<v>[^<]*</v>'.encode()
    # With as many digits as the workbook was written with: what is put back must be the same.
    found, count = re.subn(pattern, rf"\1<v>{value:.16G}</v>".encode(), content)
    if count != 1:
        raise GradsheetError(f"there is no number to change in cell {cell}")
    return found


def _sheet_files(path: Path) -> dict[str, str]:
    """For each sheet the file that holds it."""
    with zipfile.ZipFile(path) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    return {
        sheet.get("name", ""): f"xl/{targets[sheet.get(_RELATION)].removeprefix('/xl/')}"
        for sheet in book.iter(f"{{{_MAIN}}}sheet")
    }


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

    def set(self, sheet: str, cell: str, value: float | str) -> None:
        """Type a number or a text into a cell."""
        index = CellIndex.parse(cell)
        place = (self._names.index(sheet), index.row, index.column)
        if isinstance(value, str):
            self._model.update_cell_with_text(*place, value)
        else:
            self._model.update_cell_with_number(*place, float(value))

    def recalculate(self) -> Cells:
        """Every cell that is not empty, recalculated."""
        self._model.evaluate()
        return {
            (self._names[sheet], str(CellIndex(row, column))): _plain(
                self._model.get_cell_value(sheet, row, column)
            )
            for sheet, row, column in self._model.get_all_cells()
        }


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep IronCalc from telling, cell by cell, that a formula states no value."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def libreoffice() -> str | None:
    """The program, where it is installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def convert(path: Path, target: str, folder: Path) -> Path:
    """The file as LibreOffice saves it in another format, recalculated.

    Raises:
        GradsheetError: LibreOffice is not installed, or fails.
    """
    program = libreoffice()
    if program is None:
        raise GradsheetError(
            "LibreOffice is needed for this and not installed; install it so that 'soffice' is "
            "found"
        )
    profile, out = folder / "profile", folder / "out"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_RECALCULATE_ON_LOAD)
    command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless"]
    command += ["--convert-to", target, "--outdir", str(out), str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise GradsheetError(f"LibreOffice could not convert {path}") from error
    made = out / f"{path.stem}.{target.split(':')[0]}"
    if not made.is_file():
        raise GradsheetError(f"LibreOffice could not read {path}")
    return made


def _libreoffice(path: Path, folder: Path) -> Cells:
    return stated(convert(path, "xlsx", folder))
