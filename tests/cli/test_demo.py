"""demo: what it writes."""

import re
import time
from pathlib import Path

import pytest

from tests.commands import Succeeded


@pytest.mark.slow
def test_the_quick_demo(succeeded: Succeeded, tmp_path: Path) -> None:
    start = time.perf_counter()
    text = succeeded("demo", "--quick")
    assert time.perf_counter() - start < 60
    made = {path.name for path in (tmp_path / "runs/demo").iterdir()}
    rates = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
    assert made == {
        "backprop.xlsx",
        "losses.csv",
        "network.svg",
        "network.png",
        "network.xlsx",
        "loss_all.png",
        "digits-quick",
        *(f"loss_lr_{rate}.png" for rate in rates),
    }
    reached = re.search(r"(\d+)/10000 test digits", text)
    assert reached is not None
    assert int(reached[1]) > 9800
    again = succeeded("demo", "--quick")
    assert "is finished already; its weights are kept" in again
    assert reached[0] in again
