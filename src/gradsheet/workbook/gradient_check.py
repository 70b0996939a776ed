"""Each gradient three ways: the formula, a central difference, and, where known, autograd."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradsheet.networks.central_differences import NUDGE, NudgedNetworks, tolerance
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
from gradsheet.symbolic.render import literal
from gradsheet.workbook import check_texts, texts
from gradsheet.workbook.inputs_layout import BLOCK_ROW, INPUTS_SHEET
from gradsheet.workbook.layout import GRADIENT_SHEET, Check, Layout
from gradsheet.workbook.passes import PassTable, pass_variables

_MOST_CELLS = 10_000  # of the nudged networks
_HEADER_ROW, _FIRST_ROW = 9, 10
_COLUMNS = tuple(zip(check_texts.GRADIENT_HEADINGS, (12, 18, 18, 18, 20, 20, 9, 9), strict=True))
_FORMULA, _DIFFERENCE, _AUTOGRAD, _LESS_DIFFERENCE, _LESS_AUTOGRAD, _FAILS, _KINKS = range(1, 8)
_TABLE_LEFT = len(_COLUMNS) + 2
_NUDGE_CELL, _FAIL_CELL, _CHANGED_CELL = (3, 1), (4, 1), (5, 1)
_TINY = "0.0E+00"
_PAGE_ROWS = 40  # gradients that can still be read on a page
FIRST_COMPARED = (_FIRST_ROW, _LESS_AUTOGRAD)
"""The cell that compares the first parameter with autograd, where there is a formula in it."""


def write(layout: Layout, style: Style) -> list[Check]:
    """Add the sheet that proves the gradients."""
    notes = check_texts.gradient_notes(layout.witness.version if layout.witness else "")
    title = check_texts.gradient_title(bool(layout.witness))
    sheet = style.add_sheet(GRADIENT_SHEET, title, *notes)
    sheet.freeze_panes(_FIRST_ROW, 1)
    parameters = checked_parameters(layout)
    table = _Table(layout, NudgedNetworks(layout.graph, parameters))
    _write_head(layout, style, sheet, table)
    rows = [_Row(layout, table, number) for number in range(len(parameters))]
    failures = sum(row.write(style, sheet) for row in rows)
    fails = span(_FIRST_ROW, _FAILS, _FIRST_ROW + len(parameters) - 1, _FAILS)
    cell_format = style.format(align="left", indent=1)
    write_formula(sheet, *_FAIL_CELL, f"SUM({fails})", failures, cell_format)
    table.write(style, sheet)
    sheet.repeat_rows(_HEADER_ROW)
    last = _KINKS if table.nudged.kinked else _FAILS
    sheet.print_area(0, 0, _FIRST_ROW + len(parameters) - 1, last)
    print_on_pages(sheet, down=math.ceil(len(parameters) / _PAGE_ROWS))
    every = len(layout.graph.parameters)
    words = check_texts.gradients_checked(len(parameters), every, bool(layout.witness))
    return [Check(words, absolute(*_FAIL_CELL, GRADIENT_SHEET), GRADIENT_SHEET, failures)]


def checked_parameters(layout: Layout) -> tuple[Variable, ...]:
    """All trained parameters, or as many, evenly spread, as can be nudged in one sheet."""
    parameters = layout.graph.parameters
    most = max(1, _MOST_CELLS // (2 * len(pass_variables(layout))))
    return parameters[:: math.ceil(len(parameters) / most)]


@dataclass(frozen=True)
class _Table:
    """The nudged networks in cells: in each row one parameter is moved up or down."""

    layout: Layout
    nudged: NudgedNetworks

    @cached_property
    def table(self) -> PassTable:
        return PassTable(self.layout, _TABLE_LEFT + 1, pass_variables(self.layout))

    @property
    def nudge_formula(self) -> str:
        """The formula of ε."""
        inputs = [example.inputs for example in self.layout.graph.examples]
        ends = [(self.layout.addresses[row[0]], self.layout.addresses[row[-1]]) for row in inputs]
        every = ",".join(f"{first}:{last.split('!')[1]}" for first, last in ends)
        return f"{literal(NUDGE)}/SQRT(MAX(1,MAX({every}),-MIN({every})))"

    def kinks_formula(self, number: int) -> str:
        """How many kinks lie between a parameter moved up and down."""
        row = _FIRST_ROW + 2 * number
        terms = ["0"]
        for value in self.nudged.kinked:
            up, down = (cell_address(row + k, self.table.column(value)) for k in (0, 1))
            terms.append(f"ABS(({up}>0)-({down}>0))")
        return "+".join(terms)

    def loss_cells(self, number: int) -> tuple[str, str]:
        """The losses with a parameter moved up and down."""
        column, row = self.table.column(self.layout.graph.loss), _FIRST_ROW + 2 * number
        return cell_address(row, column), cell_address(row + 1, column)

    def write(self, style: Style, sheet: Worksheet) -> None:
        """Write the header and every row."""
        table = self.table
        sheet.write_string(_HEADER_ROW - 1, _TABLE_LEFT, check_texts.NUDGED, style.note)
        sheet.write_string(_HEADER_ROW, _TABLE_LEFT, check_texts.NUDGED_ROW, style.header())
        table.write_header(sheet, style, _HEADER_ROW)
        sheet.set_column(_TABLE_LEFT, _TABLE_LEFT + len(table.variables), 11)
        names = [f"{p.markup} {sign} ε" for p in self.nudged.parameters for sign in "+−"]
        for row, name in enumerate(names, start=_FIRST_ROW):
            style.write_markup(sheet, row, _TABLE_LEFT, name, align="right")
        for column, variable in enumerate(table.variables, start=table.left):
            self._write_column(style, sheet, column, variable)

    def _write_column(
        self, style: Style, sheet: Worksheet, column: int, variable: Variable
    ) -> None:
        marked = style.format(num_format=NUMBER, bg_color="#FDE68A")
        formula = self.layout.addresses.get(variable, "")
        if variable.definition is not None:
            formula = self.table.formula(variable.definition)
        for row, value in enumerate(self.nudged.values[variable].tolist()):
            place = _FIRST_ROW + row, column
            if variable is self.nudged.parameters[row // 2]:
                nudged = f"{formula}{'-' if row % 2 else '+'}{absolute(*_NUDGE_CELL)}"
                write_formula(sheet, *place, nudged, value, marked)
            else:
                write_formula(sheet, *place, formula.format(place[0] + 1), value, style.number)


def _write_head(layout: Layout, style: Style, sheet: Worksheet, table: _Table) -> None:
    right, left = style.format(align="right", bold=True), style.format(align="left", indent=1)
    sheet.write_string(_NUDGE_CELL[0], 0, "ε", right)
    cell_format = style.format(num_format="0.00E+00", align="left", indent=1)
    write_formula(sheet, *_NUDGE_CELL, table.nudge_formula, table.nudged.nudge, cell_format)
    sheet.write_string(_FAIL_CELL[0], 0, check_texts.FAILURES, right)
    style.light(sheet, *_FAIL_CELL, f"{absolute(*_FAIL_CELL)}=0")
    sheet.write_string(_CHANGED_CELL[0], 0, texts.CHANGED, right)
    last = BLOCK_ROW + len(layout.graph.given)
    flags = span(BLOCK_ROW + 1, layout.fields.flags, last, layout.fields.flags, INPUTS_SHEET)
    changed = f"SUM({flags})"
    write_formula(sheet, *_CHANGED_CELL, changed, layout.fields.changed, left)
    for row, column, words in _head_notes(layout, table.nudged):
        sheet.write_string(row, column, words, style.note)
    for column, (name, width) in enumerate(_COLUMNS if table.nudged.kinked else _COLUMNS[:-1]):
        sheet.write_string(_HEADER_ROW, column, name, style.header("gradient" if column else ""))
        sheet.set_column(column, column, width)


def _head_notes(layout: Layout, nudged: NudgedNetworks) -> Iterator[tuple[int, int, str]]:
    """The row, the column and the words of each note above the table."""
    yield _CHANGED_CELL[0], 2, check_texts.changed_numbers(bool(layout.witness))
    yield 6, 0, check_texts.tolerances(bool(layout.witness))
    if nudged.kinked:
        yield 7, 0, check_texts.KINKS
    checked, every = len(nudged.parameters), len(layout.graph.parameters)
    if checked < every:
        yield 4, 2, check_texts.some_checked(checked, every)


@dataclass(frozen=True)
class _Row:
    """One parameter: its gradient from each witness, and their differences."""

    layout: Layout
    table: _Table
    number: int

    @property
    def parameter(self) -> Variable:
        return self.table.nudged.parameters[self.number]

    @property
    def gradient(self) -> Variable:
        return self.layout.graph.backward.gradients[self.parameter]

    @property
    def value(self) -> float:
        return float(self.layout.descent.values[self.gradient][0, 0])

    @property
    def autograd(self) -> float | None:
        witness = self.layout.witness
        return witness.gradients[symbol_of(self.parameter)] if witness else None

    @property
    def cells(self) -> list[str]:
        row = _FIRST_ROW + self.number
        return [cell_address(row, column) for column in range(len(_COLUMNS))]

    def write(self, style: Style, sheet: Worksheet) -> float:
        """Write the row; 1 where a witness disagrees."""
        row, cells = _FIRST_ROW + self.number, self.cells
        exact, tiny = style.format(num_format="0.000000000000"), style.format(num_format=_TINY)
        style.write_markup(sheet, row, 0, self.gradient.markup, bold=True, align="right")
        write_formula(sheet, row, _FORMULA, self.layout.trained(self.gradient), self.value, exact)
        above, below = self.table.loss_cells(self.number)
        quotient = f"({above}-{below})/(2*{absolute(*_NUDGE_CELL)})"
        difference = self.table.nudged.derivative(self.number)
        write_formula(sheet, row, _DIFFERENCE, quotient, difference, exact)
        apart = f"{cells[_FORMULA]}-{cells[_DIFFERENCE]}"
        write_formula(sheet, row, _LESS_DIFFERENCE, apart, self.value - difference, tiny)
        self._write_autograd(style, sheet, row)
        cell_format = style.format(align="center", font_color=FAINT)
        if self.table.nudged.kinked:
            kinks, formula = (
                self.table.nudged.kinks(self.number),
                self.table.kinks_formula(self.number),
            )
            write_formula(sheet, row, _KINKS, formula, kinks, cell_format)
        fails = self._fails()
        write_formula(sheet, row, _FAILS, self._fails_formula(), fails, cell_format)
        return fails

    def _write_autograd(self, style: Style, sheet: Worksheet, row: int) -> None:
        exact, tiny = style.format(num_format="0.000000000000"), style.format(num_format=_TINY)
        if self.autograd is None:
            sheet.write_string(row, _AUTOGRAD, "—", style.format(align="right"))
            sheet.write_string(row, _LESS_AUTOGRAD, "—", style.format(align="right"))
            return
        if math.isfinite(self.autograd):
            sheet.write_number(row, _AUTOGRAD, self.autograd, exact)
        else:
            sheet.write_string(row, _AUTOGRAD, check_texts.TOO_LARGE_TO_WRITE, exact)
        apart = f"{self.cells[_FORMULA]}-{self.cells[_AUTOGRAD]}"
        formula = f'IF({absolute(*_CHANGED_CELL)}>0,"changed",{apart})'
        shown = "changed" if self.layout.fields.changed else self.value - self.autograd
        write_formula(sheet, row, _LESS_AUTOGRAD, formula, shown, tiny)

    def _fails_formula(self) -> str:
        cells, loss = self.cells, self.layout.trained(self.layout.graph.loss)
        mine, difference, torch = cells[_FORMULA], cells[_DIFFERENCE], cells[_AUTOGRAD]
        near = f"ABS({mine}-{difference})<=0.000000001*(1+ABS({loss}))+0.000001*ABS({mine})"
        if self.table.nudged.kinked:
            near = f"OR({cells[_KINKS]}>0,{near})"
        if self.autograd is None:
            return f"IF({near},0,1)"
        changed = f"{absolute(*_CHANGED_CELL)}>0"
        same = f"OR({changed},ABS({mine}-{torch})<=0.000000000001*(1+ABS({torch})))"
        return f"IF(AND({near},{same}),0,1)"

    def _fails(self) -> float:
        nudged, difference = self.table.nudged, self.table.nudged.derivative(self.number)
        value = agreement(self.value - difference)
        if value != 0:
            return value
        loss = float(self.layout.descent.loss[0, 0])
        near = abs(self.value - difference) <= tolerance(self.value, loss)
        apart = 0.0 if self.autograd is None else abs(self.value - self.autograd)
        same = apart <= 1e-12 * (1 + abs(self.autograd or 0)) or self.layout.fields.changed
        return 0.0 if (near or nudged.kinks(self.number)) and same else 1.0
