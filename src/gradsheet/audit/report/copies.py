"""Where the annotated copies of many workbooks go: beside each, and of a zip into another zip."""

import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from gradsheet.audit.report.annotate import check_copies, copy_of, write_copy
from gradsheet.audit.submissions import COPIES, Submission
from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file


def zip_of_copies(archive: Path) -> Path:
    """Where the copies of what a zip holds go: ``class-audited.zip`` beside ``class.zip``."""
    return archive.with_name(f"{archive.stem}-audited.zip")


def check_places(submissions: Sequence[Submission]) -> None:
    """Refuse, before any work, to write a copy where anything but such a copy is.

    Raises:
        GradsheetError: no copy can be made of any, or one would replace another file.
    """
    readable = [one for one in submissions if one.obstacle is None]
    if alone := [one.path for one in readable if one.archive is None]:
        check_copies(alone)
    for archive in dict.fromkeys(one.archive for one in readable if one.archive):
        target = zip_of_copies(archive)
        if target.exists() and not _holds_copies(target):
            raise GradsheetError(
                f"{target} is there and holds no annotated copies; rename it, for they take this "
                "name"
            )


def _holds_copies(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == COPIES
    except (OSError, zipfile.BadZipFile):
        return False


class Copies:
    """Writes copies as they come. A zip of them appears when the block ends, or not at all.

    Attributes:
        count: how many were written.
        zips: the zips that hold some of them.
    """

    def __init__(self) -> None:
        self.count = 0
        self.zips: list[Path] = []
        self._open: dict[Path, zipfile.ZipFile] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def write(self, submission: Submission, content: bytes) -> None:
        """Write the copy of one workbook.

        Raises:
            GradsheetError: it cannot be written.
        """
        if submission.archive is None:
            write_copy(content, copy_of(submission.path))
        else:
            name = copy_of(submission.name).relative_to(submission.archive)
            self._zip(submission.archive).writestr(str(PurePosixPath(name)), content)
        self.count += 1

    def _zip(self, archive: Path) -> zipfile.ZipFile:
        if archive not in self._open:
            target = zip_of_copies(archive)
            temporary = self._stack.enter_context(whole_file(target))
            copies = self._stack.enter_context(zipfile.ZipFile(temporary, "w"))
            copies.comment = COPIES
            self._open[archive] = copies
            self.zips.append(target)
        return self._open[archive]
