"""The rubric: what an answer, a hint and a mistake are worth."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradsheet.errors import GradsheetError, reason
from gradsheet.files import read_text
from gradsheet.workbook.marks import Verdict

# What a file calls each verdict.
VERDICTS = {
    "right": Verdict.RIGHT,
    "own": Verdict.OWN,
    "more-digits": Verdict.DIGITS,
    "rounded": Verdict.ROUNDED,
    "sign": Verdict.SIGN,
    "factor": Verdict.FACTOR,
    "other-cell": Verdict.OTHER,
    "not-a-number": Verdict.NOT_A_NUMBER,
    "wrong": Verdict.WRONG,
    "empty": Verdict.EMPTY,
}
_SECTIONS = ("answers", "groups", "free-form", "hint")
_LARGEST = 10_000.0
_EXPECTED = "a rubric in TOML"


@dataclass(frozen=True)
class Rubric:
    """What everything is worth.

    Attributes:
        shares: of each verdict the share of a cell's points.
        groups: the points of each cell of a group; 1 where it is not named.
        hint: the points off for each hint used.
        free_form: the points of a free-form sheet without a mistake.
        rules: the points off for each cause, by the code of a rule.
        rule: the same for every other rule.
    """

    shares: Mapping[Verdict, float] = field(
        default_factory=lambda: {Verdict.RIGHT: 1.0, Verdict.OWN: 1.0}
    )
    groups: Mapping[str, float] = field(default_factory=dict)
    hint: float = 0.0
    free_form: float = 10.0
    rules: Mapping[str, float] = field(default_factory=dict)
    rule: float = 1.0


def read_rubric(path: Path) -> Rubric:
    """The rubric in a TOML file; what it does not name is worth what it is without one.

    Raises:
        GradsheetError: it cannot be read, or names what there is not, or a number is not possible.
    """
    text = read_text(path, _EXPECTED, 1_000_000)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise GradsheetError(f"{path} is not valid TOML: {reason(error)}") from error
    _check_names(path, "a rubric", table, _SECTIONS)
    answers = _numbers(path, "answers", table.get("answers", {}), 1.0)
    _check_names(path, "[answers]", answers, VERDICTS)
    free = _numbers(path, "free-form", table.get("free-form", {}))
    shares = dict(Rubric().shares) | {VERDICTS[name]: share for name, share in answers.items()}
    return Rubric(
        shares,
        _numbers(path, "groups", table.get("groups", {})),
        _numbers(path, "hint", {"hint": table.get("hint", 0.0)})["hint"],
        free.pop("points", 10.0),
        rule=free.pop("each", 1.0),
        rules=free,
    )


def _check_names(path: Path, where: str, found: Mapping[str, Any], known: Any) -> None:
    for name in found:
        if name not in known:
            raise GradsheetError(
                f"{path}: {where} has no '{name[:60]}'; expected {', '.join(known)}"
            )


def _numbers(path: Path, where: str, table: Any, most: float = _LARGEST) -> dict[str, float]:
    if not isinstance(table, dict):
        raise GradsheetError(f"{path}: '{where}' is no table; expected [{where}]")
    for name, value in table.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not 0 <= value <= most:
            raise GradsheetError(
                f"{path}: {name[:60]} = {str(value)[:40]} in '{where}'; expected a number from 0 "
                f"to {most:g}"
            )
    return {name: float(value) for name, value in table.items()}
