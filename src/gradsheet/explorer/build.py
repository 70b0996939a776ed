"""The pages as files: each is one HTML file that needs nothing else."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from gradsheet.files import make_folder, write_text

PAGES = {
    "backprop.html": "backpropagation, step by step",
    "digits.html": "the digit classifier, every number of it",
}
"""Each page and what it shows."""


def write_pages(folder: str | Path) -> Iterator[Path]:
    """Write every page into ``folder``; the paths written.

    Raises:
        GradsheetError: the folder cannot be made or written.
    """
    target = make_folder(Path(folder))
    for name in PAGES:
        page = files("gradsheet.explorer") / "pages" / name
        write_text(target / name, page.read_text("utf-8"))
        yield target / name
