"""demo: what it writes, and what it says at first."""

import re
from pathlib import Path

import pytest

from gradsheet.cli.demo import duration
from tests.commands import Run, Succeeded


@pytest.mark.slow
def test_the_quick_demo(succeeded: Succeeded, tmp_path: Path) -> None:
    text = succeeded("demo", "--quick")
    made = {path.name for path in (tmp_path / "runs/demo").iterdir()}
    rates = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
    assert made == {
        "backprop.xlsx",
        "losses.csv",
        "audit.html",
        "backprop.html",
        "digits.html",
        "network.svg",
        "network.png",
        "network.xlsx",
        "loss_all.png",
        "digits-quick",
        *(f"loss_lr_{rate}.png" for rate in rates),
    }
    usual, _, estimate, training = text.splitlines()[:4]
    assert usual.startswith("On two idle cores this takes about a minute;")
    assert re.fullmatch(r"The rest takes about [\d.]+ (s|minutes) here\.", estimate)
    assert training == "Training 17,410 parameters on 60,000 digits for 1 epoch."
    reached = re.search(r"(\d+)/10000 test digits", text)
    assert reached is not None
    assert int(reached[1]) > 9800
    again = succeeded("demo", "--quick", "--quiet")
    assert again.startswith("Written to runs/demo ")
    assert reached[0] in again


def test_the_demo_has_one_extent(gradsheet: Run, tmp_path: Path) -> None:
    ended = gradsheet("demo", "--quick", "--full")
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr == "gradsheet: --quick and --full exclude each other; give one of them\n"
    assert not list(tmp_path.iterdir())


def test_durations_promise_no_more_than_is_known() -> None:
    given = (0.4, 34, 97, 130, 400, 1234)
    words = ["10 s", "30 s", "100 s", "2.2 minutes", "6.7 minutes", "21 minutes"]
    assert [duration(seconds) for seconds in given] == words
