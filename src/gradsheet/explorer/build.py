"""The pages as files: each is one HTML file that needs nothing else."""

import base64
import gzip
import io
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from gradsheet.explorer.python_runtime import PARTS
from gradsheet.files import make_folder, write_text
from gradsheet.networks.toml import PRESETS

PAGES = {
    "backprop.html": "backpropagation, step by step",
    "digits.html": "the digit classifier, every number of it",
    "audit.html": "check a workbook: the audit, in the page",
}
"""Each page and what it shows."""

_PLACE = "<!--PARTS-->"
"""Where a page has its parts."""

_BESIDE = {
    "backprop.html": (
        "ironcalc.wasm",
        *(f"{name}.{kind}" for name in PRESETS for kind in ("icalc", "xlsx")),
    ),
    "audit.html": PARTS,
}

_ROOMS = ("audit", "networks", "spreadsheet", "symbolic")
_MODULES = ("__init__", "arguments", "deprecation", "errors", "files")
_OWN = ("__init__", "arrays", "in_page", "numpy_names")


def write_pages(folder: str | Path) -> Iterator[Path]:
    """Write every page into ``folder``; the paths written.

    Raises:
        GradsheetError: the folder cannot be made or written.
    """
    target = make_folder(Path(folder))
    for name in PAGES:
        page = (files("gradsheet.explorer") / "pages" / name).read_text("utf-8")
        if _PLACE in page:
            page = page.replace(_PLACE, _parts(name), 1)
        write_text(target / name, page)
        yield target / name


def _parts(page: str) -> str:
    """What a page holds beside its script, each part compressed: see runtime/README.md."""
    runtime = files("gradsheet.explorer") / "runtime"
    packed = {name: (runtime / f"{name}.gz").read_bytes() for name in _BESIDE[page]}
    if page == "audit.html":
        packed["gradsheet.zip"] = gzip.compress(sources(), 9, mtime=0)
    return "\n".join(
        f'<script type="text/plain" data-part="{name}">{base64.b64encode(part).decode()}</script>'
        for name, part in packed.items()
    )


def sources() -> bytes:
    """What the audit consists of, as a zip that Python imports from."""
    package, packed = files("gradsheet"), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in _MODULES:
            _add(archive, package / f"{name}.py", "gradsheet")
        for name in _OWN:
            _add(archive, package / "explorer" / f"{name}.py", "gradsheet/explorer")
        for room in _ROOMS:
            _add(archive, package / room, "gradsheet")
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, found: Traversable, folder: str) -> None:
    """Add a module, or a folder of them."""
    if found.is_dir():
        for inside in sorted(found.iterdir(), key=lambda one: one.name):
            _add(archive, inside, f"{folder}/{found.name}")
    elif found.name.endswith(".py"):
        archive.writestr(zipfile.ZipInfo(f"{folder}/{found.name}"), found.read_bytes())
