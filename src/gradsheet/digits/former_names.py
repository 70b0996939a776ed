"""Names of version 0.1 in the files of a run, which this version still reads."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradsheet.deprecation import FormerKey

_PRESENT = {
    "bend": "elastic",
    "clean_statistics": "recalibrate_statistics",
    "test_accuracy": "eval_accuracy",
    "test_loss": "eval_loss",
}
_EVAL_SET_AT = 4  # of an epoch's record, which was a value shorter without it


def with_present_names(values: Mapping[str, Any], source: Path) -> dict[str, Any]:
    """The values of one object in a file under their present names.

    Warns:
        FormerKey: a name is one of version 0.1.
    """
    for former in (name for name in values if name in _PRESENT):
        words = f"'{former}' is now '{_PRESENT[former]}'; version 0.3 will not read the old name"
        warnings.warn(f"{source}: {words}", FormerKey, stacklevel=2)
    return {_PRESENT.get(name, name): value for name, value in values.items()}


def row_with_eval_set(row: Mapping[str, Any], eval_set: str) -> dict[str, Any]:
    """A row of a history's CSV file; one of version 0.1 does not say what was evaluated."""
    return dict(row) if "test_loss" not in row else {**row, "eval_set": eval_set}


def record_with_eval_set(record: Sequence[Any], length: int, eval_set: str) -> list[Any]:
    """An epoch's record in a checkpoint, of ``length`` values; one of version 0.1 is shorter."""
    if len(record) != length - 1:
        return list(record)
    return [*record[:_EVAL_SET_AT], eval_set, *record[_EVAL_SET_AT:]]
