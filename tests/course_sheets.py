"""Course sheets in Excel's own dialect: a network of two units trained by hand, three times.

``right`` is right and has a pasted comparison of learning rates; ``one-slope`` uses the slope of
the first hidden unit for the second, the most frequent mistake of such sheets; ``five-wrong`` has
five wrong gradients and a large learning rate.
"""

import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from gradsheet.spreadsheet.recalculate import Cells, recalculated

NAMES = (
    *("t1", "t2", "i1", "i2", "w1", "w2", "w3", "w4", "h1", "a_h1", "h2", "a_h2"),
    *("w5", "w6", "w7", "w8", "o1", "a_o1", "o2", "a_o2", "E1", "E2", "E_T"),
    *(f"dE/dw{n}" for n in range(1, 9)),
)
LETTERS = {name: xl_col_to_name(column) for column, name in enumerate(NAMES)}
WEIGHTS = (0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55)
GIVEN = {"t1": 0.01, "t2": 0.99, "i1": 0.05, "i2": 0.1} | {
    f"w{n}": weight for n, weight in enumerate(WEIGHTS, start=1)
}
DELTA = {o: f"([a_o{o}]-[t{o}])*[a_o{o}]*(1-[a_o{o}])" for o in (1, 2)}
SLOPE = {h: f"[a_h{h}]*(1-[a_h{h}])" for h in (1, 2)}
FORMULAS = {
    "h1": "[w1]*[i1]+[w2]*[i2]",
    "h2": "[w3]*[i1]+[w4]*[i2]",
    "o1": "[w5]*[a_h1]+[w6]*[a_h2]",
    "o2": "[w7]*[a_h1]+[w8]*[a_h2]",
    **{f"a_{unit}": f"1/(1+EXP(-[{unit}]))" for unit in ("h1", "h2", "o1", "o2")},
    "E1": "0.5*([t1]-[a_o1])^2",
    "E2": "0.5*([t2]-[a_o2])^2",
    "E_T": "[E1]+[E2]",
    **{
        f"dE/dw{2 * h + i - 2}": f"({DELTA[1]}*[w{4 + h}]+{DELTA[2]}*[w{6 + h}])*{SLOPE[h]}*[i{i}]"
        for h in (1, 2)
        for i in (1, 2)
    },
    **{f"dE/dw{2 * o + h + 2}": f"{DELTA[o]}*[a_h{h}]" for o in (1, 2) for h in (1, 2)},
}


@dataclass(frozen=True)
class CourseSheet:
    """One of them.

    Attributes:
        sheet: the name of the sheet with the table.
        first: the first row of the table, below its headers.
        updates: how often the weights are updated.
        rate: the learning rate.
        rate_cell: its cell.
        headers: how a gradient's header is written.
        wrong: the wrong formulas.
        compared: the learning rates whose losses are pasted on a second sheet.
    """

    sheet: str
    first: int
    updates: int
    rate: float
    rate_cell: str
    headers: str
    wrong: dict[str, str] = field(default_factory=dict)
    compared: tuple[float, ...] = ()

    @property
    def last(self) -> int:
        """The last row of the table."""
        return self.first + self.updates


_HALF_WRONG = "([a_o1]-[t1])*[a_o1]*(1-[a_o1])*[w5]+[a_o2]*(1-[a_o1])*[w7]"
COURSE_SHEETS = {
    "right": CourseSheet(
        *("By hand", 35, 32, 0.5, "F33", "∂E_T/∂w{}"), compared=(0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
    ),
    "one-slope": CourseSheet(
        *("Sheet1", 29, 61, 0.5, "E27", "E∂w{}"),
        {f"dE/dw{n}": FORMULAS[f"dE/dw{n}"].replace(SLOPE[2], SLOPE[1]) for n in (3, 4)},
    ),
    "five-wrong": CourseSheet(
        *("Sheet1", 31, 100, 2.0, "G29", "dE/dw{}"),
        {
            **{f"dE/dw{i}": f"({_HALF_WRONG})*{SLOPE[1]}*[i{i}]" for i in (1, 2)},
            "dE/dw6": f"{DELTA[1]}*[h2]",
            "dE/dw7": FORMULAS["dE/dw8"],
            "dE/dw8": FORMULAS["dE/dw7"],
        },
    ),
}


def write_course_sheet(name: str, path: Path) -> Path:
    """Write the course sheet, its values recalculated, its copied formulas shared as in Excel."""
    made = COURSE_SHEETS[name]
    _write(made, path, {})
    _write(made, path, recalculated(path, {}, "ironcalc"))
    _share_formulas(made, path)
    return path


def _write(made: CourseSheet, path: Path, values: Cells) -> None:
    cached = {str(ref.cell): value for ref, value in values.items() if ref.sheet == made.sheet}
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet(made.sheet)
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    sheet.write("A1", "Backpropagation by hand", bold)
    sheet.write_rich_string("A3", "∂E/∂w", bold, "5", " = (a_o1 − t1) · a_o1 · (1 − a_o1) · a_h1")
    sheet.insert_textbox("H2", "h1 = w1·i1 + w2·i2")
    letters, row = made.rate_cell[0], made.rate_cell[1:]
    sheet.write(f"{chr(ord(letters) - 1)}{row}", "η =")
    sheet.write(made.rate_cell, made.rate, bold)
    for name, column in LETTERS.items():
        header = made.headers.format(name[-1]) if name.startswith("dE") else name
        sheet.write(f"{column}{made.first - 1}", header, bold)
        for number in range(made.first, made.last + 1):
            cell, formula = f"{column}{number}", formula_in(made, name, number)
            if formula:
                sheet.write_formula(cell, f"={formula}", None, cached.get(cell, 0))
            else:
                sheet.write_number(cell, GIVEN[name])
    chart = book.add_chart({"type": "line"})
    loss = f"='{made.sheet}'!$W${made.first}:$W${made.last}"
    chart.add_series({"values": loss, "data": [cached.get(f"W{made.first}", 0)]})
    chart.set_title({"name": f"Total Error for η= {made.rate:g}"})
    sheet.insert_chart("H6", chart)
    if made.compared:
        _write_comparison(made, book)
    book.close()


def formula_in(made: CourseSheet, name: str, row: int) -> str:
    """The formula of a value in a row; empty where a number is typed in."""
    if name.startswith("w"):
        gradient, rate = LETTERS[f"dE/d{name}"], made.rate_cell
        fixed = f"${rate[0]}${rate[1:]}"
        update = f"{LETTERS[name]}{row - 1}-{fixed}*{gradient}{row - 1}"
        return update if row > made.first else ""
    formula = made.wrong.get(name, FORMULAS.get(name, ""))
    return re.sub(r"\[([^\]]+)\]", lambda found: f"{LETTERS[found[1]]}{row}", formula)


def _write_comparison(made: CourseSheet, book: xlsxwriter.Workbook) -> None:
    sheet, chart = book.add_worksheet("Learning rates"), book.add_chart({"type": "line"})
    for column, rate in enumerate(made.compared):
        sheet.write(0, column, f"LR={rate:g}")
        sheet.write_column(1, column, losses(rate, made.updates))
        place = ["Learning rates", 1, column, 1 + made.updates, column]
        chart.add_series({"values": place, "name": ["Learning rates", 0, column]})
    sheet.insert_chart("H2", chart)


def losses(rate: float, updates: int) -> list[float]:
    """The loss before the first update and after each, computed in plain Python."""
    w, (t1, t2, i1, i2) = list(WEIGHTS), [GIVEN[name] for name in ("t1", "t2", "i1", "i2")]
    found = []
    for _ in range(updates + 1):
        h1, h2 = _sigmoid(w[0] * i1 + w[1] * i2), _sigmoid(w[2] * i1 + w[3] * i2)
        o1, o2 = _sigmoid(w[4] * h1 + w[5] * h2), _sigmoid(w[6] * h1 + w[7] * h2)
        found.append(0.5 * (t1 - o1) ** 2 + 0.5 * (t2 - o2) ** 2)
        d1, d2 = (o1 - t1) * o1 * (1 - o1), (o2 - t2) * o2 * (1 - o2)
        e1 = (d1 * w[4] + d2 * w[6]) * h1 * (1 - h1)
        e2 = (d1 * w[5] + d2 * w[7]) * h2 * (1 - h2)
        gradients = (e1 * i1, e1 * i2, e2 * i1, e2 * i2, d1 * h1, d1 * h2, d2 * h1, d2 * h2)
        w = [weight - rate * gradient for weight, gradient in zip(w, gradients, strict=True)]
    return found


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


# --- Excel's dialect -------------------------------------------------------------------------


def _share_formulas(made: CourseSheet, path: Path) -> None:
    """Write each copied formula once, for several stretches of rows, as Excel does."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    part = "xl/worksheets/sheet1.xml"
    content = parts[part].decode()
    for number, (column, first, last) in enumerate(_stretches(made)):
        head = rf'(<c r="{column}{first}"[^>]*><f)>'
        shared = rf'\1 t="shared" ref="{column}{first}:{column}{last}" si="{number}">'
        content, count = re.subn(head, shared, content)
        assert count == 1, (column, first)
        rows = "|".join(map(str, range(first + 1, last + 1)))
        copy = rf'(<c r="{column}(?:{rows})"[^>]*>)<f>[^<]*</f>'
        content = re.sub(copy, rf'\1<f t="shared" si="{number}"/>', content)
    parts[part] = content.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, old in parts.items():
            archive.writestr(name, old)


def _stretches(made: CourseSheet) -> Iterator[tuple[str, int, int]]:
    """Columns of formulas and the first and last row of each stretch that shares one."""
    cuts = (made.first + 1, made.first + 3, made.first + 9, made.last + 1)
    for name, column in LETTERS.items():
        if formula_in(made, name, made.last):
            for first, end in pairwise(cuts):
                yield column, first, end - 1
