"""Files without an audit: what kept it from being made, as data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gradsheet.errors import GradsheetError

Reason = Literal["unreadable", "no table", "exercise", "model", "copy"]
"""Why a file was not audited; the last three are files that this package wrote."""


@dataclass(frozen=True)
class Unaudited:
    """A file that was not audited.

    Attributes:
        path: the file.
        reason: what kind of obstacle there was.
        why: what it was, in words that do not repeat the path.
    """

    path: Path
    reason: Reason
    why: str

    @property
    def is_own(self) -> bool:
        """Whether this package wrote the file, and there is nothing to audit in it."""
        return self.reason in ("exercise", "model", "copy")


class UnauditedError(GradsheetError):
    """A workbook was read and holds nothing to audit.

    Attributes:
        reason: what kind of obstacle there was.
        why: what it was, without the path.
    """

    def __init__(self, reason: Reason, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.reason, self.why = reason, why
