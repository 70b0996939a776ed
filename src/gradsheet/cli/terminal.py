"""What commands print, and how they end."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

INTERRUPTED = 130

_T = TypeVar("_T")


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
        if isinstance(content, str):
            print(content, flush=True)
            return
        from rich.console import Console

        Console().print(content)


def with_bar(work: Iterable[_T], total: int) -> Iterator[_T]:
    """The same items, with a progress bar on stderr that is gone when they are done."""
    from rich.console import Console
    from rich.progress import track

    return iter(track(work, "", total, console=Console(stderr=True), transient=True))


def complain(message: str) -> None:
    """Print one line on stderr that begins with the program's name."""
    print(f"gradsheet: {' '.join(message.split())}", file=sys.stderr)


@contextmanager
def resumable() -> Iterator[None]:
    """Tell how to continue when the work in the block is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        print(file=sys.stderr)  # below a progress bar
        complain("interrupted; give the same command again to continue")
        sys.exit(INTERRUPTED)
