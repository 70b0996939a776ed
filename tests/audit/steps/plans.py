"""Handmade networks laid out otherwise than a row a step: across, in turn, a cell a value.

The formulas are those of ``tests.audit.handmade``, spelled out as texts; only where they are
differs.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from tests.audit.handmade import SPELLINGS, Handmade

RATE = CellIndex(1, 3)
Place = Callable[[str, int], CellIndex]
Sheets = Callable[[int], str]


@dataclass(frozen=True)
class LaidOut:
    """A book, and where each value of each step is."""

    book: Book
    place: Place
    sheet: Sheets
    names: tuple[str, ...]
    steps: int

    def address(self, name: str, step: int = 0) -> str:
        """The cell of a value in a 0-based step."""
        return str(self.place(name, step))

    def with_formula(self, change: Callable[[str], str], *cells: tuple[str, int]) -> Book:
        """The book with other formulas in some cells."""
        sheets = {name: dict(sheet.cells) for name, sheet in self.book.sheets.items()}
        for name, step in cells:
            changed, index = sheets[self.sheet(step)], self.place(name, step)
            held = changed[index]
            assert held.formula is not None
            assert change(held.formula) != held.formula
            changed[index] = Cell(None, change(held.formula))
        return replace(
            self.book, sheets={name: Sheet(name, changed) for name, changed in sheets.items()}
        )


def _label(name: str, spelled: dict[str, str]) -> str:
    of = name.removeprefix("new ")
    family = re.sub(r"\d+$", "", of)
    text = spelled.get(family, "{}").format(of[len(family) :])
    return f"new {text}" if of != name else text


def _written(
    table: Handmade,
    place: Place,
    labels: dict[str, CellIndex],
    steps: int,
    draw: random.Random,
    sheet: Sheets | None = None,
) -> LaidOut:
    sheet = sheet or _on_work
    spelled = {family: draw.choice(ways) for family, ways in SPELLINGS.items()}
    sheets: dict[str, dict[CellIndex, Cell]] = {}
    for step in range(steps):
        cells = sheets.setdefault(sheet(step), {})
        for name in table.columns:
            content = _content(table, name, step)
            if isinstance(content, str):
                cells[place(name, step)] = Cell(None, _filled(content, place, step, sheet))
            elif content is not None:
                cells[place(name, step)] = Cell(content)
    for cells in sheets.values():
        cells |= {index: Cell(_label(name, spelled)) for name, index in labels.items()}
    sheets[sheet(0)][RATE._replace(column=2)] = Cell(draw.choice(("η", "learning rate")))
    sheets[sheet(0)][RATE] = Cell(0.5)
    book = Book(Path("steps.xlsx"), {name: Sheet(name, cells) for name, cells in sheets.items()})
    return LaidOut(book, place, sheet, tuple(table.columns), steps)


def _on_work(_step: int) -> str:
    return "Work"


def _content(table: Handmade, name: str, step: int) -> str | float | None:
    if name in table.updates and (step or name not in table.numbers):
        return table.updates[name]
    return table.numbers[name] if name in table.numbers else table.formulas[name]


def _filled(formula: str, place: Place, step: int, sheet: Sheets) -> str:
    def on(other: int) -> str:
        return "" if sheet(other) == sheet(step) else f"'{sheet(other)}'!"

    def cell(match: re.Match[str]) -> str:
        if match[1] == "rate":
            return on(0) + RATE.absolute
        other = step - (match[2] == "<")
        index = place(match[1], other)
        return on(other) + (index.absolute if match[3] else str(index))

    return re.sub(r"\[([^\]<$]+)(<?)(\$?)\]", cell, formula)


def _with_new_weights(table: Handmade) -> Handmade:
    """The table with a value of its own for each new weight, taken over to the next step."""
    new = {f"new {p}": f"[{p}]-[rate]*[dE/d{p}]" for p in table.updates}
    return replace(
        table,
        columns=[*table.columns, *new],
        formulas={**table.formulas, **new},
        updates={p: f"[new {p}<]" for p in table.updates},
    )


# --- The layouts -------------------------------------------------------------------------------


def across(table: Handmade, draw: random.Random) -> LaidOut:
    """The table on its side: a row a value, a column a step."""
    top, left = draw.randint(3, 9), draw.randint(3, 6)
    row = {name: top + number for number, name in enumerate(table.columns)}
    labels = {name: CellIndex(row[name], left - 1) for name in table.columns}
    return _written(
        table, lambda name, step: CellIndex(row[name], left + step), labels, table.rows, draw
    )


def across_with_new_weights(table: Handmade, draw: random.Random) -> LaidOut:
    """The table on its side, the new weights in rows of their own."""
    return across(_with_new_weights(table), draw)


def in_turn(table: Handmade, draw: random.Random) -> LaidOut:
    """A row forward, a row of new weights below it."""
    top, gap = draw.randint(4, 9), draw.randint(2, 3)
    whole = _with_new_weights(table)
    column = {name: number for number, name in enumerate(table.columns, start=draw.randint(1, 4))}

    def place(name: str, step: int) -> CellIndex:
        of = name.removeprefix("new ")
        return CellIndex(top + gap * step + (of != name), column[of])

    labels = {name: CellIndex(top - 1, column[name]) for name in table.columns}
    return _written(whole, place, labels, table.rows, draw)


def gradients_in_turn(table: Handmade, draw: random.Random) -> LaidOut:
    """A row forward, below it a row of gradients under the weights, then the new weights."""
    top = draw.randint(4, 9)
    names = [name for name in table.columns if not name.startswith("dE/d")]
    column = {name: number for number, name in enumerate(names, start=draw.randint(1, 4))}

    def place(name: str, step: int) -> CellIndex:
        of = name.removeprefix("dE/d")
        return CellIndex(top + 2 * step + (of != name), column[of])

    labels = {name: CellIndex(top - 1, column[name]) for name in names}
    return _written(table, place, labels, table.rows, draw)


def a_cell_each(table: Handmade, draw: random.Random) -> LaidOut:
    """One step, a labeled cell for each value, in one column or in several."""
    whole = _with_new_weights(table)
    height = draw.choice((100, 17, 9))

    def place(name: str, _step: int) -> CellIndex:
        column, row = divmod(whole.columns.index(name), height)
        return CellIndex(4 + row, 2 + 3 * column)

    labels = {
        name: place(name, 0)._replace(column=place(name, 0).column - 1) for name in whole.columns
    }
    return _written(whole, place, labels, 1, draw)


def a_cell_each_below_its_label(table: Handmade, draw: random.Random) -> LaidOut:
    """One step, a cell for each value under its label, several side by side."""
    whole = _with_new_weights(table)
    width = draw.choice((6, 8, 11))

    def place(name: str, _step: int) -> CellIndex:
        row, column = divmod(whole.columns.index(name), width)
        return CellIndex(5 + 3 * row, 2 + column)

    labels = {name: place(name, 0)._replace(row=place(name, 0).row - 1) for name in whole.columns}
    return _written(whole, place, labels, 1, draw)


def in_place(table: Handmade, draw: random.Random) -> LaidOut:
    """A labeled cell for each value; the weights move on in their own cells."""
    updates = {p: f"[{p}]-[rate]*[dE/d{p}]" for p in table.updates}
    numbers = {name: n for name, n in table.numbers.items() if name not in updates}
    turning = replace(table, updates=updates, numbers=numbers)
    if draw.random() < 0.5:
        new = _with_new_weights(table)
        updates = {p: f"IF([t1]<-9,0.1,[new {p}])" for p in table.updates}
        turning = replace(new, updates=updates, numbers=numbers)

    def place(name: str, _step: int) -> CellIndex:
        return CellIndex(4 + turning.columns.index(name), 3)

    labels = {name: place(name, 0)._replace(column=2) for name in turning.columns}
    return _written(turning, place, labels, 1, draw)


# --- Several examples a step -------------------------------------------------------------------


def _with_examples(table: Handmade, count: int, draw: random.Random) -> Handmade:
    """The table with several examples a step, and their means or sums."""
    numbers = {name: table.numbers[name] for name in table.updates}
    formulas: dict[str, str] = {}
    mark = draw.choice(("", "$"))

    def own(formula: str, example: int) -> str:
        def named(match: re.Match[str]) -> str:
            if match[1] == "rate":
                return match[0]
            is_shared = match[1] in table.updates
            return f"[{match[1]}{mark}]" if is_shared else f"[{match[1]}@{example}]"

        return re.sub(r"\[([^\]]+)\]", named, formula)

    for example in range(1, count + 1):
        for name in table.columns:
            if name in table.formulas:
                formulas[f"{name}@{example}"] = own(table.formulas[name], example)
            elif name not in table.updates:
                numbers[f"{name}@{example}"] = round(draw.uniform(0.05, 0.95), 2)
    way = draw.choice(("AVERAGE({})", "SUM({})", f"SUM({{}})/{count}", "SUM({})/COUNT({})"))
    for name in ("E_total", *(f"dE/d{p}" for p in table.updates)):
        cells = f"[{name}@1]:[{name}@{count}]"
        formulas[f"all {name}"] = way.format(cells, cells)
    updates = {p: f"[{p}<]-[rate]*[all dE/d{p}<]" for p in table.updates}
    columns = [*numbers, *formulas]
    return replace(table, numbers=numbers, formulas=formulas, updates=updates, columns=columns)


def blocks(
    table: Handmade, draw: random.Random, to_the_right: bool = False, sheets: bool = False
) -> LaidOut:
    """A block of examples a step, the means or sums below."""
    count, steps = draw.randint(2, 5), draw.randint(3, 5)
    whole = _with_examples(table, count, draw)
    top, left, gap = draw.randint(4, 8), draw.randint(1, 3), draw.randint(1, 3)
    column = {name: number for number, name in enumerate(table.columns, start=left)}
    width = len(table.columns) + draw.randint(0, 2)

    def place(name: str, step: int) -> CellIndex:
        base, _, example = name.removeprefix("all ").partition("@")
        row = int(example) - 1 if example else (count if name.startswith("all") else 0)
        if sheets:
            return CellIndex(top + row, column[base])
        if to_the_right:
            return CellIndex(top + row, column[base] + step * width)
        return CellIndex(top + row + step * (count + gap), column[base])

    labels = {name: CellIndex(top - 1, column[name]) for name in table.columns}
    if to_the_right:
        labels = {}
    return _written(
        whole, place, labels, steps, draw, (lambda step: f"step {step + 1}") if sheets else None
    )


def blocks_to_the_right(table: Handmade, draw: random.Random) -> LaidOut:
    """A block of examples a step, the blocks side by side."""
    return blocks(table, draw, to_the_right=True)


def a_sheet_a_step(table: Handmade, draw: random.Random) -> LaidOut:
    """A sheet a step, each with all examples."""
    return blocks(table, draw, sheets=True)


def data_apart(table: Handmade, draw: random.Random) -> LaidOut:
    """The examples once, in a table of their own; a block of what is computed for each step."""
    count, steps = draw.randint(2, 5), draw.randint(3, 5)
    whole = _with_examples(table, count, draw)
    data = [name for name in table.columns if name not in {*table.updates, *table.formulas}]
    others = [name for name in table.columns if name not in data]
    column = {name: number for number, name in enumerate(data, start=1)}
    column |= {name: number for number, name in enumerate(others, start=len(data) + 3)}

    def place(name: str, step: int) -> CellIndex:
        base, _, example = name.removeprefix("all ").partition("@")
        if base in data:
            return CellIndex(4 + int(example), column[base])
        row = int(example) - 1 if example else (count if name.startswith("all") else 0)
        return CellIndex(5 + row + step * (count + 2), column[base])

    labels = {name: CellIndex(4, column[name]) for name in table.columns}
    return _written(whole, place, labels, steps, draw)


BLOCKS = (blocks, blocks_to_the_right, a_sheet_a_step, data_apart)
PLANS = (
    across,
    across_with_new_weights,
    in_turn,
    gradients_in_turn,
    a_cell_each,
    a_cell_each_below_its_label,
    in_place,
)
