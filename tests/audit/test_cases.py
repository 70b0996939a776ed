"""Small workbooks as people really make them, and what a right tool says of each."""

from pathlib import Path

import pytest

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_workbook

CASES = Path(__file__).parents[1] / "data" / "audit"

RIGHT = (
    "google-POW-right",
    "linreg-half-own-headers-right",
    "linreg-known-headers-no-new-columns-right",
    "linreg-own-headers-no-new-columns-right",
    "new-weight-columns-n-right",
    "new-weight-columns-plus-right",
    "new-weight-columns-w-new-right",
    "elements-with-a-prefix-right",
    "one-row-right",
    "plain-right",
)
WRONG = {
    "google-POW-wrong": [("V3", 6, "GS501")],
}
"""The first cell, the number of cells and the rule of every mistake."""


def audited(name: str) -> Audit:
    return audit_workbook(CASES / f"{name}.xlsx")


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_workbook_is_right(name: str) -> None:
    found = audited(name)
    assert not found.mistakes
    assert found.all_right


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_found_where_it_is(name: str) -> None:
    mistakes = audited(name).mistakes
    assert [(str(m.cell), m.cells, *m.codes) for m in mistakes] == WRONG[name]
