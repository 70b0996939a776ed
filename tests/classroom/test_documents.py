"""docs/teachers.md: its figures are those measured, and its rubric is one."""

import json
import re
from pathlib import Path

from gradsheet.classroom.rubric import VERDICTS, read_rubric

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "teachers.md").read_text("utf-8")
FLAT = " ".join(PAGE.split())
RESULTS = json.loads((ROOT / "results" / "classroom.json").read_text("utf-8"))


def test_the_figures_are_those_measured() -> None:
    time, copied, damaged = (RESULTS[k] for k in ("time", "copied work", "damaged files"))
    marking = round(time["CPU seconds to mark them"])
    assert f"{time['exercises']} exercises took {marking} CPU seconds" in PAGE
    assert marking < 110
    listed = copied["listed"].values()
    assert set(listed) == {copied["classes"]}
    words = f"In {copied['classes']} simulated classes of {copied['students']} with three copies"
    assert words in FLAT
    innocent = copied["innocent pairs listed"]
    assert f"all {sum(listed)} were listed, and {innocent} innocent pairs" in FLAT
    assert innocent <= 1
    assert f"Of {damaged['files']} damaged files each was marked or refused" in FLAT
    assert damaged["marked"] + damaged["refused"] == damaged["files"]


def test_the_rubric_shown_is_one(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "points.toml"
    path.write_text(shown)
    rubric = read_rubric(path)
    assert (rubric.hint, rubric.free_form, rubric.rules) == (0.25, 10, {"GS601": 2})
    named = shown + PAGE
    assert all(f"`{name}`" in named or f"{name} =" in named or name == "right" for name in VERDICTS)
