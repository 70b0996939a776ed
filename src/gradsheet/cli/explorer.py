"""The command explore: pages for a browser."""

from pathlib import Path
from typing import Annotated

from gradsheet.cli.options import Quiet, output
from gradsheet.cli.terminal import Terminal


def explore(
    folder: Annotated[Path, output("The folder to write.")] = Path("runs/explorer"),
    quiet: Quiet = False,
) -> None:
    """Write pages that show all of it in a browser, alive, with nothing to install."""
    from gradsheet.explorer.build import PAGES, write_pages

    terminal = Terminal(quiet)
    for path in write_pages(folder):
        size = path.stat().st_size / 1000
        terminal.note(f"Wrote {path} ({size:.0f} kB): {PAGES[path.name]}.")
