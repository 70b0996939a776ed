"""The workbooks behind what was given: files, folders, and zips such as a course site offers.

A zip may come from anywhere. What it unpacks to is counted piece by piece against a budget, and
its files are unpacked under names of our own: what a zip calls them is only shown.
"""

import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from gradsheet.audit.unaudited import Unaudited
from gradsheet.errors import GradsheetError, legible, reason
from gradsheet.files import reading
from gradsheet.spreadsheet.reader.archive import BROKEN_ZIP, PIECE, opened_zip

# What a class hands in as a workbook; the reader says of each kind whether it can read it.
_WORKBOOKS = frozenset((".xlsx", ".xlsm", ".ods", ".xls", ".xlsb", ".xltx", ".ots", ".numbers"))
_LOCKS = ("~$", ".~lock.", "._")  # of programs that have a workbook open, and of macOS
_MOST_FILES = 10_000  # in a zip
_MOST_BYTES = 64 << 20  # that one of them unpacks to
_MOST_IN_ALL = 1 << 30
_MOST_PACKED = 100  # times smaller than what it unpacks to; a workbook is packed already
_SMALL = 1 << 20  # bytes that may be packed any number of times
COPIES = b"Annotated by gradsheet"
"""The comment by which a zip of annotated copies is known."""

_LONGEST_PART = 100  # characters of a name that are shown


@dataclass(frozen=True)
class Submission:
    """One workbook to audit.

    Attributes:
        path: where it is read from.
        name: what it is called: its path, or that of its zip and its name there.
        archive: the zip that holds it; None where none does.
        obstacle: why it is not audited, where that is known already.
    """

    path: Path
    name: Path
    archive: Path | None = None
    obstacle: Unaudited | None = None


@contextmanager
def submissions(given: Iterable[Path]) -> Iterator[list[Submission]]:
    """The workbooks among files, in folders and in zips, each once, in order.

    Those from zips are there as long as the block runs.

    Raises:
        GradsheetError: there is none, or a folder cannot be read.
    """
    with TemporaryDirectory(prefix="gradsheet-", ignore_cleanup_errors=True) as folder:
        found: dict[str, Submission] = {}
        for path in given:
            for one in _behind(path, Path(folder)):
                found.setdefault(os.path.realpath(one.name if one.obstacle else one.path), one)
        if not found:
            raise GradsheetError(
                f"no workbook found in {', '.join(map(str, given))}; expected .xlsx, .xlsm or .ods"
            )
        yield list(found.values())


def _behind(path: Path, scratch: Path) -> Iterator[Submission]:
    if os.path.isdir(path):  # noqa: PTH112 (False also where it may not be looked at)
        for file in _in_folder(path):
            if isinstance(file, Submission):
                yield file
            else:
                yield from _behind(file, scratch)
    elif path.suffix.lower() == ".zip" and os.path.isfile(path):  # noqa: PTH113
        yield from _in_zip(path, scratch)
    else:
        yield Submission(path, path)


def _in_folder(folder: Path) -> Iterator[Path | Submission]:
    """The workbooks and zips below a folder, in the order of their names; links lead nowhere."""
    closed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=closed.append):
        folders.sort()
        for name in sorted(names):
            if _is_workbook(name) or name.lower().endswith(".zip"):
                yield Path(place, name)
    for error in closed:
        yield _unreadable(Path(error.filename), f"{error.strerror}; a folder that cannot be opened")


def _unreadable(name: Path, why: str, archive: Path | None = None) -> Submission:
    return Submission(name, name, archive, Unaudited(name, "unreadable", why))


def _is_workbook(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _WORKBOOKS and not name.startswith(_LOCKS)


# --- Zips ------------------------------------------------------------------------------------


def _in_zip(path: Path, scratch: Path) -> Iterator[Submission]:
    """The workbooks in a zip; the zip itself where it is a workbook or cannot be read."""
    try:
        with reading(path, "a zip"), opened_zip(path) as archive:
            infos = archive.infolist()
            if any(info.filename.lower() == "[content_types].xml" for info in infos):
                yield Submission(path, path)
                return
            if archive.comment == COPIES:
                why = "the annotated copies that gradsheet wrote; audit the original zip"
                yield Submission(path, path, obstacle=Unaudited(path, "copy", why))
                return
            if len(infos) > _MOST_FILES:
                raise GradsheetError(
                    f"it holds more than {_MOST_FILES:,} files; unpack it and audit the folder"
                )
            yield from _Unpacking(path, archive, scratch).all(infos)
    except GradsheetError as error:
        yield _unreadable(path, str(error).removeprefix(f"cannot read {path}: "))


class _Unpacking:
    """The files of one zip, unpacked one after the other under numbers."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, scratch: Path) -> None:
        self._path, self._archive, self._scratch = path, archive, scratch
        self._left = _MOST_IN_ALL
        self._names: set[Path] = set()

    def all(self, infos: Iterable[zipfile.ZipInfo]) -> Iterator[Submission]:
        """Each workbook, in the order of their names; one that cannot be unpacked says why."""
        for info in sorted(infos, key=lambda info: info.filename):
            parts = _parts(info.filename)
            if info.is_dir() or not parts or "__MACOSX" in parts:
                continue
            if parts[-1].lower().endswith(".zip"):
                why = "it is a zip inside a zip; unpack the outer one and audit the folder"
                yield _unreadable(self._named(parts), why, self._path)
            elif _is_workbook(parts[-1]):
                yield self._unpacked(info, self._named(parts))

    def _named(self, parts: list[str]) -> Path:
        """The name to show, numbered where the zip holds it already."""
        name, number = self._path.joinpath(*parts), 1
        while name in self._names:
            number += 1
            name = self._path.joinpath(*parts[:-1], f"{number} {parts[-1]}")
        self._names.add(name)
        return name

    def _unpacked(self, info: zipfile.ZipInfo, name: Path) -> Submission:
        target = self._scratch / f"{len(list(self._scratch.iterdir())):05}{name.suffix.lower()}"
        try:
            self._unpack(info, target)
        except GradsheetError as error:
            target.unlink(missing_ok=True)
            return _unreadable(name, str(error), self._path)
        except (*BROKEN_ZIP, NotImplementedError) as error:
            target.unlink(missing_ok=True)
            said = f"it cannot be unpacked ({reason(error)})"
            return _unreadable(name, f"{said}; fetch the zip again", self._path)
        return Submission(target, name, self._path)

    def _unpack(self, info: zipfile.ZipInfo, target: Path) -> None:
        most = min(_MOST_BYTES, self._left, max(_SMALL, _MOST_PACKED * info.compress_size))
        size = 0
        with self._archive.open(info) as packed, target.open("wb") as file:
            while piece := packed.read(PIECE):
                size += len(piece)
                self._left -= len(piece)
                if size > most:
                    raise GradsheetError(
                        f"it unpacks to more than {most:,} bytes, which no workbook of its packed "
                        "size does; unpack the zip by hand if you trust it"
                    )
                file.write(piece)


def _parts(name: str) -> list[str]:
    """The folders and the file of a name in a zip, fit to be shown; none of them leads upwards."""
    parts = legible(name).replace("\\", "/").split("/")
    return [_shortened(part) for part in parts if part.strip() not in ("", ".", "..")]


def _shortened(part: str) -> str:
    if len(part) <= _LONGEST_PART:
        return part
    return f"{part[: _LONGEST_PART - 12]}…{part[-11:]}"
