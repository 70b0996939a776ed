"""Linear and logistic regression as blocks of data with sums or means below."""

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.spreadsheet.model import Cell
from tests.audit.steps.regressions import EXAMPLES, WORDS, book, regression


@pytest.mark.parametrize("over_all", ["SUM({})", "AVERAGE({})", f"SUM({{}})/{EXAMPLES}"])
@pytest.mark.parametrize("is_logistic", [False, True])
@pytest.mark.parametrize("words", WORDS)
def test_a_right_regression_passes(
    words: tuple[str, ...], is_logistic: bool, over_all: str
) -> None:
    found = audit_book(book(regression(words, is_logistic, over_all)))
    assert not found.all_findings
    assert found.all_right
    assert found.tables[0].network.examples == EXAMPLES
    assert found.tables[0].rate == 0.1


def test_a_derivative_without_its_input_is_named() -> None:
    cells = regression(WORDS[0], False, "AVERAGE({})")
    cells["G15"] = Cell(None, "2*(E15-D15)")
    [mistake] = audit_book(book(cells)).mistakes
    assert (str(mistake.cell), mistake.cells) == ("G15", 1)


def test_a_mean_of_too_few_rows_is_named() -> None:
    cells = regression(WORDS[1], True, "AVERAGE({})")
    cells["H10"] = Cell(None, "AVERAGE(H4:H8)")
    [mistake] = audit_book(book(cells)).mistakes
    assert (str(mistake.cell), mistake.codes) == ("H10", ("GS304",))
