"""Options: what help and completion list, how text is parsed, names of an earlier version."""

import sys
from pathlib import Path

import openpyxl
import pytest

from gradsheet.classroom.marked import Marked
from gradsheet.cli import models
from gradsheet.cli.options import (
    DEFAULT_RATES,
    ENGINES,
    LEVELS,
    MODELS,
    PRESETS,
    RECIPES,
    parse_rates,
)
from gradsheet.cli.render_classroom import class_lines
from gradsheet.cli.terminal import size_in_words
from gradsheet.digits import recipe, zoo
from gradsheet.errors import GradsheetError
from gradsheet.models import build, objective
from gradsheet.networks import sweep, toml
from gradsheet.spreadsheet import recalculate
from gradsheet.workbook import exercise_levels
from tests.commands import Run


def test_what_help_and_completion_list_is_what_there_is() -> None:
    assert tuple(toml.PRESETS) == PRESETS
    assert tuple(recipe.RECIPES) == RECIPES
    assert tuple(zoo.ZOO) == MODELS
    assert tuple(recalculate.ENGINES) == ENGINES
    assert tuple(objective.LOSSES) == models.LOSSES
    assert build.FORMULAS == models.MOST_FORMULAS
    assert tuple(exercise_levels.Level) == LEVELS
    assert tuple(parse_rates(DEFAULT_RATES)) == sweep.DEFAULT_LEARNING_RATES


def test_rates_in_a_list_and_in_a_range() -> None:
    assert parse_rates("0.1, 5e-1") == [0.1, 0.5]
    assert parse_rates("2,0.01:1:3") == [2, 0.01, pytest.approx(0.1, rel=1e-15), 1]
    for text in ("", "fast", "1:2", ":", "1:2:", "1:2:3:4", "1:2:2.5", "0.1;0.5"):
        with pytest.raises(GradsheetError, match="is not a learning rate; expected numbers"):
            parse_rates(text)
    for text in ("2:1:5", "0:1:5", "1:1:5", "-1:1:5", "1:inf:5", "nan:1:5"):
        with pytest.raises(GradsheetError, match=f"the range {text} goes from .* above 0, the low"):
            parse_rates(text)
    for text in ("1:2:1", "0.1:1:100000000"):
        with pytest.raises(GradsheetError, match=r"rates; expected 2 to 1,000,000"):
            parse_rates(text)


def test_an_option_is_accepted_under_its_old_name(gradsheet: Run, tmp_path: Path) -> None:
    old = gradsheet("workbook", "and", "--iterations", 2, "-o", "old.xlsx")
    assert (old.code, old.stderr) == (
        0,
        "gradsheet: note: --iterations is now called --updates; "
        "the old name will be removed in version 0.3\n",
    )
    new = gradsheet("workbook", "and", "--updates", 2, "-o", "new.xlsx")
    assert new.stderr == ""
    tables = [
        openpyxl.load_workbook(tmp_path / name)["lr 0.5"] for name in ("old.xlsx", "new.xlsx")
    ]
    old_cells, new_cells = (list(table.values) for table in tables)
    assert old_cells == new_cells


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--recipe", "nosuch"),
        ("study", "--model", "nosuch"),
        ("lr-find", "--recipe", "nosuch"),
        ("summary", "--model", "nosuch"),
        ("compare", "nosuch", "17k"),
        ("evaluate", "nosuch"),
        ("predict", "--model", "nosuch", "x.png"),
        ("open", "nosuch"),
    ],
    ids=" ".join,
)
def test_an_unknown_name_is_refused_before_torch_is_loaded(
    arguments: tuple[str, ...], gradsheet: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("gradsheet.digits", "torch"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would fail
    run = gradsheet(*arguments)
    assert run.code == 2
    assert "nosuch" in run.stderr


def test_sizes_and_counts_in_words() -> None:
    assert [size_in_words(count) for count in (7_340, 99_000, 100_000, 1_250_000)] == [
        *("7.3 kB", "99.0 kB", "0.1 MB", "1.2 MB")
    ]
    exercise, missing = Marked("a.xlsx", "exercise"), Marked("", "missing")
    assert class_lines([exercise], [], 0) == "1 row: 1 exercise."
    assert class_lines([exercise, exercise, missing], [], 0) == "3 rows: 2 exercises, 1 missing."
