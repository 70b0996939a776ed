"""The sheet of common mistakes."""

import re
from pathlib import Path

import pytest

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.recalculate import cached_values
from gradsheet.workbook import common_mistakes
from gradsheet.workbook.build import write_workbook
from tests.workbook.books import LINE, after, book, cell_of, ref, table

TWO_EXAMPLES = NetworkSpec(
    ((0.5, -1.0, 0.25), (1.0, 0.75, -0.5)),
    ((0.2, -0.4), (0.6, 0.1)),
    (
        LayerSpec(((0.1, -0.4, 0.3), (0.3, 0.2, -0.2), (-0.5, 0.7, 0.4)), "tanh", (0.1, 0.0, 0.2)),
        LayerSpec(((0.4, -0.2, 0.6), (-0.3, 0.5, 0.2)), "identity", (0.05, -0.05)),
    ),
    optimizer="momentum",
)
SHEET = "Common mistakes"


@pytest.fixture(scope="module")
def two_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("books") / "book.xlsx"
    write_workbook(TWO_EXAMPLES, path, learning_rates=(0.1, 0.5, 1.0), updates=12)
    return path


def blocks(path: Path) -> list[dict[str, float | str]]:
    """The numbers of each mistake, and what is said of them."""
    values, found = cached_values(path), []
    for row in book(path)[SHEET].iter_rows(max_col=1):
        if re.match(r"\d   ", str(row[0].value)):
            first = row[0].row or 0
            places = {
                "right": (2, "D"),
                "wrong": (3, "D"),
                "error": (3, "E"),
                "share": (3, "F"),
                "downhill": (5, "E"),
                "right loss": (6, "D"),
                "loss": (6, "E"),
                "said": (7, "C"),
            }
            found.append(
                {
                    name: values[ref(SHEET, f"{column}{first + down}")]
                    for name, (down, column) in places.items()
                }
            )
    return found


def test_a_published_mistake_has_its_size(course: Path) -> None:
    found = blocks(course)
    assert len(found) == 6
    assert found[0]["error"] == pytest.approx(5.9e-8, rel=0.01)
    assert all("The loss falls" in str(block["said"]) for block in found)


@pytest.mark.parametrize("name", ["course", "xor", "two_examples"])
def test_what_is_said_follows_from_the_numbers(name: str, request: pytest.FixtureRequest) -> None:
    for block in blocks(request.getfixturevalue(name)):
        said = str(block["said"])
        right, wrong = float(block["right"]), float(block["wrong"])
        assert ("wrong sign" in said) == (right * wrong < 0)
        if "of at most 1%" in said:  # as it is shown
            assert abs(round(float(block["share"]), 4)) <= 0.01
        assert ("at first the wrong" in said.lower()) == (right == wrong)
        assert ("at most" in said) == (right * wrong > 0 and 0 < abs(wrong / right - 1) < 0.5)
        assert ("does not lead downhill" in said) == (float(block["downhill"]) <= 0)
        farther = float(block["loss"]) < float(block["right loss"])
        assert ("farther" in said) <= farther
        assert ("less far" in said) <= (not farther)


@pytest.mark.parametrize("name", ["course", "xor", "two_examples"])
def test_the_right_training_is_that_of_its_learning_rate(
    name: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(name)
    values, sheet = cached_values(path), book(path)[SHEET]
    rates = [sheet for sheet in book(path).sheetnames if sheet.startswith("lr ")]
    trained = table(values, path, rates[(len(rates) - 1) // 2])["E_total"]
    header = [cell.value for cell in sheet[4]]
    column = header.index("E_total") + 1
    losses = [sheet.cell(row, column) for row in range(5, 5 + len(trained))]
    shown = [values[ref(SHEET, cell.coordinate)] for cell in losses if cell.value is not None]
    assert len(shown) > 8
    assert shown == pytest.approx(trained[: len(shown)], rel=1e-12)


def test_the_words_follow_the_inputs(two_examples: Path, tmp_path: Path) -> None:
    """With the unit below at 0 the pre-activation is its activation: the mistake is none."""
    weights = {cell_of(two_examples, f"w_{number}"): 0.0 for number in (7, 8, 9)}
    found = after(two_examples, tmp_path, {**weights, cell_of(two_examples, "b_3"): 0.0})
    said = [str(v) for k, v in found.items() if k.sheet == SHEET and "The gradient" in str(v)]
    said += [str(v) for k, v in found.items() if k.sheet == SHEET and "At first" in str(v)]
    assert sum(text.startswith("At first the wrong formula gives the right") for text in said) == 1


def test_without_a_mistake_there_is_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(LINE, path, learning_rates=(0.1,), updates=1)
    assert SHEET not in book(path).sheetnames
    told = [str(row[1].value) for row in book(path)["Start"].iter_rows(max_col=2)]
    assert "Common mistakes is left out: none of them can be made in this network." in told


def test_a_mistake_too_long_to_write_out_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common_mistakes, "FORMULA_CHARACTERS", 200)
    path = tmp_path / "book.xlsx"
    write_workbook(load_network("xor"), path, learning_rates=(0.1,), updates=1)
    told = [str(row[0].value) for row in book(path)[SHEET].iter_rows(max_col=1) if row[0].value]
    assert len(blocks(path)) == 3
    assert told[-1].startswith(
        "Not made here, because the network lacks what they need or the formula"
    )
    assert "weight updated before its old value was used" in told[-1]
