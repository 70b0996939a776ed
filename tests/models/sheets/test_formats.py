"""Number formats: every negative number shows its minus in every program, and none is too wide."""

import re
from pathlib import Path

import openpyxl
import torch
from torch import Tensor, nn

from gradsheet.models.build import write_model_workbook

_CONDITION = re.compile(r"\[([<>=]+)(-?[\d.]+)\]")


def shown_with_a_minus(number: float, code: str) -> bool:
    """Whether a negative number has a minus: LibreOffice adds one in the first part alone."""
    parts = code.split(";")
    place = next(k for k, part in enumerate(parts) if _holds(part, number))
    return place == 0 or "-" in _CONDITION.sub("", parts[place]).split("E")[0]


def _holds(part: str, number: float) -> bool:
    """Whether a part of a format is for a number."""
    found = _CONDITION.match(part)
    if found is None:
        return True
    sign, limit = found[1], float(found[2])
    below = (number < limit, number > limit, number == limit)
    return any(c in sign and holds for c, holds in zip("<>=", below, strict=True))


class Wide(nn.Module):
    """Small and large numbers of both signs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = self.layer(x)
        return torch.cat([h, -h.abs() * 5000, h.abs() * 5000])


def test_every_negative_number_shows_its_minus(tmp_path: Path) -> None:
    torch.manual_seed(0)
    write_model_workbook(
        Wide(), torch.tensor([[-1.0, -2.5, 0.5]]), tmp_path / "a.xlsx", [[0.0] * 4] * 3, loss="l1"
    )
    book = openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)
    found = [
        (float(cell.value), str(cell.number_format))
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, int | float) and cell.value < 0
    ]
    assert len(found) > 50
    assert not [pair for pair in found if not shown_with_a_minus(*pair)]
    wide = [code for number, code in found if number < -99.99995]
    assert wide and all("0.0E+00" in code.split(";")[1] for code in wide)


def test_a_minus_is_missed() -> None:
    """The former format lost it."""
    assert not shown_with_a_minus(-0.5, "[>=99.99995]0.0E+00;[<=-99.99995]-0.0E+00;0.0000")
