"""Right and wrong trainings in layouts other than the classic table, and what the mistakes are.

Nothing of the audit is imported: what plants mistakes must not know how they are found.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.model import Book, Cell
from tests.audit.handmade import Handmade, handmade, rearranged
from tests.audit.planted import PLANTS
from tests.audit.steps import descents, regressions
from tests.audit.steps.descents import DESCENTS, STEPS, Descent
from tests.audit.steps.matrices import Matrices, batch, columns
from tests.audit.steps.plans import (
    LaidOut,
    a_cell_each,
    a_cell_each_below_its_label,
    a_sheet_a_step,
    across,
    across_with_new_weights,
    blocks,
    blocks_to_the_right,
    data_apart,
    gradients_in_turn,
    in_place,
    in_turn,
)

Plan = Callable[[Handmade, random.Random], LaidOut]
FAMILIES: dict[str, tuple[Plan, ...]] = {
    "on its side": (across, across_with_new_weights),
    "rows in turn": (in_turn, gradients_in_turn),
    "a cell a quantity": (a_cell_each, a_cell_each_below_its_label),
    "in place": (in_place,),
    "blocks of examples": (blocks, blocks_to_the_right, data_apart),
    "a sheet a step": (a_sheet_a_step,),
}
"""The layouts of a network that is spelled out value by value."""

_MARK = re.compile(r"[<>$]]")  # of another row of a classic table
SPELLED_OUT = ("matrices", "regression", "descent on a function")
EVERY_FAMILY = (*FAMILIES, *SPELLED_OUT)


@dataclass(frozen=True)
class Wrong:
    """A book with one mistake.

    Attributes:
        book: the book.
        places: the cells of which one is the first to show it, with their sheets.
        codes: the codes that it may be given, the usual one first.
    """

    book: Book
    places: frozenset[str]
    codes: str


def right(family: str, number: int) -> Book:
    """A right training of a family, another one for each number."""
    draw = random.Random(f"right {family} {number}")
    if family == "matrices":
        if number % 3 == 2:
            return batch(draw).book()
        return columns(draw, (1, 3)[number % 3], biases=number % 2 > 0).book()
    if family == "regression":
        return regressions.book(_regression(draw))
    if family == "descent on a function":
        descent = _descent(draw, number)
        return descents.book(descent, across=number % 4 == 3 and not descent.beside)
    table = handmade(draw)
    plans = FAMILIES[family]
    plan = plans[number % len(plans)]
    return plan(rearranged(table, draw) if draw.random() < 0.5 else table, draw).book


def kinds(family: str) -> list[str]:
    """The names of the mistakes that are planted in a family."""
    if family == "matrices":
        return [*_MATRICES]
    if family == "regression":
        return [*_REGRESSIONS]
    if family == "descent on a function":
        return [f"{name}: {n}" for name, ways in _DESCENTS.items() for n in range(len(ways))]
    return [*PLANTS]


def planted(family: str, kind: str, often: int) -> Iterator[Wrong]:
    """So many trainings of a family with a kind of mistake, as far as it can be planted there."""
    count = 0
    for seed in range(12 * often):
        draw = random.Random(f"{family} {kind} {seed}")
        if (found := _planted(family, kind, draw)) is not None:
            yield found
            count += 1
        if count == often:
            return


def _planted(family: str, kind: str, draw: random.Random) -> Wrong | None:
    if family == "matrices":
        return _in_matrices(kind, draw)
    if family == "regression":
        return _in_regression(kind, draw)
    if family == "descent on a function":
        return _in_descent(kind)
    return _in_plan(draw.choice(FAMILIES[family]), kind, draw)


# --- Networks spelled out value by value --------------------------------------------------------


def _in_plan(plan: Plan, kind: str, draw: random.Random) -> Wrong | None:
    """A mistake in one formula that is not an update, laid out."""
    code, plant = PLANTS[kind]
    table = handmade(draw)
    found = plant(replace(table), draw)
    if found is None:
        return None
    wrong = [n for n, formula in found.table.formulas.items() if formula != table.formulas.get(n)]
    same = replace(found.table, formulas=table.formulas, rate_reference=table.rate_reference)
    is_whole = same == table and found.table.rate_reference == table.rate_reference
    if wrong != [found.column] or not is_whole or _MARK.search(found.table.formulas[wrong[0]]):
        return None
    laid_out = plan(found.table, draw)
    name = found.column if found.column in laid_out.names else f"{found.column}@1"
    place = CellRef(laid_out.sheet(0), laid_out.place(name, 0))
    return Wrong(laid_out.book, frozenset((str(place),)), code)


# --- Matrices ----------------------------------------------------------------------------------

_MATRICES: dict[str, tuple[str, str, str, str]] = {
    # of which matrix what is written for what, and the code
    "the slope left out": ("D1", "*{A1}*(1-{A1})", "", "GS602"),
    "the slope of the sums": ("D1", "{A1}*(1-{A1})", "{Z1}*(1-{Z1})", "GS404"),
    "a slope with a plus": ("D2", "(1-{A2})", "(1+{A2})", "GS603"),
    "the output slope left out": ("D2", "*{A2}*(1-{A2})", "", "GS602"),
    "target less output": ("D2", "({A2}-{T})", "({T}-{A2})", "GS301"),
    "output plus target": ("D2", "({A2}-{T})", "({A2}+{T})", "GS301"),
    "an update that climbs": ("new W2", "-$B$1", "+$B$1", "GS301"),
    "the rate left out": ("new W1", "$B$1*", "", "GS302"),
    "half an update": ("new W2", "-$B$1*", "-$B$1*0.5*", "GS310 GS303+GS214"),
    "sums for activations": ("dW2", "{A1}", "{Z1}", "GS404"),
    "a sign in the sigmoid": ("A2", "EXP(-", "EXP(", "GS301"),
    "no half in the loss": ("E", "0.5*", "", "GS302"),
    "a bias subtracted": ("Z1", "+{B1}", "-{B1}", "GS301"),
    "a bias left out": ("Z2", "+{B2}", "", "GS304"),
}


def _in_matrices(kind: str, draw: random.Random) -> Wrong | None:
    matrix, old, new, codes = _MATRICES[kind]
    sheet = columns(draw, 1, biases=True)
    if (matrix, 0) not in sheet.places:
        return None
    areas = {name: str(where) for (name, _), where in sheet.places.items()}
    for name, area in areas.items():
        old, new = old.replace(f"{{{name}}}", area), new.replace(f"{{{name}}}", area)
    places = sheet.places[matrix, 0].cells()
    return Wrong(
        _changed(sheet, matrix, old, new), frozenset(f"M!{index}" for index in places), codes
    )


def _changed(sheet: Matrices, matrix: str, old: str, new: str) -> Book:
    return sheet.book(lambda text: text.replace(old, new), matrix)


# --- Regressions -------------------------------------------------------------------------------

_REGRESSIONS: dict[str, tuple[str, str, str, str]] = {
    # in which column what is written for what; of {r} the row, of {t} the block's first
    "the input left out": ("G", "*C{r}", "", "GS302"),
    "target less output": ("H", "(E{r}-D{r})", "(D{r}-E{r})", "GS301"),
    "output plus target": ("G", "(E{r}-D{r})", "(E{r}+D{r})", "GS301"),
    "the target for the input": ("G", "*C{r}", "*D{r}", "GS312 GS403 GS501"),
    "the intercept left out": ("E", "+$B${t}", "", "GS304"),
    "the intercept subtracted": ("E", "+$B${t}", "-$B${t}", "GS301"),
    "the slope for the intercept": ("E", "+$B${t}", "+$A${t}", "GS401 GS402 GS312"),
    "an error of another row": ("H", "-D{r}", "-D{q}", "GS501 GS213 GS214"),
    "a mean of too few rows": ("G", ":G{l}", ":G{k}", "GS304"),
    "a sum of too few rows": ("H", "(H{t}:", "(H{u}:", "GS304"),
    "an update that climbs": ("A", "-$B$1", "+$B$1", "GS301"),
    "the rate left out": ("B", "$B$1*", "", "GS302"),
    "the other gradient": ("A", "*G", "*H", "GS605"),
}


def _regression(draw: random.Random, examples: int | None = None) -> regressions.Cells:
    return regressions.regression(
        draw.choice(regressions.WORDS),
        draw.random() < 0.5,
        draw.choice(("SUM({})", "AVERAGE({})")),
        draw,
        examples or draw.randint(3, 12),
    )


def _in_regression(kind: str, draw: random.Random) -> Wrong | None:
    """A mistake in one row of the second block, below it, or in the weights of it."""
    column, old, new, codes = _REGRESSIONS[kind]
    examples = draw.randint(4, 10)
    cells = _regression(draw, examples)
    top = 4 + examples + 3
    is_whole, is_update = ":" in old, column in "AB"
    row = top + examples if is_whole else top if is_update else top + draw.randint(1, examples - 2)
    last = top + examples - 1
    names = {"r": row, "q": row - 1, "t": top, "u": top + 1, "l": last, "k": last - 1}
    old, new = old.format(**names), new.format(**names)
    held = cells[f"{column}{row}"].formula or ""
    if old not in held:
        return None
    cells[f"{column}{row}"] = Cell(None, held.replace(old, new))
    return Wrong(regressions.book(cells), frozenset((f"S!{column}{row}",)), codes)


# --- Descent on a function ---------------------------------------------------------------------

_DESCENTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    # of each function some derivatives, and updates, that are wrong, and what they are called
    "two variables": (
        ("dz", "[z]", "GS302 GS310"),
        ("dx", "2*[x]+3", "GS301"),
        ("dx", "[x]-3", "GS302"),
        ("dx", "2*[x]", "GS304"),
        ("dz", "2*[x]", "GS401 GS403"),
        ("z", "[z]+$B$1*[dz]", "GS301"),
        ("x", "[x]-[dx]", "GS302"),
        ("x", "[x]-$B$1*[dz]", "GS605"),
    ),
    "German": (
        ("dx", "EXP([x])+[y]", "GS313 GS304"),
        ("dy", "3*[y]+[x]", "GS302 GS313"),
        ("dy", "6*[y]", "GS304"),
        ("dx", "EXP([x]-1)-[y]", "GS301"),
    ),
    "Rosenbrock": (
        ("dx", "-2*(1-[x])+400*[x]*([y]-[x]^2)", "GS301"),
        ("dx", "-2*(1-[x])-400*([y]-[x]^2)", "GS302"),
        ("dy", "200*([y]+[x]^2)", "GS301"),
        ("dy", "200*([y]-[x])", "GS308"),
    ),
    "linear regression": (
        ("db", f"2*SUM({descents.FIT})", "GS302 GS313"),
        ("dm", f"SUMPRODUCT({descents.FIT},$L$2:$L$5)/4", "GS310 GS302"),
        ("m", "[m]+$B$1*[dm]", "GS301"),
    ),
}


def _descent(draw: random.Random, number: int) -> Descent:
    """One of the functions, from another start."""
    descent = DESCENTS[sorted(DESCENTS)[number % len(DESCENTS)]]
    starts = {n: s + round(draw.uniform(0.05, 0.45), 2) for n, s in descent.variables.items()}
    return replace(descent, variables=starts, rate=descent.rate * draw.choice((0.5, 1.0)))


def _in_descent(kind: str) -> Wrong:
    name, _, number = kind.rpartition(": ")
    descent = DESCENTS[name]
    target, formula, codes = _DESCENTS[name][int(number)]
    first = 1 if target in descent.variables else 0
    wrong = {(target, step): formula for step in range(first, STEPS)}
    names = [*descent.variables, "f", *(f"d{n}" for n in descent.variables)]
    place = f"S!{'BCDEFGH'[names.index(target)]}{4 + first}"
    return Wrong(descents.book(descent, in_row=wrong), frozenset((place,)), codes)
