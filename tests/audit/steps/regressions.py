"""Linear and logistic regressions, spelled out: blocks of data with sums or means below."""

import random
from pathlib import Path

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet

WORDS = (
    ("m", "b", "x", "y", "pred", "loss", "dm", "db"),
    ("Steigung", "Achse", "Größe", "Preis", "Schätzung", "Fehler²", "nach m", "nach b"),
    ("", "", "", "", "", "", "", ""),
)
EXAMPLES, STEPS = 6, 4
Cells = dict[str, Cell]
"""The cells of the sheet by their addresses."""


def regression(
    words: tuple[str, ...],
    is_logistic: bool,
    over_all: str,
    draw: random.Random | None = None,
    examples: int = EXAMPLES,
) -> Cells:
    """A regression of four steps.

    Args:
        words: the headers of its eight columns.
        is_logistic: whether outputs are sigmoids and the loss a cross-entropy.
        over_all: the sum or mean of the examples, around a range.
        draw: of the data; those of one line if None.
        examples: how many.
    """
    starts = draw or random.Random(len(words[0]))
    cells = {"A1": Cell("alpha"), "B1": Cell(0.1)}
    data = [(round(0.3 * n + 0.1, 2), 0.7 * n + 0.2, float(n % 2)) for n in range(examples)]
    if draw:
        data = [
            (round(draw.uniform(-1, 2), 2), round(draw.uniform(-1, 3), 2), float(n % 2))
            for n in range(examples)
        ]
    for step in range(STEPS):
        top, period = 4 + step * (examples + 3), examples + 3
        cells |= {f"{c}{top - 1}": Cell(w) for c, w in zip("ABCDEFGH", words, strict=True) if w}
        for column, gradient in (("A", "G"), ("B", "H")):
            before = top - period
            update = f"{column}{before}-$B$1*{gradient}{before + examples}"
            cells[f"{column}{top}"] = Cell(None, update) if step else Cell(starts.random())
        for row in range(top, top + examples):
            x, y, label = data[row - top]
            cells[f"C{row}"], cells[f"D{row}"] = Cell(x), Cell(label if is_logistic else y)
            line = f"$A${top}*C{row}+$B${top}"
            error = f"(E{row}-D{row})" if is_logistic else f"2*(E{row}-D{row})"
            square = f"(D{row}-E{row})^2"
            entropy = f"-D{row}*LN(E{row})-(1-D{row})*LN(1-E{row})"
            cells[f"E{row}"] = Cell(None, f"1/(1+EXP(-({line})))" if is_logistic else line)
            cells[f"F{row}"] = Cell(None, entropy if is_logistic else square)
            cells[f"G{row}"] = Cell(None, f"{error}*C{row}")
            cells[f"H{row}"] = Cell(None, error)
        for column in "FGH":
            whole = over_all.format(f"{column}{top}:{column}{top + examples - 1}")
            cells[f"{column}{top + examples}"] = Cell(None, whole)
    return cells


def book(cells: Cells) -> Book:
    """A workbook of one sheet."""
    indexed = {CellIndex.parse(address): cell for address, cell in cells.items()}
    return Book(Path("regression.xlsx"), {"S": Sheet("S", indexed)})
