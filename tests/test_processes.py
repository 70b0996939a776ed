"""Counting the cores that other work leaves free."""

import subprocess
import sys
from pathlib import Path

import pytest

from gradsheet import processes
from gradsheet.processes import free_cores, usable_cores


def test_a_core_is_always_left() -> None:
    assert 1 <= free_cores(0.05) <= usable_cores()


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux counts a core's work")
def test_work_of_others_is_counted() -> None:
    before = processes._busy_ticks()
    work = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", work], check=True)
    assert processes._busy_ticks() - before >= 45


def test_own_work_is_not_that_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cores: one is this process's for the whole time, the other another's or nobody's."""
    for others, expected in ((0.0, 2), (0.4, 2), (0.6, 1), (2.0, 1)):
        ticks = iter((1000, 1000 + round(100 * (1 + others))))
        own = iter((5.0, 6.0))
        monkeypatch.setattr(processes, "usable_cores", lambda: 2)
        monkeypatch.setattr(processes, "_busy_ticks", lambda found=ticks: next(found))
        monkeypatch.setattr("time.process_time", lambda found=own: next(found))
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        assert free_cores(1.0) == expected


def test_where_nothing_is_counted_all_cores_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_busy_ticks", lambda: 0)
    assert free_cores(0.01) == usable_cores()
