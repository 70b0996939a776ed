"""What commands print, and how they end."""

import codecs
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal, TextIO, TypeVar

from gradsheet.cli.interrupts import acknowledge
from gradsheet.errors import one_line, reason

INTERRUPTED = 130

# What stands for a character that the terminal's encoding lacks.
_ONE_FOR_ONE = dict(zip("∂Δ′×·−–—‘’“”", "dD'x*---''\"\"", strict=True))
_WORDS = {"η": "eta", "σ": "sigma", "Σ": "sum", "δ": "delta", "…": "...", "→": "->"}
_SPELLED = _ONE_FOR_ONE | _WORDS | {"²": "^2", "≤": "<=", "≥": ">=", "±": "+-"}

_T = TypeVar("_T")
Progress = Callable[[float], None]


def prepare_streams() -> None:
    """Make the standard streams fit for whatever is printed.

    One that was closed leads nowhere, for else the next file that is opened would take its place.
    A character that an ASCII terminal lacks is spelled out.
    """
    codecs.register_error("spelled", _spelled)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, _nowhere(number, "w" if number else "r"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spelled")


def _nowhere(number: int, mode: Literal["r", "w"]) -> TextIO:
    descriptor = os.open(os.devnull, os.O_RDWR)
    if descriptor != number:
        os.dup2(descriptor, number)
        os.close(descriptor)
    return open(number, mode, encoding="utf-8", closefd=False)  # no path


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_SPELLED.get(character, "?") for character in missing), error.end


def finish_output(code: int) -> int:
    """Print what is still to be printed; the exit code, which is 2 where that fails."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python tries again when it ends
        if code != 2:  # which has said so, or more
            complain(f"cannot print: {reason(error)}")
        return 2
    return code


def size_in_words(count: int) -> str:
    """A number of bytes, such as ``1.2 MB``."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def prints_unicode() -> bool:
    """Whether standard output takes every character."""
    return (sys.stdout.encoding or "").lower().startswith("utf")


@dataclass(frozen=True)
class Terminal:
    """Standard output: results always, notes and progress unless ``quiet``."""

    quiet: bool = False

    def note(self, text: str) -> None:
        """Print what happens, or what was written where."""
        if not self.quiet:
            self.result(text)

    def result(self, content: object) -> None:
        """Print text as it is and at once, or a table as wide as the terminal allows."""
        if not isinstance(content, str):
            content = _drawn(content)
        print(content, flush=True)


def _drawn(content: object) -> str:
    """What rich makes of it; printed by rich itself, a closed pipe would end with exit code 1."""
    from rich.console import Console

    console = Console()
    with console.capture() as captured:
        console.print(content)
    return captured.get().removesuffix("\n")


def with_bar(work: Iterable[_T], total: int) -> Iterator[_T]:
    """The same items, with a progress bar on stderr that is gone when they are done."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    silent = not console.is_terminal  # else an empty line is left in a log
    return iter(track(work, "", total, console=console, transient=True, disable=silent))


@contextmanager
def progress_bar(text: Callable[[int, float], str]) -> Iterator[Callable[[int, float], Progress]]:
    """A bar on stderr that is gone when the block ends; it begins when it is told the work."""
    from rich.console import Console
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    silent = not console.is_terminal  # else an empty line is left in a log
    bars = Bars(console=console, transient=True, disable=silent)

    def begin(size: int, seconds: float) -> Progress:
        bars.start()  # not before: its end writes a line
        task = bars.add_task(text(size, seconds), total=1)
        return lambda done: bars.update(task, completed=done)

    try:
        yield begin
    finally:
        if bars.tasks:
            bars.stop()


def complain(message: str) -> None:
    """Print one line on stderr that begins with the program's name."""
    with suppress(OSError):  # nobody is left to be told
        print(f"gradsheet: {one_line(message)}", file=sys.stderr, flush=True)


@contextmanager
def resumable() -> Iterator[None]:
    """Tell how to continue when the work in the block is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        acknowledge()
        if sys.stderr.isatty():
            print(file=sys.stderr)  # below a progress bar
        complain("interrupted; give the same command again to continue")
        sys.exit(INTERRUPTED)
