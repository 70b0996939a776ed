"""Work in a process of its own, with limits of time and memory."""

import multiprocessing
import os
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

MEMORY = 12 * 2**30  # of addresses; torch alone reserves two


def isolated(work: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What ``work`` returns; or the reason why it does not, as ``failed``.

    The process is forked: what is loaded here is there at once. It runs at low priority.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, there))
    process.start()
    there.close()
    try:
        if not here.poll(seconds):
            return {"failed": f"it took more than {seconds:.0f} seconds"}
        found: dict[str, Any] = here.recv()
        return found
    except EOFError:
        process.join()
        return {"failed": f"the process ended with {process.exitcode}"}
    finally:
        process.kill()
        process.join()
        here.close()


def _work(work: Callable[[], dict[str, Any]], there: Connection) -> None:
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        found = work()
    except Exception as error:  # a fault to report, whatever it is
        found = {"failed": f"{type(error).__name__}: {error}"}
    there.send(found)
    there.close()
