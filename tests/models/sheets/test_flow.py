"""The graph on the overview."""

from gradsheet.models.sheets.flow import flow


def test_a_shortcut_has_a_rail() -> None:
    assert flow([[], [0], [1], [2, 0]]) == ["●─┐", "● │", "● │", "●◂┘"]


def test_rails_that_overlap_are_beside_one_another() -> None:
    """The first is read twice, and a row that does not read the one above has another point."""
    reads = [[], [0], [1], [2, 1], [0], [4, 3, 0]]
    assert flow(reads) == ["●─┐", "●─┼─┐", "● │ │", "●◂┼─┴─┐", "○◂┤   │", "●◂┴───┘"]
