"""Each gradient three ways: the formula, a central difference, and autograd."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet.style import FAINT, NUMBER, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    agreement,
    cell_address,
    print_on_pages,
    span,
    write_formula,
)
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Array, Tape
from gradsheet.workbook.inputs_layout import BLOCK_ROW, INPUTS_SHEET
from gradsheet.workbook.layout import GRADIENT_SHEET, Check, Plan
from gradsheet.workbook.passes import PassTable, pass_variables

NUDGE = 1e-5  # ε for inputs of at most 1
KINKED = ("relu", "leaky-relu")
_MOST_CELLS = 10_000  # of the nudged networks
_HEADER_ROW, _FIRST_ROW = 9, 10
_COLUMNS = (
    ("", 12),
    ("formula", 18),
    ("central difference", 18),
    ("autograd", 18),
    ("formula − difference", 20),
    ("formula − autograd", 20),
    ("kinks", 9),
    ("fails", 9),
)
_FORMULA, _DIFFERENCE, _AUTOGRAD, _LESS_DIFFERENCE, _LESS_AUTOGRAD, _KINKS, _FAILS = range(1, 8)
_TABLE_LEFT = len(_COLUMNS) + 2
_NUDGE_CELL, _FAIL_CELL, _CHANGED_CELL = (3, 1), (4, 1), (5, 1)
_TINY = "0.0E+00"


def write(plan: Plan, style: Style) -> list[Check]:
    """Add the sheet that proves the gradients."""
    notes = (
        "formula: the training table's, iteration 0. central difference: (E(w + ε) − E(w − ε))/2ε, "
        "from the nudged networks on the right, by forward passes alone.",
        f"autograd: torch {plan.witness.version}, float64, for the numbers this workbook was made "
        "with; it cannot follow when they change.",
    )
    title = "Is every gradient right? Three witnesses"
    sheet = style.add_sheet(GRADIENT_SHEET, title, *notes)
    sheet.freeze_panes(_FIRST_ROW, 1)
    parameters = _checked(plan)
    nudged = _Nudged(plan, parameters)
    _write_head(plan, style, sheet, nudged)
    failures = sum(
        _write_row(plan, style, sheet, number, nudged) for number in range(len(parameters))
    )
    fails = span(_FIRST_ROW, _FAILS, _FIRST_ROW + len(parameters) - 1, _FAILS)
    cell_format = style.format(align="left", indent=1)
    write_formula(sheet, *_FAIL_CELL, f"SUM({fails})", failures, cell_format)
    nudged.write(style, sheet)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.print_area(0, 0, _FIRST_ROW + len(parameters) - 1, _FAILS)
    print_on_pages(sheet)
    words = "every gradient equals its central difference and autograd's value"
    return [Check(words, absolute(*_FAIL_CELL, GRADIENT_SHEET), GRADIENT_SHEET, failures)]


def _checked(plan: Plan) -> tuple[Variable, ...]:
    """All trained parameters, or as many, evenly spread, as can be nudged in one sheet."""
    parameters = plan.graph.parameters
    most = max(1, _MOST_CELLS // (2 * len(pass_variables(plan))))
    return parameters[:: math.ceil(len(parameters) / most)]


@dataclass(frozen=True)
class _Nudged:
    """The network with one parameter moved up, then down, a row each."""

    plan: Plan
    parameters: tuple[Variable, ...]

    @cached_property
    def table(self) -> PassTable:
        return PassTable(self.plan, _TABLE_LEFT + 1, pass_variables(self.plan))

    @cached_property
    def nudge(self) -> float:
        """ε: the smaller, the larger the inputs, for the more the loss bends."""
        size = max(abs(x) for row in self.plan.graph.spec.inputs for x in row)
        return NUDGE / math.sqrt(max(1.0, size))

    @property
    def nudge_formula(self) -> str:
        """The formula of ε."""
        inputs = [example.inputs for example in self.plan.graph.examples]
        ends = [(self.plan.addresses[row[0]], self.plan.addresses[row[-1]]) for row in inputs]
        every = ",".join(f"{first}:{last.split('!')[1]}" for first, last in ends)
        return f"{NUDGE:.0E}/SQRT(MAX(1,MAX({every}),-MIN({every})))"

    @cached_property
    def bent(self) -> tuple[Variable, ...]:
        """The sums whose activation has a kink at 0."""
        return tuple(
            value
            for number, layer in enumerate(self.plan.graph.spec.layers)
            if layer.activation in KINKED
            for example in self.plan.graph.examples
            for value in example.layers[number].sums
        )

    def kinks(self, number: int) -> tuple[str, float]:
        """How many kinks lie between a parameter moved up and down: formula and value."""
        crossed, row = 0.0, _FIRST_ROW + 2 * number
        terms = ["0"]
        for value in self.bent:
            up, down = (cell_address(row + k, self.table.column(value)) for k in (0, 1))
            terms.append(f"ABS(({up}>0)-({down}>0))")
            above, below = self.values[value][2 * number : 2 * number + 2] > 0
            crossed += above != below
        return "+".join(terms), crossed

    @cached_property
    def values(self) -> dict[Variable, Array]:
        """Every column of the table."""
        count = 2 * len(self.parameters)
        values: dict[Variable, Array] = {
            variable: np.full(count, value) for variable, value in self.plan.graph.given.items()
        }
        for number, parameter in enumerate(self.parameters):
            values[parameter][2 * number] += self.nudge
            values[parameter][2 * number + 1] -= self.nudge
        return {**values, **Tape(self.plan.graph.forward).run(values)}

    def loss_cells(self, number: int) -> tuple[str, str]:
        """The losses with a parameter moved up and down."""
        column, row = self.table.column(self.plan.graph.loss), _FIRST_ROW + 2 * number
        return cell_address(row, column), cell_address(row + 1, column)

    def write(self, style: Style, sheet: Worksheet) -> None:
        table, values = self.table, self.values
        marked = style.format(num_format=NUMBER, bg_color="#FDE68A")
        note = "The nudged networks: in each row one parameter, marked, is moved up or down."
        sheet.write_string(_HEADER_ROW - 1, _TABLE_LEFT, note, style.note)
        sheet.write_string(_HEADER_ROW, _TABLE_LEFT, "nudged", style.header())
        table.write_header(sheet, style, _HEADER_ROW)
        sheet.set_column(_TABLE_LEFT, _TABLE_LEFT + len(table.variables), 11)
        names = [f"{p.markup} {sign} ε" for p in self.parameters for sign in "+−"]
        for row, name in enumerate(names, start=_FIRST_ROW):
            style.write_markup(sheet, row, _TABLE_LEFT, name, align="right")
        for column, variable in enumerate(table.variables, start=table.left):
            formula = self.plan.addresses.get(variable, "")
            if variable.definition is not None:
                formula = table.formula(variable.definition)
            for row, value in enumerate(values[variable].tolist()):
                place = _FIRST_ROW + row, column
                if variable is self.parameters[row // 2]:
                    nudged = f"{formula}{'-' if row % 2 else '+'}{absolute(*_NUDGE_CELL)}"
                    write_formula(sheet, *place, nudged, value, marked)
                else:
                    write_formula(sheet, *place, formula.format(place[0] + 1), value, style.number)


def _write_head(plan: Plan, style: Style, sheet: Worksheet, nudged: _Nudged) -> None:
    parameters = nudged.parameters
    right, left = style.format(align="right", bold=True), style.format(align="left", indent=1)
    sheet.write_string(_NUDGE_CELL[0], 0, "ε", right)
    cell_format = style.format(num_format="0.00E+00", align="left", indent=1)
    write_formula(sheet, *_NUDGE_CELL, nudged.nudge_formula, nudged.nudge, cell_format)
    sheet.write_string(_FAIL_CELL[0], 0, "failures", right)
    style.light(sheet, *_FAIL_CELL, f"{absolute(*_FAIL_CELL)}=0")
    sheet.write_string(_CHANGED_CELL[0], 0, "changed", right)
    used, made = plan.fields.table_left + 1, plan.fields.table_left + 3
    last = BLOCK_ROW + len(plan.graph.given)
    ranges = [span(BLOCK_ROW + 1, column, last, column, INPUTS_SHEET) for column in (used, made)]
    write_formula(
        sheet,
        *_CHANGED_CELL,
        f"SUMPRODUCT(--({ranges[0]}<>{ranges[1]}))",
        plan.fields.changed,
        left,
    )
    words = "of the numbers this workbook was made with; with any changed, autograd is not compared"
    sheet.write_string(_CHANGED_CELL[0], 2, words, style.note)
    note = (
        "Tolerance: 1E-9·(1 + E) + 1E-6·|formula| against the difference, which is rounded and cut "
        "off itself; 1E-12·(1 + |autograd|) against autograd."
    )
    sheet.write_string(6, 0, note, style.note)
    note = (
        "kinks: of a ReLU, between w + ε and w − ε. Where there is one the difference is no slope, "
        "and is not compared."
    )
    sheet.write_string(7, 0, note, style.note)
    if len(parameters) < len(plan.graph.parameters):
        some = f"{len(parameters)} of {len(plan.graph.parameters)} parameters, evenly spread."
        sheet.write_string(4, 2, some, style.note)
    for column, (name, width) in enumerate(_COLUMNS):
        sheet.write_string(_HEADER_ROW, column, name, style.header("gradient" if column else ""))
        sheet.set_column(column, column, width)


def _write_row(plan: Plan, style: Style, sheet: Worksheet, number: int, nudged: _Nudged) -> float:
    """One parameter: its gradient from each witness, and how far they are apart."""
    parameter, row = nudged.parameters[number], _FIRST_ROW + number
    gradient = plan.graph.backward.gradients[parameter]
    formula, stated = (
        float(plan.descent.values[gradient][0, 0]),
        plan.witness.gradients[symbol_of(parameter)],
    )
    up, down = nudged.values[plan.graph.loss][2 * number : 2 * number + 2].tolist()
    difference = (up - down) / (2 * nudged.nudge)
    cells = [cell_address(row, column) for column in range(len(_COLUMNS))]
    mine, slope, torch = cells[_FORMULA], cells[_DIFFERENCE], cells[_AUTOGRAD]
    style.write_markup(sheet, row, 0, gradient.markup, bold=True, align="right")
    exact, tiny = style.format(num_format="0.000000000000"), style.format(num_format=_TINY)
    write_formula(sheet, row, _FORMULA, plan.trained(gradient), formula, exact)
    above, below = nudged.loss_cells(number)
    quotient = f"({above}-{below})/(2*{absolute(*_NUDGE_CELL)})"
    write_formula(sheet, row, _DIFFERENCE, quotient, difference, exact)
    if math.isfinite(stated):
        sheet.write_number(row, _AUTOGRAD, stated, exact)
    else:
        sheet.write_string(row, _AUTOGRAD, "too large", exact)
    write_formula(sheet, row, _LESS_DIFFERENCE, f"{mine}-{slope}", formula - difference, tiny)
    changed = f"{absolute(*_CHANGED_CELL)}>0"
    away = f'IF({changed},"changed",{mine}-{torch})'
    shown = "changed" if plan.fields.changed else formula - stated
    write_formula(sheet, row, _LESS_AUTOGRAD, away, shown, tiny)
    loss = plan.trained(plan.graph.loss)
    close = f"ABS({mine}-{slope})<=1E-9*(1+ABS({loss}))+1E-6*ABS({mine})"
    kink_formula, kinks = nudged.kinks(number)
    cell_format = style.format(align="center", font_color=FAINT)
    write_formula(sheet, row, _KINKS, kink_formula, kinks, cell_format)
    close = f"OR({cells[_KINKS]}>0,{close})"
    same = f"OR({changed},ABS({mine}-{torch})<=1E-12*(1+ABS({torch})))"
    cell_format = style.format(align="center", font_color=FAINT)
    value = agreement(formula - difference)
    if value == 0:
        scale = float(plan.descent.loss[0, 0])
        near = abs(formula - difference) <= 1e-9 * (1 + abs(scale)) + 1e-6 * abs(formula)
        equal = abs(formula - stated) <= 1e-12 * (1 + abs(stated)) or plan.fields.changed
        value = 0.0 if (near or kinks) and equal else 1.0
    write_formula(sheet, row, _FAILS, f"IF(AND({close},{same}),0,1)", value, cell_format)
    return value
