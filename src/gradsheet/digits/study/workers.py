"""The workers of a study: processes on this machine, or a Dask cluster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from tqdm import tqdm

from gradsheet.processes import check_scheduler, dask_client, fresh_processes, usable_cores


@dataclass(frozen=True)
class WorkerPool:
    """The workers that train the seeds of a study.

    Attributes:
        start: starts them and returns their executor.
        threads: number of threads that each worker may use.
        check: raises GradsheetError where they can finish nothing any more.
    """

    start: Callable[[], Executor]
    threads: int
    check: Callable[[], None] = lambda: None


@contextmanager
def worker_pool(jobs: int | None, scheduler: str | None) -> Iterator[WorkerPool]:
    """Processes here, ``jobs`` at a time (one per core if None), or the workers of a scheduler.

    Two runs of one thread each train more images per second than one run of two threads.

    Raises:
        GradsheetError: there is no Dask, or no such scheduler.
    """
    if scheduler is not None:
        with dask_client(scheduler) as client:

            def check() -> None:
                check_scheduler(client, scheduler)

            def start() -> Executor:
                check()
                executor: Executor = client.get_executor(retries=2)
                return executor

            yield WorkerPool(start, 1, check)
        return
    cores = usable_cores()
    processes = jobs or cores
    threads = min(max(1, cores // processes), torch.get_num_threads())  # OMP_NUM_THREADS, if set
    # What they had finished when they were interrupted is on the disk.
    yield WorkerPool(lambda: fresh_processes(processes), threads)


@contextmanager
def progress_bar(epochs: int, disable: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar over the epochs of all runs; it is told how many are done."""
    with tqdm(total=epochs, unit="epoch", dynamic_ncols=True, disable=disable) as bar:

        def look(done: int) -> None:
            if bar.n == 0 and done:  # what an earlier call trained says nothing of the speed
                bar.initial = done
            bar.update(done - bar.n)

        yield look
