"""Each limit of a spreadsheet: what just fits, and what does not."""

from collections.abc import Callable

import pytest

from gradsheet.spreadsheet import limits

CHECKS: dict[str, tuple[int, Callable[[int], None]]] = {
    "rows": (1_048_576, lambda n: limits.check_rows(n, "it", "shorten it")),
    "columns": (16_384, lambda n: limits.check_columns(n, "it", "shorten it")),
    "formula": (8_192, lambda n: limits.check_formula(n, "it", "shorten it")),
    "nesting": (64, limits.check_nesting),
    "arguments": (255, lambda n: limits.check_arguments(n, "SUM")),
    "sheet name": (31, lambda n: limits.check_sheet_name("x" * n)),
}


@pytest.mark.parametrize("name", CHECKS)
def test_what_fits_and_what_does_not(name: str) -> None:
    most, check = CHECKS[name]
    check(most)
    with pytest.raises(limits.LimitError, match=rf"needs {most + 1:,} \w.*at most {most:,} fit; "):
        check(most + 1)


@pytest.mark.parametrize("name", ["", "a[b", "a]b", "a:b", "a*b", "a?b", "a/b", "a\\b", "'a", "a'"])
def test_names_that_no_sheet_can_have(name: str) -> None:
    with pytest.raises(limits.LimitError, match="cannot be called"):
        limits.check_sheet_name(name)


def test_names_that_a_sheet_can_have() -> None:
    for name in ("Inputs", "lr 0.1", "it's", "Größe", "x" * 31):
        limits.check_sheet_name(name)
