"""A run's history: one record for each epoch, and the CSV file that holds them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from gradsheet.digits.former_names import row_with_eval_set, with_present_names
from gradsheet.files import read_text, reading, write_text

HISTORY = "history.csv"
"""The file in a run folder."""


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of a run.

    Attributes:
        epoch: number of the epoch, 1 for the first.
        learning_rate: learning rate of the epoch's last step.
        train_loss: mean of the recipe's loss per training image, in nats, as the network trained.
        train_accuracy: fraction of the augmented training images classified correctly, 0 to 1.
        eval_set: the images that were evaluated after the epoch: ``test`` or ``validation``.
        eval_loss: mean cross-entropy per image of that set, in nats, with the weights that are
            saved.
        eval_accuracy: fraction of that set classified correctly, 0 to 1.
        seconds: wall time of the training, without the evaluation.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    eval_set: str
    eval_loss: float
    eval_accuracy: float
    seconds: float

    @classmethod
    def from_text(cls, row: Mapping[str, str]) -> "EpochRecord":
        """Parse a row of a CSV file.

        Raises:
            KeyError, TypeError, ValueError: a column is unknown or missing, or is not a number.
        """
        if row["eval_set"] not in ("test", "validation"):
            raise ValueError(f"eval_set is {row['eval_set']!r}")
        types = {field.name: field.type for field in fields(cls)}
        return cls(**{name: types[name](text) for name, text in row.items()})  # type: ignore[operator]


def history_columns() -> list[str]:
    """Names of the columns of a history, in order."""
    return [field.name for field in fields(EpochRecord)]


def write_history(folder: Path, history: Sequence[EpochRecord]) -> None:
    """Write ``history.csv`` in a run folder, one row for each epoch.

    Raises:
        GradsheetError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, history_columns(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(record) for record in history)
    write_text(folder / HISTORY, text.getvalue())


def read_history(folder: Path, eval_set: str = "test") -> tuple[EpochRecord, ...]:
    """Read the ``history.csv`` of a run folder.

    Args:
        folder: the run folder.
        eval_set: the images that were evaluated; a file of version 0.1 does not say.

    Raises:
        GradsheetError: the file is missing, cannot be read or is not a history.
    """
    path = folder / HISTORY
    expected = f"a training history with the columns {', '.join(history_columns())}"
    with reading(path, expected):
        text = io.StringIO(read_text(path, expected))
        rows = [row_with_eval_set(row, eval_set) for row in csv.DictReader(text)]
        history = tuple(EpochRecord.from_text(with_present_names(row, path)) for row in rows)
        if [record.epoch for record in history] != list(range(1, len(history) + 1)) or not history:
            raise ValueError("its epochs are not 1, 2, 3, …")
    return history
