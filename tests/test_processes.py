"""Counting the cores that other work leaves free; a cluster whose scheduler is gone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gradsheet import processes
from gradsheet.errors import GradsheetError
from gradsheet.processes import dask_workers, free_cores, usable_cores


def test_a_core_is_always_left() -> None:
    assert 1 <= free_cores(0.05) <= usable_cores()


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux counts a core's work")
@pytest.mark.skipif(os.nice(0) > 0, reason="work of low priority gives way and is not counted")
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


class LosingCluster(Executor):
    """A Dask client that loses its scheduler after the first result."""

    def __init__(self, cancels: bool) -> None:
        self.cancels, self.looks = cancels, 0

    @property
    def status(self) -> str:
        self.looks += 1
        return "running" if self.looks < 3 else "closed"

    def get_executor(self, retries: int) -> Executor:
        return self

    def submit(self, function: Any, /, *items: Any, **words: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if items[0] == 0:
            future.set_result(function(*items))
        elif self.cancels:
            future.cancel()
        return future


@pytest.mark.parametrize("cancels", [False, True])
def test_work_ends_where_its_scheduler_is_gone(
    cancels: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def client(_: str) -> Iterator[LosingCluster]:
        yield LosingCluster(cancels)

    monkeypatch.setattr(processes, "dask_client", client)
    monkeypatch.setattr(processes, "_LOOK", 0.01)
    with dask_workers("tcp://gone:1") as workers:
        results = workers.map(str, range(3))
        assert next(results) == "0"
        with pytest.raises(GradsheetError, match="scheduler at tcp://gone:1 is gone; give the"):
            next(results)
