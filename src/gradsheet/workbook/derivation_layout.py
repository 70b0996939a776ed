"""Where everything is on the Derivation sheet, and the value of every step."""

from dataclasses import dataclass
from functools import cached_property

from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.writer import cell_address
from gradsheet.symbolic.expression import Expression, Variable, expand
from gradsheet.symbolic.tape import evaluate
from gradsheet.workbook import numerals, texts
from gradsheet.workbook.derivation_steps import Section
from gradsheet.workbook.exercise import idle_steps
from gradsheet.workbook.layout import DERIVATION_SHEET, Layout

COLUMNS = tuple(
    zip(
        texts.DERIVATION_HEADINGS,
        (4, 12, 70, 46, 50, 14, 40, 2, 12),  # characters
        ("right", "right", "left", "left", "left", "right", "left", "left", "left"),
        strict=True,
    )
)
"""The heading, the width and the alignment of each column."""

STEP, WORDS, FORMULA, NUMBERS, VALUE, CELL, HINT_COLUMN, NUMERAL, CHECK = range(1, 10)
"""The columns. That of hints sets the rest apart where there is no exercise."""

MARK = CELL  # where there is a question
FIRST_ROW = 5


@dataclass(frozen=True)
class Derivation:
    """The steps, and the row of each."""

    layout: Layout
    sections: list[Section]
    blank: frozenset[Variable] = frozenset()  # what is not filled in
    first_row: int = FIRST_ROW

    @cached_property
    def rows(self) -> dict[Variable, int]:
        """The 0-based row of every step; a heading precedes each section."""
        rows: dict[Variable, int] = {}
        row = self.first_row
        for _, _, steps in self.sections:
            for offset, variable in enumerate(steps, start=1):
                rows[variable] = row + offset
            row += len(steps) + 1
        return rows

    @cached_property
    def values(self) -> dict[Variable, float]:
        """The value of every step, and of what the training table adds for other examples."""
        layout = self.layout
        given = {**layout.graph.given, **layout.graph.steps.memory}
        given[layout.graph.rate] = layout.descent.learning_rates[0]
        found = evaluate([*self.rows, *layout.table_columns], given)
        if self.blank:
            updates = idle_steps(layout.graph).updates
            moved = evaluate(updates.values(), given)
            found |= dict.fromkeys(self.blank, 0.0)
            found |= {layout.graph.steps.updates[old]: moved[new] for old, new in updates.items()}
        return found

    def definition(self, variable: Variable) -> Expression | None:
        """How a step is computed: from other steps, or from columns of the training table."""
        if variable.definition is None:
            return None
        known = self.rows.keys() | self.layout.table_columns.keys()
        return expand(variable.definition, known.__contains__)

    def address(self, operand: Variable) -> str:
        """The cell of a step, or of the same value in the first training table."""
        if operand in self.rows:
            return cell_address(self.rows[operand], VALUE)
        return self.layout.trained(operand)

    def cell(self, operand: Variable) -> CellRef:
        """The same, on any sheet."""
        if operand in self.rows:
            index = CellIndex.from_zero_based(self.rows[operand], VALUE)
            return CellRef(DERIVATION_SHEET, index)
        return self.layout.trained_cell(operand)

    def hint_cell(self, variable: Variable) -> CellRef:
        """The cell in which a hint is asked for."""
        return CellRef(
            DERIVATION_SHEET, CellIndex.from_zero_based(self.rows[variable], HINT_COLUMN)
        )

    def numeral(self, operand: Variable) -> str:
        """A formula for the text of a value within another formula."""
        if operand in self.rows:
            return cell_address(self.rows[operand], NUMERAL)
        return numerals.formula(self.layout.trained(operand))
