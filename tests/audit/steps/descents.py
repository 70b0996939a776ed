"""Descents on a function of some variables, with their derivatives, all spelled out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet

STEPS = 9


@dataclass(frozen=True)
class Descent:
    """A function of some variables, and its derivatives, all spelled out.

    Attributes:
        variables: with their starts.
        function: over ``[x]``.
        derivatives: over the same; an empty one has no column but is part of the update.
        headers: of the variables, then the function, then the derivatives.
        beside: numbers in a table of their own from L2 on, row by row.
    """

    variables: dict[str, float]
    function: str
    derivatives: dict[str, str]
    headers: tuple[str, ...]
    sign: str = "-"
    beside: Sequence[tuple[float, ...]] = ()
    rate: float = 0.01


TWO = Descent(
    {"x": 10, "z": 7},
    "[x]^2-3*[x]+[z]^2",
    {"x": "2*[x]-3", "z": "2*[z]"},
    ("x", "z", "y", "dy/dx", "dy/dz"),
)
POINTS = [(1.0, 3.1), (2.0, 4.9), (3.0, 7.2), (4.0, 8.8)]
FIT = "([m]*$L$2:$L$5+[b]-$M$2:$M$5)"
DESCENTS = {
    "two variables": TWO,
    "one variable": Descent(
        {"x": 4}, "[x]^4-3*[x]^3+2", {"x": "4*[x]^3-9*[x]^2"}, ("x", "f(x)", "f'(x)")
    ),
    "German": Descent(
        {"x": 2, "y": 1},
        "EXP([x]-1)+3*[y]^2+[x]*[y]",
        {"x": "EXP([x]-1)+[y]", "y": "6*[y]+[x]"},
        ("Größe x", "Größe y", "Funktionswert", "Ableitung nach x", "Ableitung nach y"),
    ),
    "sine and logarithm": Descent(
        {"u": 2}, "SIN([u])+LN([u])", {"u": "COS([u])+1/[u]"}, ("", "", "")
    ),
    "Rosenbrock": Descent(
        {"x": -1, "y": 1},
        "(1-[x])^2+100*([y]-[x]^2)^2",
        {"x": "-2*(1-[x])-400*[x]*([y]-[x]^2)", "y": "200*([y]-[x]^2)"},
        ("x1", "x2", "f", "df/dx1", "df/dx2"),
        rate=0.001,
    ),
    "absolute value": Descent(
        {"x": 3}, "ABS([x])+[x]^2", {"x": "IF([x]>0,1,-1)+2*[x]"}, ("x", "y", "slope")
    ),
    "the derivative in the update": Descent(
        {"x": 10}, "([x]-2)^2", {"x": ""}, ("x", "(x-2)^2"), rate=0.1
    ),
    "uphill": Descent(
        {"x": 1, "y": 2},
        "0-([x]-3)^2-[y]^2",
        {"x": "-2*([x]-3)", "y": "-2*[y]"},
        ("x", "y", "height", "by x", "by y"),
        sign="+",
    ),
    "linear regression": Descent(
        {"m": 0, "b": 0},
        f"SUMPRODUCT({FIT},{FIT})/4",
        {"m": f"2/4*SUMPRODUCT({FIT},$L$2:$L$5)", "b": f"2*SUM({FIT})/4"},
        ("slope", "intercept", "MSE", "dm", "db"),
        beside=POINTS,
    ),
    "regression by SUMXMY2": Descent(
        {"m": 0, "b": 0},
        "SUMXMY2($M$2:$M$5,[m]*$L$2:$L$5+[b])/(2*COUNT($L$2:$L$5))",
        {"m": f"SUMPRODUCT({FIT},$L$2:$L$5)/4", "b": f"AVERAGE({FIT})"},
        ("w", "b", "J", "∂J/∂w", "∂J/∂b"),
        beside=POINTS,
    ),
}


def book(
    descent: Descent, across: bool = False, in_row: dict[tuple[str, int], str] | None = None
) -> Book:
    """The descent row by row, or column by column, with other formulas in some cells."""
    names = [*descent.variables, "f", *(f"d{n}" for n, d in descent.derivatives.items() if d)]

    def place(name: str, step: int) -> CellIndex:
        line = 2 + names.index(name)
        return CellIndex(line, 4 + step) if across else CellIndex(4 + step, line)

    def filled(formula: str, step: int) -> str:
        return re.sub(r"\[(\w+)\]", lambda match: str(place(match[1], step)), formula)

    cells = {CellIndex(1, 1): Cell("rate"), CellIndex(1, 2): Cell(descent.rate)}
    for name, header in zip(names, descent.headers, strict=False):
        at = place(name, 0)
        label = at._replace(column=at.column - 1) if across else at._replace(row=at.row - 1)
        cells |= {label: Cell(header)} if header else {}
    for step in range(STEPS):
        for name in names:
            if name == "f":
                formula = descent.function
            elif name in descent.variables:
                slope = f"[d{name}]"
                if not descent.derivatives[name]:
                    slope = "2*([x]-2)"
                formula = f"[{name}]{descent.sign}$B$1*({slope})" if step else ""
            else:
                formula = descent.derivatives[name[1:]]
            formula = (in_row or {}).get((name, step), formula)
            before = name in descent.variables
            cells[place(name, step)] = (
                Cell(None, filled(formula, step - before))
                if formula
                else Cell(float(descent.variables[name]))
            )
    for row, numbers in enumerate(descent.beside, start=2):
        cells |= {CellIndex(row, 12 + n): Cell(number) for n, number in enumerate(numbers)}
    if across and descent.beside:
        cells = {index: cell for index, cell in cells.items() if index.column < 12 or index.row > 1}
    return Book(Path("descent.xlsx"), {"S": Sheet("S", cells)})
