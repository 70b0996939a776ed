"""Small workbooks as people really make them, and what a right tool says of each."""

from pathlib import Path

import pytest

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_book, audit_workbook
from gradsheet.audit.report.sentences import message, written_and_right
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Cell
from gradsheet.spreadsheet.reader import read_book

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
    "new-weight-columns-new-w-right",
    "new-weight-columns-prime-right",
    "last-row-only-new-weights-right",
    "numbered-by-source-right",
    "own-names-and-new-weight-columns-right",
    "one-step-then-new-weights-right",
    "linear-regression-row-by-row-right",
    "block-of-examples-per-epoch-right",
    "descent-of-a-function-right",
    "feed-and-back-rows-in-turn-right",
    "perceptron-rule-right",
    "perceptron-sum-in-step",
    "pasted-losses-E_0.1-to-E_2",
)
REMARKS = {
    "numbered-by-source-right": ["GS903"],
    "pasted-losses-E_0.1-to-E_2": ["GS904"],
}
"""The rules of the remarks, where there are any."""

WRONG = {
    "one-cell-a-quantity-wrong": [("B31", 1, "GS601"), ("B32", 1, "GS601")],
    "google-POW-wrong": [("V3", 6, "GS501")],
    "rate-from-wrong-cell": [("E4", 56, "GS801")],
    "rate-slides-into-table": [("G6", 5, "GS211")],
    "rate-slides-all-weights": [("E7", 32, "GS211")],
    "E2-computes-its-neighbour": [("V3", 8, "GS503")],
    "h2-computes-its-neighbour": [("K3", 8, "GS401")],
    "o2-computes-its-neighbour": [("S3", 8, "GS401")],
    "update-filled-over-sums": [("I4", 28, "GS215")],
    "slip-in-a-helper-column": [("AH3", 6, "GS601")],
    "slow-six-sheets-of-unexplained-slips": [
        ("E7", 1248, "GS211"),
        ("V3", 180, "GS503"),
        ("X3", 720, "GS307", "GS501"),
    ],
}
"""The first cell, the number of cells and the rule of every mistake."""


def audited(name: str) -> Audit:
    return audit_workbook(CASES / f"{name}.xlsx")


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_workbook_is_right(name: str) -> None:
    found = audited(name)
    assert not found.mistakes
    assert found.all_right
    assert [code for remark in found.remarks for code in remark.codes] == REMARKS.get(name, [])


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_found_where_it_is(name: str) -> None:
    mistakes = audited(name).mistakes
    assert [(str(m.cell), m.cells, *m.codes) for m in mistakes] == WRONG[name]


@pytest.mark.parametrize(
    ("column", "right", "wrong", "rule"),
    [
        ("AH", "G{0}-$G$1*Z{0}", "G{0}+$G$1*Z{0}", "GS301"),
        ("AH", "G{0}-$G$1*Z{0}", "G{0}-$G$1*AA{0}", "GS605"),
        ("AJ", "M{0}-$G$1*AB{0}", "N{0}-$G$1*AB{0}", "GS401"),
    ],
)
@pytest.mark.parametrize("name", ["new-w", "prime", "n", "plus", "w-new"])
def test_a_mistake_in_a_column_of_new_weights_is_reported_there(
    name: str, column: str, right: str, wrong: str, rule: str
) -> None:
    book = read_book(CASES / f"new-weight-columns-{name}-right.xlsx")
    cells = book.sheets["Sheet"].cells
    for row in range(3, 11):
        index = CellIndex.parse(f"{column}{row}")
        assert cells[index].formula == right.format(row)
        cells[index] = Cell(None, wrong.format(row))
    [mistake] = audit_book(book).mistakes
    assert (str(mistake.cell), mistake.cells, *mistake.codes) == (f"{column}3", 8, rule)


@pytest.mark.parametrize("name", ["last-row-only-new-weights", "one-step-then-new-weights"])
def test_a_last_row_of_new_weights_is_checked(name: str) -> None:
    book = read_book(CASES / f"{name}-right.xlsx")
    cells = book.sheets["Sheet"].cells
    last = max(row for row, _ in cells)
    cells[CellIndex(last, 5)] = Cell(None, f"E{last - 1}+$G$1*X{last - 1}")
    [mistake] = audit_book(book).mistakes
    assert (mistake.cell, mistake.codes) == (CellIndex(last, 5), ("GS301",))


def test_a_reference_that_slides_by_fits_and_starts_is_one_finding() -> None:
    book = read_book(CASES / "rate-slides-all-weights.xlsx")
    cells = book.sheets["Sheet"].cells
    cells[CellIndex.parse("E8")] = Cell(None, "E7-B3*X7")
    [mistake] = audit_book(book).mistakes
    assert (str(mistake.cell), mistake.cells, mistake.codes) == ("E7", 32, ("GS211",))
    assert list(map(str, mistake.elsewhere)) == [f"{column}7" for column in "FGHMNOP"]


def test_a_cause_in_several_columns_is_one_finding_with_its_places() -> None:
    found = audited("rate-from-wrong-cell")
    [mistake] = found.mistakes
    assert message(mistake).endswith("; the same in F4, G4, H4, M4, N4, O4, P4")
    [table] = found.tables
    wrong = {
        column.letters: str(column.first_wrong) for column in table.columns if column.first_wrong
    }
    assert wrong == {letters: f"{letters}4" for letters in "EFGHMNOP"}
    assert found.count("wrong") == 8


def test_a_rate_from_another_cell_is_named_with_that_cell() -> None:
    [mistake] = audited("rate-from-wrong-cell").mistakes
    assert "takes the learning rate from $G$3 (w3) instead of G1" in message(mistake)


def test_each_place_of_a_cause_has_its_own_right_formula() -> None:
    *_, mistake = audited("slow-six-sheets-of-unexplained-slips").mistakes
    places = mistake.first_places
    assert len(places) == 4 * 6
    rights = [written_and_right(mistake.at(place))[1] for place in places]
    assert len(set(rights)) == 4
    assert all(mistake.at(place).cell == place.cell for place in places)
    assert message(mistake).startswith(
        "uses a_o1·t1 instead of a_o1 − t1, and likewise in every such term, and uses t1 instead "
    )
