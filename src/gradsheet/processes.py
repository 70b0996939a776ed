"""Worker processes, on this machine or a Dask cluster, and how many cores there are for them."""

import logging
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path
from signal import SIG_DFL, SIG_IGN, SIGINT, signal
from threading import Thread
from typing import Any

from gradsheet.errors import GradsheetError

_TICKS = 100  # a second, in /proc/stat
_LOOK = 1.0  # seconds between looks at a scheduler


def usable_cores() -> int:
    """The cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1


def free_cores(seconds: float = 0.2) -> int:
    """The cores that other processes leave free, at least 1, as Linux counts over that long.

    Work of low priority does not count, for it gives way. Elsewhere all cores count as free.
    """
    before = _busy_ticks()
    own = time.process_time()
    time.sleep(seconds)
    others = (_busy_ticks() - before) / _TICKS - (time.process_time() - own)
    return max(1, round(usable_cores() - max(0.0, others) / seconds))


def processor_name() -> str:
    """The processor's name, as Linux or else Python has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _busy_ticks() -> int:
    """How long the usable cores have computed since the machine started."""
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    names = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    rows = [row for row in map(str.split, lines) if row and row[0] in names]
    # user, nice, system, idle, iowait, irq, softirq, steal
    return sum(int(row[1]) + int(row[3]) + sum(map(int, row[6:9])) for row in rows)


def fresh_processes(count: int, finish: bool = False) -> ProcessPoolExecutor:
    """``count`` processes at a time.

    They are started afresh, for one that was forked with running threads can hang. The end of this
    process, however it ends, ends them, and so does an interrupt, without a word.

    Args:
        count: how many.
        finish: whether an interrupt lets each finish the short work that it is at.
    """
    return ProcessPoolExecutor(count, get_context("spawn"), initializer=_begin, initargs=(finish,))


def _begin(finish: bool) -> None:
    signal(SIGINT, SIG_IGN if finish else SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


# --- On other machines -----------------------------------------------------------------------


@contextmanager
def dask_workers(scheduler: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler, as long as the block runs.

    Raises:
        GradsheetError: there is no Dask, or no such scheduler, or it is gone before all is done.
    """
    with dask_client(scheduler) as client:
        yield _DaskWorkers(client, scheduler)


class _DaskWorkers(Executor):
    """Workers whose ``map`` does not wait for a scheduler that is gone."""

    def __init__(self, client: Any, scheduler: str) -> None:
        self._client, self._scheduler = client, scheduler
        self._workers: Executor = client.get_executor(retries=2)

    def submit(self, function: Callable[..., Any], /, *items: Any, **words: Any) -> Future[Any]:
        return self._workers.submit(function, *items, **words)

    def map(
        self,
        function: Callable[..., Any],
        *items: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[Any]:
        futures = [self.submit(function, *together) for together in zip(*items, strict=True)]
        return self._results(futures)

    def _results(self, futures: Sequence[Future[Any]]) -> Iterator[Any]:
        for future in futures:
            while not future.done():
                wait([future], timeout=_LOOK)
                check_scheduler(self._client, self._scheduler)
            try:
                yield future.result()
            except CancelledError as error:  # by the connection that was lost
                raise _scheduler_gone(self._scheduler) from error


def check_scheduler(client: Any, scheduler: str) -> None:
    """Raise GradsheetError where the scheduler of a client is gone, and no longer looked for."""
    if client.status == "closed":
        raise _scheduler_gone(scheduler)


def _scheduler_gone(scheduler: str) -> GradsheetError:
    return GradsheetError(
        f"the Dask scheduler at {scheduler} is gone; give the same command again, with one that "
        "runs or without"
    )


def dask_client(scheduler: str) -> Any:
    """A connection to a Dask scheduler, such as ``tcp://10.0.0.1:8786``.

    Raises:
        GradsheetError: there is no Dask, or no such scheduler.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise GradsheetError(
            "--scheduler needs Dask, which is not installed; pip install 'gradsheet[cluster]'"
        ) from error
    # What matters is an error of ours; the last is what is said of a callback to a lost scheduler.
    for name in ("distributed", "distributed.client", "concurrent.futures"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return Client(scheduler, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise GradsheetError(f"no Dask scheduler answers at {scheduler} ({error})") from error
