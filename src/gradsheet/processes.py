"""Worker processes on this machine, and how many cores there are for them."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from signal import SIG_DFL, SIGINT, signal


def usable_cores() -> int:
    """The cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1


def fresh_processes(count: int) -> ProcessPoolExecutor:
    """``count`` processes at a time.

    They are started afresh, for one that was forked with running threads can hang. An interrupt
    ends them without a word.
    """
    context = get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=signal, initargs=(SIGINT, SIG_DFL))
