"""What commands print, and how they end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130


@contextmanager
def resumable() -> Iterator[None]:
    """Tell how to continue when the work in the block is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        print(
            "\ngradsheet: interrupted; the same command goes on where it stopped", file=sys.stderr
        )
        sys.exit(INTERRUPTED)


def say(text: str) -> None:
    """Print text at once, as it is."""
    print(text, flush=True)


def show(table: object) -> None:
    """Print a table, as wide as the terminal allows."""
    from rich.console import Console

    Console().print(table)


def complain(message: str) -> None:
    """Print one line on stderr that begins with the program's name."""
    print(f"gradsheet: {' '.join(message.split())}", file=sys.stderr)
