"""Mistakes planted by editing the text of one formula, and the code of the rule that each breaks.

Nothing of the audit is imported: what plants mistakes must not know how they are found.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.audit.handmade import Handmade, changed, slope


@dataclass(frozen=True)
class Planted:
    """A table with one mistake.

    Attributes:
        table: the table.
        column: where it is.
        row: the first 0-based row that shows it.
    """

    table: Handmade
    column: str
    row: int = 0


Plant = Callable[[Handmade, random.Random], Planted | None]
PLANTS: dict[str, tuple[str, Plant]] = {}
"""By the name of the plant the code of the rule it breaks, and how it is planted."""


def plant(name: str, code: str) -> Callable[[Plant], Plant]:
    def register(function: Plant) -> Plant:
        PLANTS[name] = (code, function)
        return function

    return register


def first_layer(table: Handmade) -> list[str]:
    inputs, units, _ = table.sizes
    return [f"dE/dw{n}" for n in range(1, inputs * units + 1)]


def last_layer(table: Handmade) -> list[str]:
    inputs, units, outputs = table.sizes
    start = inputs * units
    return [f"dE/dw{n}" for n in range(start + 1, start + units * outputs + 1)]


def gradients(table: Handmade) -> list[str]:
    return [*first_layer(table), *last_layer(table)]


def units_of(table: Handmade, gradient: str) -> tuple[int, int]:
    """The 1-based unit that a first-layer weight leads to, and the input it comes from."""
    number = int(gradient[5:]) - 1
    return number // table.sizes[0] + 1, number % table.sizes[0] + 1


def ends_of(table: Handmade, gradient: str) -> tuple[int, int]:
    """The 1-based output that a last-layer weight leads to, and the hidden unit it comes from."""
    number = int(gradient[5:]) - 1 - table.sizes[0] * table.sizes[1]
    return number // table.sizes[1] + 1, number % table.sizes[1] + 1


def other(count: int, one: int, draw: random.Random) -> int:
    return draw.choice([n for n in range(1, count + 1) if n != one])


def edited(
    table: Handmade, column: str, old: str, new: str, draw: random.Random, every: bool = False
) -> Planted | None:
    """One occurrence of a text replaced, or every one."""
    source = table.updates.get(column) or table.formulas[column]
    places = [m.start() for m in re.finditer(re.escape(old), source)]
    if not places:
        return None
    place = draw.choice(places)
    result = (
        source.replace(old, new) if every else (source[:place] + new + source[place + len(old) :])
    )
    return Planted(changed(table, column, result), column, 1 if column in table.updates else 0)


# --- Gradients of the first layer --------------------------------------------------------------


@plant("hidden slope of a neighbor", "GS601")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.hidden != "sigmoid":
        return None
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    wrong = other(table.sizes[1], unit, draw)
    return edited(table, column, slope("sigmoid", f"h{unit}"), slope("sigmoid", f"h{wrong}"), draw)


@plant("half a slope of a neighbor", "GS601")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.hidden != "sigmoid":
        return None
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    wrong = other(table.sizes[1], unit, draw)
    return edited(table, column, f"(1-[a_h{unit}])", f"(1-[a_h{wrong}])", draw)


@plant("slope of the sums", "GS404")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.hidden != "sigmoid":
        return None
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    return edited(table, column, slope("sigmoid", f"h{unit}"), f"[h{unit}]*(1-[h{unit}])", draw)


@plant("hidden slope left out", "GS602")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    return edited(table, column, f"*{slope(table.hidden, f'h{unit}')}", "", draw)


@plant("slope of another activation", "GS603")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.hidden == "relu":
        return None
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    wrong = "tanh" if table.hidden == "sigmoid" else "sigmoid"
    return edited(table, column, slope(table.hidden, f"h{unit}"), slope(wrong, f"h{unit}"), draw)


@plant("slope with a plus", "GS603")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.hidden != "sigmoid":
        return None
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    return edited(table, column, f"(1-[a_h{unit}])", f"(1+[a_h{unit}])", draw)


@plant("bracket around the paths", "GS306")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.sizes[2] < 2:
        return None
    column = draw.choice(first_layer(table))
    unit, k = units_of(table, column)
    tail = slope(table.hidden, f"h{unit}")
    source = table.formulas[column]
    paths = source[1 : source.rindex(f")*{tail}")]
    wrong = draw.choice((f"({paths}*{tail})*[i{k}]", f"{paths}*{tail}*[i{k}]"))
    return Planted(changed(table, column, wrong), column)


@plant("bracket of the slope", "GS306")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.hidden != "sigmoid":
        return None
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    return edited(table, column, f"*(1-[a_h{unit}])", f"*1-[a_h{unit}]", draw)


@plant("a path left out", "GS304")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.sizes[2] < 2:
        return None
    column = draw.choice(first_layer(table))
    unit, k = units_of(table, column)
    tail = f")*{slope(table.hidden, f'h{unit}')}*[i{k}]"
    paths = table.formulas[column][1 : -len(tail)].split("]+")
    gone = draw.randrange(len(paths))
    kept = [path if path.endswith("]") else f"{path}]" for n, path in enumerate(paths) if n != gone]
    return Planted(changed(table, column, f"({'+'.join(kept)}{tail}"), column)


@plant("a minus between paths", "GS301")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.sizes[2] < 2:
        return None
    return edited(table, draw.choice(first_layer(table)), "]+", "]-", draw)


@plant("weight of another connection", "GS401")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    inside = re.findall(r"\[(w\d+)\]", table.formulas[column])
    right = draw.choice(inside)
    wrong = draw.choice([g[4:] for g in last_layer(table) if g[4:] not in inside])
    return edited(table, column, f"[{right}]", f"[{wrong}]", draw)


@plant("a weight left out", "GS302")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    right = draw.choice(re.findall(r"\[(w\d+)\]", table.formulas[column]))
    return edited(table, column, f"*[{right}]", "", draw)


@plant("an updated weight", "GS701")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    right = draw.choice(re.findall(r"\[(w\d+)\]", table.formulas[column]))
    return edited(table, column, f"[{right}]", f"[{right}>]", draw)


@plant("all weights updated", "GS701")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    wrong = re.sub(r"\[(w\d+)\]", r"[\1>]", table.formulas[column])
    return Planted(changed(table, column, wrong), column)


@plant("a weight updated on the spot", "GS701")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    wrong = re.sub(r"\[(w\d+)\]", r"([\1]-[rate]*[dE/d\1])", table.formulas[column])
    return Planted(changed(table, column, wrong), column)


@plant("a pinned weight", "GS212")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    right = draw.choice(re.findall(r"\[(w\d+)\]", table.formulas[column]))
    found = edited(table, column, f"[{right}]", f"[{right}$]", draw)
    return replace(found, row=1) if found else None


@plant("a neighbor's input", "GS403")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    _, k = units_of(table, column)
    return edited(table, column, f"[i{k}]", f"[i{other(table.sizes[0], k, draw)}]", draw)


@plant("a typed input", "GS214")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(first_layer(table))
    _, k = units_of(table, column)
    return edited(table, column, f"[i{k}]", f"{table.numbers[f'i{k}']}", draw)


# --- Gradients of the last layer ---------------------------------------------------------------


@plant("sum for activation", "GS404")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    _, k = ends_of(table, column)
    return edited(table, column, f"*[a_h{k}]", f"*[h{k}]", draw)


@plant("a neighbor's hidden signal", "GS403")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    _, k = ends_of(table, column)
    return edited(table, column, f"[a_h{k}]", f"[a_h{other(table.sizes[1], k, draw)}]", draw)


@plant("gradients swapped", "GS604")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    first = draw.choice(gradients(table))
    second = draw.choice([g for g in gradients(table) if g != first])
    formulas = table.formulas
    both = changed(changed(table, first, formulas[second]), second, formulas[first])
    return Planted(both, min(first, second, key=lambda g: int(g[5:])))


@plant("the error left out", "GS302")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    o, _ = ends_of(table, column)
    return edited(table, column, f"([a_o{o}]-[t{o}])*", "", draw)


@plant("target less output", "GS301")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(gradients(table))
    o = draw.randint(1, table.sizes[2])
    return edited(table, column, f"([a_o{o}]-[t{o}])", f"([t{o}]-[a_o{o}])", draw)


@plant("target of another output", "GS501")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.sizes[2] < 2:
        return None
    column = draw.choice(gradients(table))
    o = draw.randint(1, table.sizes[2])
    return edited(table, column, f"[t{o}]", f"[t{other(table.sizes[2], o, draw)}]", draw)


@plant("another output in the error", "GS502")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.sizes[2] < 2:
        return None
    column = draw.choice(gradients(table))
    o = draw.randint(1, table.sizes[2])
    wrong = other(table.sizes[2], o, draw)
    return edited(table, column, f"([a_o{o}]-", f"([a_o{wrong}]-", draw)


@plant("output slope left out", "GS602")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    o, _ = ends_of(table, column)
    return edited(table, column, f"*{slope('sigmoid', f'o{o}')}", "", draw)


@plant("half an output slope left out", "GS302")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    o, _ = ends_of(table, column)
    return edited(table, column, f"*(1-[a_o{o}])", "", draw)


@plant("a factor twice", "GS303")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    o, _ = ends_of(table, column)
    return edited(table, column, f"*(1-[a_o{o}])", f"*(1-[a_o{o}])*(1-[a_o{o}])", draw)


@plant("a two too many", "GS309")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(gradients(table))
    return Planted(changed(table, column, f"2*({table.formulas[column]})"), column)


@plant("the last signal left out", "GS302")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    _, k = ends_of(table, column)
    return edited(table, column, f"*[a_h{k}]", "", draw)


@plant("a sum of factors", "GS307")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    _, k = ends_of(table, column)
    return edited(table, column, f"*[a_h{k}]", f"+[a_h{k}]", draw)


@plant("a value of the row above", "GS213")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(last_layer(table))
    _, k = ends_of(table, column)
    return edited(table, column, f"*[a_h{k}]", f"*[a_h{k}<]", draw)


# --- Forward pass and loss ---------------------------------------------------------------------


@plant("a weight twice in a sum", "GS401")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(table.names(r"[ho]\d"))
    inside = re.findall(r"\[(w\d+)\]", table.formulas[column])
    right, wrong = draw.sample(inside, 2)
    return edited(table, column, f"[{right}]", f"[{wrong}]", draw)


@plant("a signal twice in a sum", "GS403")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(table.names(r"[ho]\d"))
    inside = re.findall(r"\[(i\d|a_h\d)\]", table.formulas[column])
    right, wrong = draw.sample(inside, 2)
    return edited(table, column, f"[{right}]", f"[{wrong}]", draw)


@plant("a sum before its activation", "GS404")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(table.names(r"o\d"))
    k = draw.randint(1, table.sizes[1])
    return edited(table, column, f"[a_h{k}]", f"[h{k}]", draw)


@plant("a bias left out", "GS304")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if not table.biases:
        return None
    column = draw.choice(table.names(r"[ho]\d"))
    bias = re.findall(r"\[(b\d)\]", table.formulas[column])[0]
    return edited(table, column, f"+[{bias}]", "", draw)


@plant("a minus in a sum", "GS301")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    return edited(table, draw.choice(table.names(r"[ho]\d")), "]+", "]-", draw)


@plant("a sigmoid without its minus", "GS301")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    o = draw.randint(1, table.sizes[2])
    return edited(table, f"a_o{o}", "EXP(-", "EXP(", draw)


@plant("an activation of another sum", "GS406")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    u = draw.randint(1, table.sizes[1])
    return edited(table, f"a_h{u}", f"[h{u}]", f"[h{other(table.sizes[1], u, draw)}]", draw)


@plant("the half left out", "GS302")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.loss != "half" or table.sizes[2] < 2:
        return None
    return edited(table, f"E{draw.randint(1, table.sizes[2])}", "0.5*", "", draw)


@plant("the square left out", "GS308")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    return edited(table, f"E{draw.randint(1, table.sizes[2])}", "^2", "", draw)


@plant("an error against another target", "GS501")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.sizes[2] < 2:
        return None
    o = draw.randint(1, table.sizes[2])
    return edited(table, f"E{o}", f"[t{o}]", f"[t{other(table.sizes[2], o, draw)}]", draw)


@plant("an error counted twice", "GS503")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.sizes[2] < 2:
        return None
    o = draw.randint(1, table.sizes[2])
    return edited(table, "E_total", f"[E{o}]", f"[E{other(table.sizes[2], o, draw)}]", draw)


@plant("an error not counted", "GS304")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    if table.sizes[2] < 2:
        return None
    return edited(table, "E_total", "+[E2]", "", draw)


# --- Updates -----------------------------------------------------------------------------------


@plant("an ascent", "GS301")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    return edited(table, draw.choice(table.names(r"w\d+")), "<]-[", "<]+[", draw)


@plant("the rate left out", "GS302")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    return edited(table, draw.choice(table.names(r"w\d+")), "[rate]*", "", draw)


@plant("another weight's gradient", "GS605")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    first, second = draw.sample(table.names(r"w\d+"), 2)
    return edited(table, first, f"[dE/d{first}<]", f"[dE/d{second}<]", draw)


@plant("an update of another weight", "GS401")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    first, second = draw.sample(table.names(r"w\d+"), 2)
    return edited(table, first, f"[{first}<]", f"[{second}<]", draw)


@plant("updates from the first row", "GS212")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    weight = draw.choice(table.names(r"w\d+"))
    found = edited(table, weight, f"[{weight}<]", f"[{weight}$]", draw)
    return replace(found, row=2) if found else None


@plant("a rate typed in one column", "GS214")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    return edited(table, draw.choice(table.names(r"w\d+")), "[rate]", "0.35", draw)


@plant("a rate typed everywhere", "GS802")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    for name in table.updates:
        table = changed(table, name, table.updates[name].replace("[rate]", "0.35"))
    return Planted(table, "w1", 1)


@plant("a rate without its $", "GS211")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    def sliding(cell: str, row: int) -> str:
        _, column, first = cell.split("$")
        return f"{column}{int(first) + row - 1}"

    return Planted(replace(table, rate_reference=sliding), "w1", 2)


# --- Cells -------------------------------------------------------------------------------------


@plant("a pasted number", "GS201")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column, row = draw.choice(list(table.formulas)), draw.randrange(1, table.rows)
    return Planted(replace(table, in_row={(column, row): 0.1234}), column, row)


@plant("an empty cell", "GS202")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column, row = draw.choice(list(table.formulas)), draw.randrange(1, table.rows)
    return Planted(replace(table, in_row={(column, row): None}), column, row)


@plant("a pasted column", "GS204")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(gradients(table))
    pasted: dict[tuple[str, int], str | float | None]
    pasted = {(column, row): 0.01 + row / 1000 for row in range(table.rows)}
    return Planted(replace(table, in_row=pasted), column)


@plant("a mistake in one row", "GS403")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column, row = draw.choice(last_layer(table)), draw.randrange(1, table.rows)
    _, k = ends_of(table, column)
    wrong = other(table.sizes[1], k, draw)
    formula = table.formulas[column].replace(f"[a_h{k}]", f"[a_h{wrong}]")
    return Planted(replace(table, in_row={(column, row): formula}), column, row)


@plant("an input dragged down", "GS209")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice(table.names(r"[ti]\d"))
    return Planted(replace(table, series=(column,)), column, 1)


@plant("a chart of another column", "GS901")
def _(table: Handmade, draw: random.Random) -> Planted | None:
    column = draw.choice([*table.names(r"E\d"), "a_o1"])
    return Planted(replace(table, chart=column), column)
