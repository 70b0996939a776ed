"""The file as a zip archive of parts, inflated on a budget: a small file may unpack to anything."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradsheet.errors import GradsheetError
from gradsheet.files import reading
from gradsheet.spreadsheet.addresses import AddressError
from gradsheet.spreadsheet.limits import LimitError

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
_DIRECTORY = 4 << 20  # bytes of the archive's table of contents
PIECE = 1 << 16
"""Bytes inflated at once."""

SAVE = "open it in a spreadsheet program and save it as .xlsx"
DAMAGED = "the file is damaged; fetch it again or " + SAVE
PASSWORD = f"it has a password; {SAVE} without a password"
NO_WORKBOOK = f"it is a zip archive without a workbook; {SAVE}"

# What the standard library raises where an archive is damaged.
BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    OverflowError,
    ValueError,
)


class RefusedError(GradsheetError):
    """What was found and what to do, without the path."""


def quoted(text: str) -> str:
    """Somebody else's words, fit for one line."""
    return repr(text if len(text) <= 60 else text[:60] + "…")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def broken(name: str, error: Exception) -> RefusedError:
    """The refusal of a part that cannot be inflated or parsed."""
    return RefusedError(f"its part {quoted(name)} is broken ({_line(error)}); {DAMAGED}")


@contextmanager
def opened(path: Path, larger: int = 1) -> Iterator["Parts"]:
    """The parts of the archive at ``path``.

    Raises:
        GradsheetError: the file cannot be read, or something in the block failed because of it.
    """
    try:
        with (
            reading(path, "a workbook: .xlsx, .xlsm or .ods"),
            _SparingFile(io.FileIO(path)) as file,
        ):
            _check_beginning(file.read(8))
            yield Parts(_archive(file), Budget(larger))
    except (RefusedError, LimitError) as refused:
        raise GradsheetError(f"cannot read {path}: {refused}") from refused
    except AddressError as error:
        raise GradsheetError(f"cannot read {path}: {error}; {DAMAGED}") from error


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Any zip archive, whose table of contents is read only where it is no larger than 4 MiB.

    Raises:
        RefusedError: it is larger, or the archive is broken.
    """
    with _SparingFile(io.FileIO(path)) as file:
        yield _archive(file)


def _check_beginning(beginning: bytes) -> None:
    if not beginning:
        raise RefusedError("the file is empty; save the workbook again as .xlsx")
    if beginning == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise RefusedError(f"it is an old .xls file or has a password; {SAVE} without a password")
    if beginning[:2] != b"PK":
        raise RefusedError(f"it is neither an .xlsx nor an .ods workbook; {SAVE}")


class _SparingFile(io.BufferedReader):
    """A file that refuses to be read in one gulp: zipfile takes a table of contents whole."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = _DIRECTORY + 1 if size is None or not 0 <= size <= _DIRECTORY else size
        found = super().read(wanted)
        if len(found) > _DIRECTORY:
            raise RefusedError("it holds too many files; keep only those that matter")
        return found


def _archive(file: io.BufferedReader) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except BROKEN_ZIP as error:
        raise RefusedError(
            f"its zip archive is broken or cut off ({_line(error)}); {DAMAGED}"
        ) from error


class Budget:
    """What may still be read of each kind."""

    def __init__(self, larger: int = 1) -> None:
        self._limits = {kind: larger * limit for kind, limit in _LIMITS.items()}
        self._left = dict(self._limits)

    def spend(self, kind: str, amount: int = 1) -> None:
        """Take ``amount`` off; refuse the workbook where less than that is left."""
        left = self._left[kind] = self._left[kind] - amount
        if left < 0:
            raise RefusedError(
                f"it holds more than {self._limits[kind]:,} {kind}; keep only the sheets that "
                "matter and save it as .xlsx"
            )


class Parts:
    """The parts of a workbook by name, in small letters, and the budget all of them share."""

    def __init__(self, archive: zipfile.ZipFile, budget: Budget) -> None:
        self.budget = budget
        self._archive = archive
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = _part_name(info.filename)
            if name in self._infos:
                raise RefusedError(f"it holds the part {quoted(name)} twice; {DAMAGED}")
            self._infos[name] = info

    def __contains__(self, name: str) -> bool:
        return _part_name(name) in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The part, inflated piece by piece; what its header says of its size is not believed."""
        self.budget.spend("parts")
        info = self._infos.get(_part_name(name))
        if info is None:
            raise RefusedError(f"its part {quoted(name)} is missing; {DAMAGED}")
        if info.flag_bits & 1:
            raise RefusedError(PASSWORD)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedError(f"it is packed in a way no spreadsheet program uses; {SAVE}")
        try:
            with self._archive.open(info) as part:
                while piece := part.read(PIECE):
                    self.budget.spend("bytes of XML", len(piece))
                    yield piece
        except BROKEN_ZIP as error:
            raise broken(name, error) from error


def _part_name(name: str) -> str:
    """One spelling: programs differ in capitals, slashes and a slash in front."""
    return name.replace("\\", "/").lstrip("/").lower()
