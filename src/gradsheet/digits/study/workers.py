"""The workers of a study: processes on this machine, or a Dask cluster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from gradsheet.errors import GradsheetError
from gradsheet.processes import fresh_processes, usable_cores


@dataclass(frozen=True)
class WorkerPool:
    """The workers that train the seeds of a study.

    Attributes:
        start: starts them and returns their executor.
        threads: number of threads that each worker may use.
    """

    start: Callable[[], Executor]
    threads: int


@contextmanager
def worker_pool(jobs: int | None, scheduler: str | None) -> Iterator[WorkerPool]:
    """Processes here, ``jobs`` at a time (one per core if None), or the workers of a scheduler.

    Two runs of one thread each train more images a second than one run of two threads.

    Raises:
        GradsheetError: there is no Dask, or no such scheduler.
    """
    if scheduler is not None:
        with _client(scheduler) as client:
            yield WorkerPool(lambda: client.get_executor(retries=2), threads=1)
        return
    cores = usable_cores()
    processes = jobs or cores
    # What they had finished when they were interrupted is on the disk.
    yield WorkerPool(lambda: fresh_processes(processes), threads=max(1, cores // processes))


@contextmanager
def progress_bar(epochs: int, disable: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar over the epochs of all runs; it is told how many are done."""
    with tqdm(total=epochs, unit="epoch", dynamic_ncols=True, disable=disable) as bar:

        def look(done: int) -> None:
            if bar.n == 0 and done:  # what an earlier call trained says nothing of the speed
                bar.initial = done
            bar.update(done - bar.n)

        yield look


def _client(scheduler: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise GradsheetError(
            "--scheduler needs Dask, which is not installed; pip install 'gradsheet[cluster]'"
        ) from error
    try:
        return Client(scheduler, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise GradsheetError(f"no Dask scheduler answers at {scheduler} ({error})") from error
