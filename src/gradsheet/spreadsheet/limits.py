"""What a spreadsheet can hold, and the check of each limit.

The limits are Excel's; LibreOffice, Gnumeric and Google Sheets hold at least as much of most.
"""

import re

from gradsheet.errors import GradsheetError

ROWS = 1_048_576
COLUMNS = 16_384
FORMULA_CHARACTERS = 8_192
"""Of a formula with its ``=``."""

SHEET_NAME_CHARACTERS = 31
TEXT_CHARACTERS = 32_767
"""Of the text in one cell, or of one note."""

NESTED_LEVELS = 64
"""Of a formula: functions and brackets within one another."""

ARGUMENTS = 255
"""Of one function."""

NOT_IN_A_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


class LimitError(GradsheetError):
    """Something that a spreadsheet cannot hold."""


def check_rows(rows: int, subject: str, remedy: str) -> None:
    """Raise LimitError where ``subject`` needs more rows than a sheet has."""
    _check(rows, ROWS, subject, "rows", remedy)


def check_columns(columns: int, subject: str, remedy: str) -> None:
    """Raise LimitError where ``subject`` needs more columns than a sheet has."""
    _check(columns, COLUMNS, subject, "columns", remedy)


def check_formula(characters: int, subject: str, remedy: str) -> None:
    """Raise LimitError where a formula of so many characters, its ``=`` counted, is too long."""
    _check(characters, FORMULA_CHARACTERS, subject, "characters", remedy)


def check_nesting(levels: int) -> None:
    """Raise LimitError where a formula is nested too deeply."""
    _check(levels, NESTED_LEVELS, "a formula", "nested levels", "write it in several cells")


def check_arguments(arguments: int, function: str) -> None:
    """Raise LimitError where a function has too many arguments."""
    _check(arguments, ARGUMENTS, function, "arguments", "pass it a range of cells")


def check_sheet_name(name: str) -> None:
    """Raise LimitError where a spreadsheet takes no sheet of this name."""
    _check(len(name), SHEET_NAME_CHARACTERS, f"the sheet name {name!r}", "characters", "shorten it")
    if not name or NOT_IN_A_SHEET_NAME.search(name) or "'" in (name[0], name[-1]):
        raise LimitError(
            f"a sheet cannot be called {name!r}: expected 1 to {SHEET_NAME_CHARACTERS} characters "
            r"without [ ] : * ? / \ and no ' at either end"
        )


def _check(needed: int, most: int, subject: str, unit: str, remedy: str) -> None:
    if needed > most:
        raise LimitError(f"{subject} needs {needed:,} {unit}, at most {most:,} fit; {remedy}")
