"""Work in a process of its own, with limits of time and memory."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

PATIENCE = 30
"""So many times its limit of CPU time a process may take on a busy machine."""

MEMORY = 12 * 2**30  # of addresses; torch alone reserves two


def isolated(work: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What ``work`` returns; or the reason why it does not, as ``failed``.

    The process is forked: what is loaded here is there at once. It runs at low priority.

    Args:
        work: runs in the other process.
        seconds: of CPU time that it may take.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, there, seconds))
    process.start()
    there.close()
    try:
        if not here.poll(PATIENCE * seconds):
            return _too_long(seconds)
        found: dict[str, Any] = here.recv()
        return found
    except EOFError:
        process.join()
        if process.exitcode in (-signal.SIGXCPU, -signal.SIGKILL):
            return _too_long(seconds)
        return {"failed": f"the process ended with {process.exitcode}"}
    finally:
        process.kill()
        process.join()
        here.close()


def _too_long(seconds: float) -> dict[str, Any]:
    return {"failed": f"it took more than {seconds:.0f} seconds"}


def _work(work: Callable[[], dict[str, Any]], there: Connection, seconds: float) -> None:
    os.nice(5)
    limit = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        found = work()
    except Exception as error:  # a fault to report, whatever it is
        found = {"failed": f"{type(error).__name__}: {error}"}
    there.send(found)
    there.close()
