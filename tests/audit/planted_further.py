"""Mistakes that touch several columns or terms, two at once, and those of other update rules.

Like ``planted``, this knows nothing of how mistakes are found.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.audit.handmade import Handmade, changed, handmade, slope
from tests.audit.planted import (
    PLANTS,
    ends_of,
    first_layer,
    gradients,
    last_layer,
    other,
    units_of,
)
from tests.audit.rules_of_updates import by_rule


@dataclass(frozen=True)
class Several:
    """A table with mistakes.

    Attributes:
        table: the table.
        mistakes: of each the column, its first 0-based row and the code of its rule; several codes
            where a mistake has two names.
        headers: texts in place of the usual headers.
    """

    table: Handmade
    mistakes: tuple[tuple[str, int, str], ...]
    headers: dict[str, str] = field(default_factory=dict)


Plant = Callable[[random.Random], Several | None]
FURTHER: dict[str, Plant] = {}
"""By the name of the kind how it is planted."""


def plant(name: str) -> Callable[[Plant], Plant]:
    def register(function: Plant) -> Plant:
        FURTHER[name] = function
        return function

    return register


def wide(draw: random.Random) -> Handmade:
    """A table with two outputs or more."""
    return handmade(draw, (draw.randint(2, 3), draw.randint(2, 3), draw.randint(2, 3)))


def one(table: Handmade, column: str, formula: str, code: str, row: int = 0) -> Several:
    """One formula of a column put in place of the right one."""
    first = max(row, 1) if column in table.updates else row
    return Several(changed(table, column, formula), ((column, first, code),))


def swap(table: Handmade, column: str, old: str, new: str, code: str) -> Several | None:
    """A text of a formula replaced wherever it stands."""
    source = table.updates.get(column) or table.formulas[column]
    return one(table, column, source.replace(old, new), code) if old in source else None


# --- The learning rate -------------------------------------------------------------------------


@plant("the rate from a wrong cell, everywhere")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    for name in table.updates:
        table = changed(table, name, table.updates[name].replace("[rate]", "[w3$]"))
    return Several(table, (("w1", 1, "GS801"),))


@plant("the rate from a wrong cell, in one column")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    name = draw.choice(list(table.updates))
    return swap(table, name, "[rate]", f"[{draw.choice(table.names('i[0-9]'))}$]", "GS801")


@plant("the rate of another row")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    name = draw.choice(table.names(r"w\d+"))
    wrong = table.updates[name].replace("[rate]", "[slide]")
    return Several(changed(table, name, wrong), ((name, 2, "GS211"),))


@plant("the rate squared")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    name = draw.choice(list(table.updates))
    return swap(table, name, "[rate]*", "[rate]*[rate]*", "GS303")


@plant("the rate as a divisor")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    name = draw.choice(table.names(r"w\d+"))
    return one(table, name, f"[{name}<]-[dE/d{name}<]/[rate]", "GS307")


@plant("the rate subtracted from the weight")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    name = draw.choice(table.names(r"w\d+"))
    return one(table, name, f"([{name}<]-[rate])*[dE/d{name}<]", "GS306")


@plant("all weights climb")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    for name in table.updates:
        table = changed(table, name, table.updates[name].replace("<]-[rate]", "<]+[rate]"))
    return Several(table, (("w1", 1, "GS301"),))


# --- Another column's formula ------------------------------------------------------------------


@plant("an update filled right over the sums")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    inputs, units, _ = table.sizes
    last = f"w{inputs * units}"
    if table.biases:
        return None
    columns, start = table.columns, table.columns.index(last)
    gradient = columns.index(f"dE/d{last}")
    mistakes, in_row = [], dict(table.in_row)
    most = min(2 * units, len(columns) - gradient - 1)
    for apart in range(1, draw.randint(2, most) + 1):
        name, moved = columns[start + apart], columns[gradient + apart]
        mistakes.append((name, 1, "GS215"))
        for row in range(1, table.rows):
            in_row[name, row] = f"[{name}<]-[rate]*[{moved}<]"
    return Several(replace(table, in_row=in_row), tuple(mistakes[:1]))


@plant("an error that computes another")
def _(draw: random.Random) -> Several | None:
    table = wide(draw)
    right = draw.randint(1, table.sizes[2])
    wrong = other(table.sizes[2], right, draw)
    return one(table, f"E{right}", table.formulas[f"E{wrong}"], "GS503")


@plant("a gradient that computes another")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    right, wrong = draw.sample(gradients(table), 2)
    return one(table, right, table.formulas[wrong], "GS605 GS403 GS601 GS502 GS401")


@plant("a sum that computes another")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    right, wrong = draw.sample(table.names(r"h\d"), 2)
    return one(table, right, table.formulas[wrong], "GS401 GS406")


@plant("an activation that computes another")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    right, wrong = draw.sample(table.names(r"a_h\d"), 2)
    return one(table, right, table.formulas[wrong], "GS406")


@plant("the loss in place of an error")
def _(draw: random.Random) -> Several | None:
    table = wide(draw)
    return one(table, "E_total", "[E1]", "GS304 GS503")


# --- The same in every term --------------------------------------------------------------------


def in_terms(draw: random.Random, old: str, new: str, code: str) -> Several | None:
    table = wide(draw)
    column = draw.choice(first_layer(table))
    wrong = re.sub(old, new, table.formulas[column])
    return one(table, column, wrong, code) if wrong != table.formulas[column] else None


@plant("target less output in every term")
def _(draw: random.Random) -> Several | None:
    return in_terms(draw, r"\((\[a_o\d\])-(\[t\d\])\)", r"(\2-\1)", "GS301")


@plant("output times target in every term")
def _(draw: random.Random) -> Several | None:
    return in_terms(draw, r"\((\[a_o\d\])-(\[t\d\])\)", r"(\1*\2)", "GS307")


@plant("output plus target in every term")
def _(draw: random.Random) -> Several | None:
    return in_terms(draw, r"\((\[a_o\d\])-(\[t\d\])\)", r"(\1+\2)", "GS301")


@plant("the output slope left out in every term")
def _(draw: random.Random) -> Several | None:
    return in_terms(draw, r"\*\[a_o\d\]\*\(1-\[a_o\d\]\)", "", "GS602")


@plant("half an output slope left out in every term")
def _(draw: random.Random) -> Several | None:
    return in_terms(draw, r"\*\(1-\[a_o\d\]\)", "", "GS302")


@plant("the weight left out in every term")
def _(draw: random.Random) -> Several | None:
    return in_terms(draw, r"\*\[w\d+\]", "", "GS302")


@plant("the error left out in every term")
def _(draw: random.Random) -> Several | None:
    return in_terms(draw, r"\(\[a_o\d\]-\[t\d\]\)\*", "", "GS302")


@plant("a slope with a plus in every term")
def _(draw: random.Random) -> Several | None:
    return in_terms(draw, r"\(1-(\[a_o\d\])\)", r"(1+\1)", "GS603")


@plant("weights of another unit in every term")
def _(draw: random.Random) -> Several | None:
    table = wide(draw)
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    wrong = other(table.sizes[1], unit, draw)
    start, units = table.sizes[0] * table.sizes[1], table.sizes[1]
    text = table.formulas[column]
    for o in range(table.sizes[2]):
        right = start + o * units
        text = text.replace(f"[w{right + unit}]", f"[w{right + wrong}]")
    return one(table, column, text, "GS401")


@plant("sums for activations in every term")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(table.names(r"o\d"))
    return swap(table, column, "[a_h", "[h", "GS404")


@plant("an operator and a target in every term")
def _(draw: random.Random) -> Several | None:
    found = in_terms(draw, r"\((\[a_o\d\])-(\[t\d\])\)", r"(\1*\2)", "GS307+GS501")
    if found is None:
        return None
    column = found.mistakes[0][0]
    text = found.table.formulas[column]
    wrong = re.sub(r"\[t2\]", "[t1]", text)
    return Several(changed(found.table, column, wrong), found.mistakes)


# --- One cause in several columns --------------------------------------------------------------


@plant("the slope of another unit in all its gradients")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    unit = draw.randint(1, table.sizes[1])
    wrong = other(table.sizes[1], unit, draw)
    if table.hidden != "sigmoid":
        return None
    columns = [c for c in first_layer(table) if units_of(table, c)[0] == unit]
    for column in columns:
        right = slope("sigmoid", f"h{unit}")
        text = table.formulas[column].replace(right, slope("sigmoid", f"h{wrong}"))
        table = changed(table, column, text)
    return Several(table, tuple((c, 0, "GS601") for c in columns[:1]))


@plant("the operator in every gradient of the first layer")
def _(draw: random.Random) -> Several | None:
    table = wide(draw)
    for column in first_layer(table):
        text = re.sub(r"\((\[a_o\d\])-(\[t\d\])\)", r"(\1*\2)", table.formulas[column])
        table = changed(table, column, text)
    return Several(table, ((first_layer(table)[0], 0, "GS307"),))


@plant("the output slope left out in every gradient of an output")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    o = draw.randint(1, table.sizes[2])
    columns = [c for c in last_layer(table) if ends_of(table, c)[0] == o]
    for column in columns:
        text = table.formulas[column].replace(f"*{slope('sigmoid', f'o{o}')}", "")
        table = changed(table, column, text)
    return Several(table, ((columns[0], 0, "GS602"),))


@plant("a mistake in a helper column")
def _(draw: random.Random) -> Several | None:
    table = with_deltas(handmade(draw), draw)
    column = draw.choice(table.names(r"help\d"))
    return swap(table, column, "(1-", "(1+", "GS603")


@plant("a sign in a helper column")
def _(draw: random.Random) -> Several | None:
    table = with_deltas(handmade(draw), draw)
    column = draw.choice(table.names(r"help\d"))
    return one(table, column, f"-({table.formulas[column]})", "GS301")


@plant("another helper column in a gradient")
def _(draw: random.Random) -> Several | None:
    table = with_deltas(wide(draw), draw)
    column = draw.choice(last_layer(table))
    o, _ = ends_of(table, column)
    wrong = other(table.sizes[2], o, draw)
    return swap(table, column, f"[help{o}]", f"[help{wrong}]", "GS502 GS605 GS312 GS503 GS401")


def with_deltas(table: Handmade, draw: random.Random) -> Handmade:
    """The deltas of the outputs in columns of somebody's own, which gradients use."""
    for o in range(1, table.sizes[2] + 1):
        columns = [c for c in last_layer(table) if ends_of(table, c)[0] == o]
        _, k = ends_of(table, columns[0])
        delta = table.formulas[columns[0]].removesuffix(f"*[a_h{k}]")
        table.columns.append(f"help{o}")
        table.formulas[f"help{o}"] = delta
        for column in gradients(table):
            table.formulas[column] = table.formulas[column].replace(delta, f"[help{o}]")
    return table


# --- Cells, rows, presentation -----------------------------------------------------------------


@plant("a text in place of a formula")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column, row = draw.choice(list(table.formulas)), draw.randrange(1, table.rows)
    return Several(replace(table, in_row={(column, row): "'see below"}), ((column, row, "GS203"),))


@plant("a row of pasted numbers")
def _(draw: random.Random) -> Several | None:
    table, row = handmade(draw), 3
    pasted = {(c, row): 0.1 + n / 100 for n, c in enumerate((*table.formulas, *table.updates))}
    first = min((*table.formulas, *table.updates), key=table.columns.index)
    return Several(replace(table, in_row=dict(pasted)), ((first, row, "GS205"),))


@plant("an empty row")
def _(draw: random.Random) -> Several | None:
    table, row = handmade(draw), 3
    first = min((*table.formulas, *table.updates), key=table.columns.index)
    return Several(
        replace(table, in_row=dict.fromkeys(((c, row) for c in table.columns), None)),
        ((first, row, "GS206"),),
    )


@plant("a weight without a start")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(table.names(r"w\d+"))
    return Several(replace(table, in_row={(column, 0): None}), ((column, 0, "GS208"),))


@plant("a mistake from one row on")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column, start = draw.choice(last_layer(table)), table.rows - 2
    _, k = ends_of(table, column)
    wrong = table.formulas[column].replace(f"[a_h{k}]", f"[a_h{other(table.sizes[1], k, draw)}]")
    in_row: dict[tuple[str, int], str | float | None]
    in_row = {(column, row): wrong for row in range(start, table.rows)}
    return Several(replace(table, in_row=in_row), ((column, start, "GS403"),))


@plant("two different mistakes in two rows of a column")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(last_layer(table))
    _, k = ends_of(table, column)
    text = table.formulas[column]
    in_row: dict[tuple[str, int], str | float | None]
    in_row = {(column, 1): f"-({text})", (column, 3): text.replace(f"[a_h{k}]", f"[h{k}]")}
    mistakes = ((column, 1, "GS301"), (column, 3, "GS404"))
    return Several(replace(table, in_row=in_row), mistakes)


@plant("a circular reference")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(table.names(r"h\d"))
    return one(table, column, f"{table.formulas[column]}+[{column}]", "GS103")


@plant("values rounded on purpose")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    for column in gradients(table):
        table = changed(table, column, f"ROUND({table.formulas[column]},6)")
    first = min(gradients(table), key=table.columns.index)
    return Several(table, ((first, 1, "GS906"),))


@plant("a doubtful chart title")
def _(draw: random.Random) -> Several | None:
    table = wide(draw)
    return Several(replace(table, chart="E1", chart_series=""), (("E1", 0, "GS905"),))


@plant("two headers exchanged")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    first, second = draw.sample(gradients(table), 2)
    found = {first: _gradient_header(second), second: _gradient_header(first)}
    return Several(table, ((first, -1, "GS903"), (second, -1, "GS903")), found)


def _gradient_header(gradient: str) -> str:
    return gradient.replace("dE/d", "∂E/∂")


# --- Other formulas ----------------------------------------------------------------------------


@plant("a bias of another unit")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    if not table.biases:
        return None
    column = draw.choice(table.names(r"[ho]\d"))
    right = re.findall(r"\[b(\d)\]", table.formulas[column])[0]
    wrong = other(len(table.names(r"b\d")), int(right), draw)
    return swap(table, column, f"[b{right}]", f"[b{wrong}]", "GS402")


@plant("another activation in one unit")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    if table.hidden == "relu" or table.sizes[1] < 3:
        return None
    column = draw.choice(table.names(r"a_h\d"))
    wrong = {"sigmoid": "TANH([{}])", "tanh": "1/(1+EXP(-[{}]))"}[table.hidden]
    return one(table, column, wrong.format(column[2:]), "GS311")


@plant("no activation in one unit")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    if table.sizes[1] < 3:
        return None
    column = draw.choice(table.names(r"a_h\d"))
    return one(table, column, f"[{column[2:]}]*1", "GS311")


@plant("a typed target")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(last_layer(table))
    o, _ = ends_of(table, column)
    return swap(table, column, f"[t{o}]", f"{table.numbers[f't{o}']}", "GS214")


@plant("half a gradient")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(gradients(table))
    return one(table, column, f"0.5*({table.formulas[column]})", "GS310")


@plant("a term of a sum left out")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(table.names(r"[ho]\d"))
    terms = table.formulas[column].split("+")
    del terms[draw.randrange(len(terms))]
    return one(table, column, "+".join(terms), "GS304")


@plant("a term of a sum twice")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(table.names(r"[ho]\d"))
    terms = table.formulas[column].split("+")
    return one(table, column, "+".join([*terms, draw.choice(terms)]), "GS305")


@plant("an output of the row above in the error")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    o = draw.randint(1, table.sizes[2])
    found = swap(table, f"E{o}", f"[a_o{o}]", f"[a_o{o}<]", "GS213")
    return found and replace(found, table=replace(found.table, in_row={
        (f"E{o}", 0): table.formulas[f"E{o}"]}), mistakes=((f"E{o}", 1, "GS213"),))  # fmt: skip


@plant("a sum of squares without brackets")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    if table.hidden != "sigmoid":
        return None
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    return swap(table, column, f"*(1-[a_h{unit}])", f"*(1-[a_h{unit}])^2", "GS303")


@plant("an activation in place of its sum")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    o = draw.randint(1, table.sizes[2])
    k = draw.randint(1, table.sizes[1])
    if table.hidden != "relu":
        return None
    column = draw.choice([c for c in first_layer(table) if units_of(table, c)[0] == k])
    del o
    return swap(table, column, f"IF([h{k}]>0,1,0)", f"IF([a_h{k}]>0.2,1,0)", "GS313 GS405 GS602")


# --- Two at once -------------------------------------------------------------------------------

TOGETHER = (
    ("a minus in a sum", "target less output"),
    ("hidden slope of a neighbor", "another weight's gradient"),
    ("an error counted twice", "hidden slope left out"),
    ("a pasted number", "an ascent"),
    ("a weight twice in a sum", "the last signal left out"),
    ("a bias left out", "a two too many"),
    ("a rate typed in one column", "a neighbor's hidden signal"),
    ("an empty cell", "the square left out"),
    ("sum for activation", "an input dragged down"),
    ("an activation of another sum", "weight of another connection"),
)


def _two(first: str, second: str) -> Plant:
    def sow(draw: random.Random) -> Several | None:
        one_code, one_plant = PLANTS[first]
        two_code, two_plant = PLANTS[second]
        start = one_plant(wide(draw), draw)
        both = start and two_plant(start.table, draw)
        if start is None or both is None or start.column == both.column:
            return None
        table = replace(both.table, in_row={**start.table.in_row, **both.table.in_row})
        places = ((start.column, start.row, one_code), (both.column, both.row, two_code))
        return Several(table, places)

    return sow


for _first, _second in TOGETHER:
    FURTHER[f"two: {_first} + {_second}"] = _two(_first, _second)


@plant("two in one formula: slope and weight")
def _(draw: random.Random) -> Several | None:
    table = wide(draw)
    if table.hidden != "sigmoid":
        return None
    column = draw.choice(first_layer(table))
    unit, _ = units_of(table, column)
    wrong = other(table.sizes[1], unit, draw)
    right, taken = (slope("sigmoid", f"h{u}") for u in (unit, wrong))
    text = table.formulas[column].replace(right, taken)
    inside = re.findall(r"\[(w\d+)\]", text)
    weight = draw.choice(inside)
    others = [g[4:] for g in last_layer(table) if g[4:] not in inside]
    text = text.replace(f"[{weight}]", f"[{draw.choice(others)}]")
    return one(table, column, text, "GS601+GS401 GS401+GS601")


@plant("two in one formula: error and signal")
def _(draw: random.Random) -> Several | None:
    table = handmade(draw)
    column = draw.choice(last_layer(table))
    o, k = ends_of(table, column)
    text = table.formulas[column].replace(f"([a_o{o}]-[t{o}])*", "").replace(f"[a_h{k}]", f"[h{k}]")
    return one(table, column, text, "GS302+GS404 GS404+GS302")


# --- Other rules -------------------------------------------------------------------------------


def perceptron(draw: random.Random, *, sums: bool = True, sign: bool = False) -> Handmade:
    """A perceptron on the examples of a logical function, a row an example.

    Args:
        draw: of the rest.
        sums: whether the weighted sum has a column.
        sign: whether the unit gives −1 and 1, not 0 and 1.
    """
    inputs, rows = draw.randint(2, 3), draw.randint(8, 24)
    ins = [f"i{k + 1}" for k in range(inputs)]
    weights = [f"w{k + 1}" for k in range(inputs)]
    low = "-1" if sign else "0"
    weighted = "+".join([*(f"[{w}]*[{i}]" for w, i in zip(weights, ins, strict=True)), "[b1]"])
    error = draw.random() < 0.6
    formulas = {"o1": weighted} if sums else {}
    formulas["a_o1"] = f"IF({'[o1]' if sums else weighted}>=0,1,{low})"
    if error:
        formulas["E1"] = "[t1]-[a_o1]"
    apart = "[E1<]" if error else "([t1<]-[a_o1<])"
    updates = {w: f"[{w}<]+[rate]*{apart}*[{i}<]" for w, i in zip(weights, ins, strict=True)}
    updates["b1"] = f"[b1<]+[rate]*{apart}"
    numbers = {name: draw.choice((0.0, 0.5, -0.3)) for name in updates}
    in_row: dict[tuple[str, int], str | float | None] = {}
    for row in range(rows):
        example = [float(draw.randint(0, 1)) for _ in ins]
        in_row |= {(i, row): x for i, x in zip(ins, example, strict=True)}
        in_row["t1", row] = 1.0 if sum(example) > 1 else float(low)
    columns = [*ins, "t1", *updates, *formulas]
    sizes, chart = (inputs, 0, 1), "a_o1"
    return Handmade(
        *(sizes, "step", "difference", True, columns, formulas, updates, numbers, rows, in_row),
        chart=chart,
        chart_series="",
    )


@plant("a perceptron's sign")
def _(draw: random.Random) -> Several | None:
    table = perceptron(draw)
    column = draw.choice(list(table.updates))
    return swap(table, column, "+[rate]", "-[rate]", "GS301")


@plant("a perceptron's input")
def _(draw: random.Random) -> Several | None:
    table = perceptron(draw)
    column = draw.choice(table.names(r"w\d"))
    wrong = other(table.sizes[0], int(column[1:]), draw)
    return swap(table, column, f"[i{column[1:]}<]", f"[i{wrong}<]", "GS403")


@plant("a perceptron's input of the wrong row")
def _(draw: random.Random) -> Several | None:
    table = perceptron(draw)
    column = draw.choice(table.names(r"w\d"))
    return swap(table, column, f"[i{column[1:]}<]", f"[i{column[1:]}]", "GS213")


@plant("a perceptron's rate left out")
def _(draw: random.Random) -> Several | None:
    table = perceptron(draw)
    column = draw.choice(table.names(r"w\d"))
    return swap(table, column, "[rate]*", "", "GS302")


@plant("a perceptron's weight in the sum")
def _(draw: random.Random) -> Several | None:
    table = perceptron(draw)
    first, second = draw.sample(table.names(r"w\d"), 2)
    return swap(table, "o1", f"[{first}]", f"[{second}]", "GS401")


@plant("momentum with the other sign")
def _(draw: random.Random) -> Several | None:
    table = by_rule("momentum", draw)
    column = draw.choice(table.names(r"v .*"))
    return swap(table, column, "+[dE", "-[dE", "GS301")


@plant("Adam with another gradient")
def _(draw: random.Random) -> Several | None:
    table = by_rule("adam uncorrected", draw)
    first, second = draw.sample([c[5:] for c in gradients(table)], 2)
    return swap(table, f"m w{first}", f"[dE/dw{first}<]", f"[dE/dw{second}<]", "GS605")


@plant("RMSProp without its square")
def _(draw: random.Random) -> Several | None:
    table = by_rule("rmsprop", draw)
    column = draw.choice(table.names(r"v .*"))
    return swap(table, column, "<]^2", "<]", "GS308")
