"""Predictions as a table, as JSON, as CSV, and as the pictures that the network saw."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from gradsheet.audit.report.text import inert
from gradsheet.files import make_folder

if TYPE_CHECKING:
    from gradsheet.digits.prediction import Prediction


def prediction_table(pictures: Sequence[Path], predictions: "Sequence[Prediction]") -> Table:
    """A row a digit: the most probable digit and the next two, or why there is none."""
    table = Table("picture")
    for name in ("digit", "probability", "second", "third"):
        table.add_column(name, justify="right")
    if any(found.reason for found in predictions):
        table.add_column("note")
    for found in predictions:
        cells = [str(pictures[found.picture]), "", "", "", ""]
        if found.alternatives:
            (digit, probability), *others = found.alternatives
            cells[1:3] = f"{digit}" if found.sure else f"{digit}?", f"{probability:.2%}"
            cells[3:] = [f"{other} ({p:.2%})" for other, p in others]
        # A file's name may look like markup.
        table.add_row(*map(Text, cells), *([found.reason] if found.reason else []))
    return table


def prediction_json(
    pictures: Sequence[Path], predictions: "Sequence[Prediction]", ascii_only: bool = False
) -> str:
    """A list with an object a digit; null and the reason where none was found."""
    rows = [
        {
            "file": str(pictures[found.picture]),
            "digit": found.digit,
            "probability": found.probability,
            "sure": found.sure,
            "alternatives": [{"digit": digit, "probability": p} for digit, p in found.alternatives],
            "reason": found.reason or None,
        }
        for found in predictions
    ]
    return json.dumps(rows, ensure_ascii=ascii_only, indent=2)


def prediction_csv(pictures: Sequence[Path], predictions: "Sequence[Prediction]") -> str:
    """A row a digit; the digit is empty where none was found."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    ranks = [f"{what} {rank}" for rank in (2, 3) for what in ("digit", "probability")]
    writer.writerow(["file", "digit", "probability", *ranks, "reason"])
    for found in predictions:
        others = [value for pair in found.alternatives[1:] for value in pair]
        digit = "" if found.digit is None else found.digit
        row = [digit, found.probability, *others, *[""] * (4 - len(others)), found.reason]
        writer.writerow([inert(str(pictures[found.picture])), *row])
    return written.getvalue()


def write_images(
    pictures: Sequence[Path], predictions: "Sequence[Prediction]", folder: Path
) -> None:
    """Write each digit as the network saw it, named after its picture: NAME-1.png and so on."""
    from gradsheet.digits.pictures import write_picture

    make_folder(folder)
    for name, found in zip(_names(pictures, predictions), predictions, strict=True):
        if found.image is not None:
            write_picture(folder / name, found.image)


def _names(pictures: Sequence[Path], predictions: "Sequence[Prediction]") -> Iterator[str]:
    """A file name for each prediction; pictures of one name in two folders do not meet."""
    used: dict[str, int] = {}
    for found in predictions:
        stem = pictures[found.picture].stem
        used[stem] = used.get(stem, 0) + 1
        yield f"{stem}-{used[stem]}.png"
