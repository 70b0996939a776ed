"""A network of two layers written with matrices: MMULT, TRANSPOSE, array formulas."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gradsheet.spreadsheet.addresses import CellIndex, CellRange
from gradsheet.spreadsheet.model import Book, Cell, Sheet


@dataclass
class Matrices:
    """A sheet in the making, on which whole matrices are written.

    Attributes:
        places: of each matrix its cells, by its name and step.
    """

    cells: dict[CellIndex, Cell] = field(default_factory=dict)
    places: dict[tuple[str, int], CellRange] = field(default_factory=dict)

    def numbers(self, name: str, step: int, at: CellIndex, rows: list[list[float]]) -> None:
        """Type numbers in."""
        area = self._area(name, step, at, len(rows), len(rows[0]))
        flat = (number for row in rows for number in row)
        self.cells |= {index: Cell(n) for index, n in zip(area.cells(), flat, strict=True)}

    def formula(
        self, name: str, step: int, at: CellIndex, size: tuple[int, int], formula: str
    ) -> None:
        """Write an array formula; ``{W1}`` is a matrix of the step, ``{W1<}`` of the one before."""
        area = self._area(name, step, at, *size)
        whole = formula
        for (other, number), where in self.places.items():
            whole = whole.replace(f"{{{other}}}", str(where)) if number == step else whole
            whole = whole.replace(f"{{{other}<}}", str(where)) if number == step - 1 else whole
        self.cells |= {index: Cell(None, whole, area.first) for index in area.cells()}

    def _area(self, name: str, step: int, at: CellIndex, rows: int, columns: int) -> CellRange:
        area = CellRange(at, CellIndex(at.row + rows - 1, at.column + columns - 1))
        self.places[name, step] = area
        self.cells[CellIndex(at.row - 1, at.column)] = Cell(name)
        return area

    def book(self, change: Callable[[str], str] = str, *names: str) -> Book:
        """The workbook, with other formulas in some matrices of the first step."""
        for name in names:
            for index in self.places[name, 0].cells():
                held = self.cells[index]
                assert held.formula is not None
                assert change(held.formula) != held.formula
                self.cells[index] = Cell(None, change(held.formula), held.anchor)
        return Book(Path("matrices.xlsx"), {"M": Sheet("M", self.cells)})


def columns(draw: random.Random, steps: int = 1, biases: bool = True) -> Matrices:
    """One example as a column: Z = W·X + B; a step below the other, new weights to the right."""
    sheet = Matrices({CellIndex(1, 1): Cell("learning rate"), CellIndex(1, 2): Cell(0.5)})
    inputs, units, outputs = draw.randint(1, 3), draw.randint(2, 3), draw.randint(1, 2)
    add = ["+{B1}", "+{B2}"] if biases else ["", ""]
    for step in range(steps):
        top, left = 4 + step * 14, 2
        sizes = {"W1": (units, inputs), "W2": (outputs, units)}
        sizes |= {"B1": (units, 1), "B2": (outputs, 1)} if biases else {}
        for name, (rows, width) in sizes.items():
            if step:
                formula = f"{{{name}<}}-$B$1*{{d{name}<}}"
                sheet.formula(name, step, CellIndex(top, left), (rows, width), formula)
            else:
                sheet.numbers(name, 0, CellIndex(top, left), _drawn(draw, rows, width))
            left += width + 1
        for name, rows in (("X", inputs), ("T", outputs)):
            numbers = _drawn(random.Random(5), rows, 1)
            sheet.numbers(name, step, CellIndex(top, left), numbers)
            left += 2
        written = (
            ("Z1", (units, 1), "MMULT({W1},{X})" + add[0]),
            ("A1", (units, 1), "1/(1+EXP(-{Z1}))"),
            ("Z2", (outputs, 1), "MMULT({W2},{A1})" + add[1]),
            ("A2", (outputs, 1), "1/(1+EXP(-{Z2}))"),
            ("E", (1, 1), "0.5*SUMXMY2({T},{A2})"),
        )
        backward = (
            ("D2", (outputs, 1), "({A2}-{T})*{A2}*(1-{A2})"),
            ("D1", (units, 1), "MMULT(TRANSPOSE({W2}),{D2})*{A1}*(1-{A1})"),
            ("dW2", (outputs, units), "MMULT({D2},TRANSPOSE({A1}))"),
            ("dW1", (units, inputs), "MMULT({D1},TRANSPOSE({X}))"),
            *((("dB2", (outputs, 1), "{D2}*1"), ("dB1", (units, 1), "{D1}*1")) if biases else ()),
        )
        left = 2
        for name, size, formula in written:
            sheet.formula(name, step, CellIndex(top + 5, left), size, formula)
            left += size[1] + 1
        left = 2
        for name, size, formula in backward:
            sheet.formula(name, step, CellIndex(top + 10, left), size, formula)
            left += size[1] + 1
    if steps == 1:
        left = 2
        for name in sizes:
            area = sheet.places[name, 0]
            formula = f"{{{name}}}-$B$1*{{d{name}}}"
            sheet.formula(f"new {name}", 0, CellIndex(20, left), area.size, formula)
            left += area.size[1] + 1
    return sheet


def batch(draw: random.Random, steps: int = 3) -> Matrices:
    """Several examples as rows: Z = X·W + B, gradients by MMULT(TRANSPOSE(X), D)."""
    sheet = Matrices({CellIndex(1, 1): Cell("eta"), CellIndex(1, 2): Cell(0.5)})
    count, inputs, units = draw.randint(2, 5), 2, draw.randint(2, 3)
    sheet.numbers("X", 0, CellIndex(4, 2), _drawn(draw, count, inputs))
    sheet.numbers("T", 0, CellIndex(4, 5), _drawn(draw, count, 1))
    mean = draw.choice(("", f"/{count}"))
    for step in range(steps):
        sheet.places["X", step], sheet.places["T", step] = (
            sheet.places["X", 0],
            sheet.places["T", 0],
        )
        top, left = 12 + step * 20, 2
        for name, size in (("W1", (inputs, units)), ("B1", (1, units)), ("W2", (units, 1))):
            if step:
                formula = f"{{{name}<}}-$B$1*{{d{name}<}}"
                sheet.formula(name, step, CellIndex(top, left), size, formula)
            else:
                sheet.numbers(name, 0, CellIndex(top, left), _drawn(draw, *size))
            left += size[1] + 1
        left = 2
        for name, size, formula in (
            ("Z1", (count, units), "MMULT({X},{W1})+{B1}"),
            ("A1", (count, units), "1/(1+EXP(-{Z1}))"),
            ("Z2", (count, 1), "MMULT({A1},{W2})"),
            ("A2", (count, 1), "1/(1+EXP(-{Z2}))"),
            ("E", (count, 1), "({T}-{A2})^2"),
            ("J", (1, 1), "SUM({E})" + mean),
            ("D2", (count, 1), "2*({A2}-{T})*{A2}*(1-{A2})"),
            ("D1", (count, units), "MMULT({D2},TRANSPOSE({W2}))*{A1}*(1-{A1})"),
        ):
            sheet.formula(name, step, CellIndex(top + 5, left), size, formula)
            left += size[1] + 1
        left = 2
        for name, size, formula in (
            ("dW2", (units, 1), "MMULT(TRANSPOSE({A1}),{D2})" + mean),
            ("dW1", (inputs, units), "MMULT(TRANSPOSE({X}),{D1})" + mean),
        ):
            sheet.formula(name, step, CellIndex(top + 13, left), size, formula)
            left += size[1] + 1
        for unit in range(units):
            column = CellRange(
                sheet.places["D1", step].first._replace(
                    column=sheet.places["D1", step].first.column + unit
                ),
                sheet.places["D1", step].last._replace(
                    column=sheet.places["D1", step].first.column + unit
                ),
            )
            index = CellIndex(top + 13, left + unit)
            sheet.cells[index] = Cell(None, f"SUM({column}){mean}")
        sheet.places["dB1", step] = CellRange(
            CellIndex(top + 13, left), CellIndex(top + 13, left + units - 1)
        )
        sheet.cells[CellIndex(top + 12, left)] = Cell("dB1")
    return sheet


def _drawn(draw: random.Random, rows: int, width: int) -> list[list[float]]:
    return [[round(draw.uniform(0.1, 0.9), 2) for _ in range(width)] for _ in range(rows)]
