"""Training tables as people build them, from texts alone: right ones, rearranged ones, mistakes.

Nothing here uses the package's expressions or derivatives: the formulas are spelled out, so that
they are an independent witness. ``[a_h1]`` stands for a cell of the same row, ``[w1<]`` of the row
above, ``[w1>]`` of the row below, ``[w1$]`` of the first row, ``[rate]`` for the learning rate.
"""

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl.utils import get_column_letter

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Chart, Series, Sheet


def seeds(few: int, many: int) -> list[Any]:
    """Parameters for a test that repeats one claim: the first few always, the rest when slow.

    At most 12 in all, so that the slow tests take minutes; AUDIT_SEEDS=200 allows for 200.
    """
    many = min(many, max(few, int(os.environ.get("AUDIT_SEEDS", "12"))))
    return [*range(few), *(pytest.param(n, marks=pytest.mark.slow) for n in range(few, many))]


SPELLINGS = {
    "t": ("t{}", "T{}", "target {}", "t_{}"),
    "i": ("i{}", "x{}", "input{}", "I{}"),
    "w": ("w{}", "W{}", "w_{}", "weight {}"),
    "b": ("b{}", "bias{}", "B{}"),
    "h": ("h{}", "H{}", "net_h{}", "z_h{}"),
    "o": ("o{}", "O{}", "net_o{}", "z_o{}"),
    "a_h": ("a_h{}", "ah{}", "out_h{}", "σ(h{})"),
    "a_o": ("a_o{}", "ao{}", "out_o{}", "σ(o{})"),
    "E": ("E{}", "e{}", "error{}"),
    "E_total": ("E_total", "E_t", "E_tot", "E_T", "Total Error", "loss"),
    "dE/dw": (
        "∂E/∂w{}",
        "∂E_T/∂w{}",
        "δE_total/δw{}",
        "E∂w{}",
        "dE/dw{}",
        "Δw{}",
        "∂E_t/∂w{} 梯度",
    ),
    "dE/db": ("∂E/∂b{}", "dE/db{}", "∂E_T/∂b{}"),
}


@dataclass
class Handmade:
    """A table in the making.

    Attributes:
        sizes: inputs, hidden units, outputs.
        hidden: the hidden activation.
        formulas: of each column the formula of a row, in the notation above.
        updates: of each weight the formula of all rows but the first.
        numbers: of each column that starts with one its number.
        in_row: formulas or numbers of single cells, in place of the column's.
        settings: of each setting of an optimizer the label and the number of its cell.
    """

    sizes: tuple[int, int, int]
    hidden: str
    loss: str
    biases: bool
    columns: list[str]
    formulas: dict[str, str]
    updates: dict[str, str]
    numbers: dict[str, float]
    rows: int
    in_row: dict[tuple[str, int], str | float | None] = field(default_factory=dict)
    series: tuple[str, ...] = ()
    rate_reference: Callable[[str, int], str] = lambda cell, row: cell
    chart: str = "E_total"
    chart_series: str = "E_total"
    settings: dict[str, tuple[str, float]] = field(default_factory=dict)

    def names(self, pattern: str) -> list[str]:
        """The columns whose names match."""
        return [name for name in self.columns if re.fullmatch(pattern, name)]


def slope(activation: str, unit: str) -> str:
    """The derivative of an activation, as people write it."""
    return {
        "sigmoid": f"[a_{unit}]*(1-[a_{unit}])",
        "tanh": f"(1-[a_{unit}]^2)",
        "relu": f"IF([{unit}]>0,1,0)",
    }[activation]


def value(activation: str, unit: str) -> str:
    return {
        "sigmoid": f"1/(1+EXP(-[{unit}]))",
        "tanh": f"TANH([{unit}])",
        "relu": f"MAX(0,[{unit}])",
    }[activation]


def handmade(draw: random.Random, sizes: tuple[int, int, int] | None = None) -> Handmade:
    """A right table of a random network."""
    inputs, units, outputs = sizes or (draw.randint(2, 3), draw.randint(2, 3), draw.randint(1, 3))
    hidden = draw.choice(("sigmoid", "sigmoid", "tanh", "relu"))
    loss = draw.choice(("half", "half", "half", "squared", "mean"))
    biases = draw.random() < 0.4
    factor = {"half": "", "squared": "2*", "mean": f"2/{outputs}*"}[loss]
    ins = [f"i{k + 1}" for k in range(inputs)]
    hs = [f"h{k + 1}" for k in range(units)]
    outs = [f"o{k + 1}" for k in range(outputs)]
    w1 = [[f"w{u * inputs + k + 1}" for k in range(inputs)] for u in range(units)]
    start = inputs * units
    w2 = [[f"w{start + u * units + k + 1}" for k in range(units)] for u in range(outputs)]
    b = [f"b{k + 1}" for k in range(units + outputs)] if biases else []
    formulas: dict[str, str] = {}
    for u, h in enumerate(hs):
        terms = [f"[{w}]*[{i}]" for w, i in zip(w1[u], ins, strict=True)]
        formulas[h] = "+".join([*terms, *([f"[{b[u]}]"] if biases else [])])
        formulas[f"a_{h}"] = value(hidden, h)
    for u, o in enumerate(outs):
        terms = [f"[{w}]*[a_{h}]" for w, h in zip(w2[u], hs, strict=True)]
        formulas[o] = "+".join([*terms, *([f"[{b[units + u]}]"] if biases else [])])
        formulas[f"a_{o}"] = value("sigmoid", o)
        half = "0.5*" if loss == "half" else ""
        formulas[f"E{u + 1}"] = f"{half}([t{u + 1}]-[a_{o}])^2"
    errors = "+".join(f"[E{u + 1}]" for u in range(outputs))
    formulas["E_total"] = f"({errors})/{outputs}" if loss == "mean" else errors
    for u in range(outputs):
        delta = f"{factor}([a_o{u + 1}]-[t{u + 1}])*{slope('sigmoid', f'o{u + 1}')}"
        for k, w in enumerate(w2[u]):
            formulas[f"dE/d{w}"] = f"{delta}*[a_h{k + 1}]"
        if biases:
            formulas[f"dE/d{b[units + u]}"] = delta
    for u, h in enumerate(hs):
        paths = "+".join(
            f"{factor}([a_o{o + 1}]-[t{o + 1}])*{slope('sigmoid', f'o{o + 1}')}*[{w2[o][u]}]"
            for o in range(outputs)
        )
        for k, w in enumerate(w1[u]):
            formulas[f"dE/d{w}"] = f"({paths})*{slope(hidden, h)}*[{ins[k]}]"
        if biases:
            formulas[f"dE/d{b[u]}"] = f"({paths})*{slope(hidden, h)}"
    parameters = [*(w for row in w1 for w in row), *(w for row in w2 for w in row), *b]
    targets = [f"t{u + 1}" for u in range(outputs)]
    columns = [*targets, *ins, *(w for row in w1 for w in row), *b[:units]]
    columns += [name for h in hs for name in (h, f"a_{h}")]
    columns += [*(w for row in w2 for w in row), *b[units:]]
    columns += [name for o in outs for name in (o, f"a_{o}")]
    columns += [*(f"E{u + 1}" for u in range(outputs)), "E_total"]
    columns += [f"dE/d{p}" for p in sorted(parameters, key=lambda p: (p[0] != "w", int(p[1:])))]
    numbers = {name: round(draw.uniform(0.05, 0.95), 2) for name in [*targets, *ins]}
    numbers |= {name: round(draw.uniform(-0.9, 0.9), 2) or 0.3 for name in parameters}
    updates = {p: f"[{p}<]-[rate]*[dE/d{p}<]" for p in parameters}
    return Handmade(
        (inputs, units, outputs),
        hidden,
        loss,
        biases,
        columns,
        formulas,
        updates,
        numbers,
        rows=draw.randint(6, 30),
    )


@dataclass(frozen=True)
class Made:
    """A book with a handmade table in it, and where things are."""

    book: Book
    cells: dict[tuple[str, int], str]

    def address(self, name: str, row: int = 0) -> str:
        """The cell of a column in a 0-based row of the table."""
        return self.cells[name, row]


def make(table: Handmade, draw: random.Random, headers: dict[str, str] | None = None) -> Made:
    """The book, laid out somewhere on a sheet.

    Args:
        table: what to write.
        draw: of where and how.
        headers: texts for some columns in place of drawn ones; an empty one writes none.
    """
    top, left = draw.randint(6, 30), draw.randint(1, 4)
    spelled = {family: draw.choice(ways) for family, ways in SPELLINGS.items()}
    place = {name: left + number for number, name in enumerate(table.columns)}
    rate_place = CellIndex(top - 3, left + draw.randint(2, 5))
    rate = rate_place.absolute
    cells: dict[CellIndex, Cell] = {
        CellIndex(1, 1): Cell("Backpropagation by hand: w5 and all that"),
        CellIndex(2, 2): Cell("∂E/∂w5 = (a_o1 - t1) * a_o1 * (1 - a_o1) * a_h1"),
        CellIndex(rate_place[0], rate_place[1] - 1): Cell(
            draw.choice(("η=", "Learning rate", "lr"))
        ),
        rate_place: Cell(draw.choice((0.1, 0.5, 1.0, 2.0))),
    }
    settings = {"rate": rate}
    for number, (name, (label, value)) in enumerate(table.settings.items(), start=1):
        at = CellIndex(rate_place[0] + 1, rate_place[1] + 2 * number)
        cells |= {CellIndex(at[0], at[1] - 1): Cell(label), at: Cell(value)}
        settings[name] = at.absolute
    for name, column in place.items():
        family = re.sub(r"\d+$", "", name)
        text = (headers or {}).get(name, spelled.get(family, "{}").format(name[len(family) :]))
        if text:
            cells[CellIndex(top, column)] = Cell(text)
    for row in range(table.rows):
        for name, column in place.items():
            at = CellIndex(top + 1 + row, column)
            content = _content(table, name, row)
            if isinstance(content, str) and content.startswith("'"):
                cells[at] = Cell(content[1:])
            elif isinstance(content, str):
                cells[at] = Cell(None, _filled(table, content, place, top + 1, row, settings))
            elif content is not None:
                cells[at] = Cell(content)
    letter = get_column_letter(place[table.chart])
    plotted = f"Work!${letter}${top + 1}:${letter}${top + table.rows}"
    chart = Chart("Work", "Error", (Series(plotted, table.chart_series),))
    where = {
        (name, row): f"{get_column_letter(column)}{top + 1 + row}"
        for name, column in place.items()
        for row in range(table.rows)
    }
    sheets = {
        "Notes": Sheet("Notes", {CellIndex(1, 1): Cell("nothing")}),
        "Work": Sheet("Work", cells),
    }
    return Made(Book(Path("handmade.xlsx"), sheets, charts=(chart,)), where)


def _content(table: Handmade, name: str, row: int) -> str | float | None:
    if (name, row) in table.in_row:
        return table.in_row[name, row]
    if name in table.series:
        return table.numbers[name] + row
    if name in table.updates and row:
        return table.updates[name]
    return table.numbers[name] if name in table.numbers else table.formulas[name]


def _filled(
    table: Handmade,
    formula: str,
    place: dict[str, int],
    first: int,
    row: int,
    settings: dict[str, str],
) -> str:
    def cell(match: re.Match[str]) -> str:
        name, mark = match[1], match[2]
        if name == "rate":
            return table.rate_reference(settings[name], row)
        if name in settings:
            return settings[name]
        if name == "slide":
            start = CellIndex.parse(settings["rate"].replace("$", ""))
            return f"{get_column_letter(start.column)}{start.row + row - 1}"
        at = {"": first + row, "<": first + row - 1, ">": first + row + 1, "$": first}[mark]
        return f"{get_column_letter(place[name])}{'$' if mark == '$' else ''}{at}"

    return re.sub(r"\[([^\]<>$]+)([<>$]?)\]", cell, formula)


def changed(table: Handmade, column: str, formula: str) -> Handmade:
    """The table with another formula in a column."""
    if column in table.updates:
        return replace(table, updates={**table.updates, column: formula})
    return replace(table, formulas={**table.formulas, column: formula})


# --- Right, but written otherwise --------------------------------------------------------------


def rearranged(table: Handmade, draw: random.Random) -> Handmade:
    """The same mathematics in other words, column by column."""
    for column, formula in table.formulas.items():
        table = changed(table, column, _reworded(formula, draw))
    for column in table.updates:
        gradient = f"dE/d{column}"
        way = draw.choice(
            (
                f"[{column}<]-[rate]*[{gradient}<]",
                f"[{column}<]-([{gradient}<]*[rate])",
                f"-[rate]*[{gradient}<]+[{column}<]",
                f"SUM([{column}<],-[rate]*[{gradient}<])",
            )
        )
        table = changed(table, column, way)
    return table


def _reworded(formula: str, draw: random.Random) -> str:
    def sigmoid(match: re.Match[str]) -> str:
        h = match[1]
        return draw.choice(
            (
                match[0],
                f"1/(1+EXP(-1*{h}))",
                f"EXP({h})/(1+EXP({h}))",
                f"(1+EXP(-{h}))^-1",
                f"POWER(1+EXP(-{h}),-1)",
                f"0.5*(1+TANH({h}/2))",
                f"(1/(1+EXP(0-{h})))",
            )
        )

    def difference(match: re.Match[str]) -> str:
        a, t = match[1], match[2]
        return draw.choice((match[0], f"(-({t}-{a}))", f"(-1)*({t}-{a})", f"(-{t}+{a})"))

    def slopes(match: re.Match[str]) -> str:
        a = match[1]
        return draw.choice(
            (match[0], f"({a}-{a}^2)", f"{a}*(1-{a})", f"(1-{a})*{a}", f"({a}-{a}*{a})")
        )

    def square(match: re.Match[str]) -> str:
        a, b = match[1], match[2]
        return draw.choice((match[0], f"({b}-{a})^2", f"POWER({a}-{b},2)", f"({a}-{b})*({a}-{b})"))

    formula = re.sub(r"1/\(1\+EXP\(-(\[\w+\])\)\)", sigmoid, formula)
    formula = re.sub(r"\((\[a_o\d\])-(\[t\d\])\)", difference, formula)
    formula = re.sub(r"(\[a_[ho]\d\])\*\(1-\1\)", slopes, formula)
    formula = re.sub(r"\((\[t\d\])-(\[a_o\d\])\)\^2", square, formula)
    formula = formula.replace("0.5*", draw.choice(("0.5*", "1/2*", "50%*", "(1/2)*")))
    formula = (
        re.sub(r"IF\((\[h\d\])>0,1,0\)", r"IF(\1<=0,0,1)", formula)
        if draw.random() < 0.5
        else formula
    )
    if draw.random() < 0.2:
        formula = f"+{formula}"
    return f"({formula})" if draw.random() < 0.2 else formula
