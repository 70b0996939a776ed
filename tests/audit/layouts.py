"""The course network as a training table, cell by cell, to be laid out in other ways."""

import re

from openpyxl.utils import get_column_letter

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Cell

Cells = dict[CellIndex, Cell]

NUMBERS = {
    "t1": 0.01,
    "t2": 0.99,
    "i1": 0.05,
    "i2": 0.1,
    "w1": 0.15,
    "w2": 0.2,
    "w3": 0.25,
    "w4": 0.3,
    "w5": 0.4,
    "w6": 0.45,
    "w7": 0.5,
    "w8": 0.55,
}
DELTA = {n: f"([a_o{n}]-[t{n}])*[a_o{n}]*(1-[a_o{n}])" for n in (1, 2)}
FORMULAS = {
    "h1": "[w1]*[i1]+[w2]*[i2]",
    "h2": "[w3]*[i1]+[w4]*[i2]",
    **{f"a_h{n}": f"1/(1+EXP(-[h{n}]))" for n in (1, 2)},
    "o1": "[w5]*[a_h1]+[w6]*[a_h2]",
    "o2": "[w7]*[a_h1]+[w8]*[a_h2]",
    **{f"a_o{n}": f"1/(1+EXP(-[o{n}]))" for n in (1, 2)},
    **{f"E{n}": f"0.5*([t{n}]-[a_o{n}])^2" for n in (1, 2)},
    "E_total": "[E1]+[E2]",
    **{
        f"dE/dw{2 * unit + i - 2}": f"({DELTA[1]}*[w{4 + unit}]+{DELTA[2]}*[w{6 + unit}])"
        f"*[a_h{unit}]*(1-[a_h{unit}])*[i{i}]"
        for unit in (1, 2)
        for i in (1, 2)
    },
    **{f"dE/dw{2 * o + k + 2}": f"{DELTA[o]}*[a_h{k}]" for o in (1, 2) for k in (1, 2)},
}
ORDER = (
    *("t1", "t2", "i1", "i2", "w1", "w2", "w3", "w4", "h1", "h2", "a_h1", "a_h2"),
    *("w5", "w6", "w7", "w8", "o1", "o2", "a_o1", "a_o2", "E1", "E2", "E_total"),
    *(f"dE/dw{n}" for n in range(1, 9)),
)
COLUMN = {name: number for number, name in enumerate(ORDER, start=1)}
FIRST, EXTRA = 5, 32  # the first row, and the first free column


def at(name: str, row: int) -> str:
    return f"{get_column_letter(COLUMN[name])}{row}"


def table(rows: int = 10, rate: str = "$B$2") -> Cells:
    cells: Cells = {CellIndex(2, 1): Cell("learning rate"), CellIndex(2, 2): Cell(0.5)}
    cells |= {CellIndex(4, column): Cell(name) for name, column in COLUMN.items()}
    for row in range(FIRST, FIRST + rows):
        for name, column in COLUMN.items():
            cells[CellIndex(row, column)] = Cell(NUMBERS.get(name))
            if name in FORMULAS:
                cells[CellIndex(row, column)] = Cell(None, filled(FORMULAS[name], row))
            elif name[0] == "w" and row > FIRST:
                gradient = at(f"dE/d{name}", row - 1)
                cells[CellIndex(row, column)] = Cell(None, f"{at(name, row - 1)}-{rate}*{gradient}")
    return cells


def filled(formula: str, row: int) -> str:
    return re.sub(r"\[([^\]]+)\]", lambda match: at(match[1], row), formula)
