"""The presets' workbooks for backprop.html: where everything is in them, and their files.

Each trains at one learning rate for 20 updates. ``python -m gradsheet.explorer.sheets FOLDER``
writes where everything is; with a second folder, the workbooks as well (make sheets).
"""

import gzip
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

from gradsheet.networks.symbols import LEARNING_RATE
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.workbook.build import make_layout, write_workbook

RATE, UPDATES = 0.5, 20

_VALUE = re.compile(rb"(</f>)<v>[^<]*</v>")
_CACHE = re.compile(rb"<c:(num|str)Cache>.*?</c:\1Cache>", re.S)


def places(name: str) -> dict[str, Any]:
    """Where a preset's numbers are: rows and columns count from 1."""
    layout = make_layout(load_network(name), (RATE,), UPDATES)
    typed = layout.fields.typed
    inputs = {variable.name: typed[variable] for variable in layout.graph.given}
    inputs[str(LEARNING_RATE)] = typed[layout.fields.rates[0]]
    first = layout.trained_cell(layout.columns[0].variable)
    return {
        "inputs": {name: [row + 1, column + 1] for name, (row, column) in inputs.items()},
        "columns": [column.variable.name for column in layout.columns],
        "first": list(first.cell),
        "updates": UPDATES,
    }


def without_values(workbook: bytes) -> bytes:
    """A workbook without what its formulas gave, not compressed: its inputs will change."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as given,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as bare,
    ):
        for name in given.namelist():
            content = _CACHE.sub(b"", _VALUE.sub(rb"\1", given.read(name)))
            bare.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def main() -> None:
    """Write sheets.json into the first folder; the workbooks into the second."""
    found = {name: places(name) for name in PRESETS}
    (Path(sys.argv[1]) / "sheets.json").write_text(json.dumps(found) + "\n", encoding="utf-8")
    for folder in map(Path, sys.argv[2:3]):
        for name in PRESETS:
            path = folder / f"{name}.xlsx"
            write_workbook(load_network(name), path, learning_rates=(RATE,), updates=UPDATES)
            packed = gzip.compress(without_values(path.read_bytes()), 9, mtime=0)
            (folder / f"{name}.xlsx.gz").write_bytes(packed)


if __name__ == "__main__":
    main()
