"""Ctrl-C ends the program, also where a library catches the exception."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

_SOON, _AGAIN = 0.1, 5.0  # seconds
_IMPORT = "<frozen importlib._bootstrap>"


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt for SIGINT, again and again until somebody acknowledges it.

    An import is finished first: libraries catch what fails in one, or are left broken. An
    exception that a destructor or a callback swallowed is raised anew after some seconds.
    """
    if current_thread() is not main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    numbers = signal.SIGINT, signal.SIGALRM
    former = [signal.signal(number, _interrupt) for number in numbers]
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip(numbers, former, strict=True):
            signal.signal(number, handler)


def acknowledge() -> None:
    """Be interrupted no more: the program ends."""
    if hasattr(signal, "setitimer") and signal.getsignal(signal.SIGINT) is _interrupt:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _interrupt(_: int, frame: FrameType | None) -> None:
    importing = _is_importing(frame)
    signal.setitimer(signal.ITIMER_REAL, _SOON if importing else _AGAIN)
    if not importing:
        raise KeyboardInterrupt


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == _IMPORT:
            return True
        frame = frame.f_back
    return False
