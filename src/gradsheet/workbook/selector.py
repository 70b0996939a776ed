"""Lists to choose a learning rate, an iteration and an example from."""

from dataclasses import dataclass

from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import Worksheet, absolute, span, write_formula
from gradsheet.symbolic.expression import Variable
from gradsheet.workbook import texts
from gradsheet.workbook.inputs_layout import INPUTS_SHEET
from gradsheet.workbook.layout import FIRST_ROW, ITERATION_COLUMN, Layout, rate_sheet

_ROW = 3
CHOSEN_RATE, CHOSEN_ITERATION, CHOSEN_EXAMPLE = (_ROW, 1), (_ROW + 1, 1), (_ROW, 5)


@dataclass(frozen=True)
class Selector:
    """A choice on one sheet.

    Attributes:
        layout: of the workbook.
        last: the last iteration that can be chosen.
    """

    layout: Layout
    last: int

    @property
    def rate_cell(self) -> str:
        """The address, on the sheet itself, of the learning rate in use."""
        return absolute(_ROW + 2, 1)

    @property
    def iteration_cell(self) -> str:
        """The address of the iteration."""
        return absolute(_ROW + 1, 1)

    @property
    def number_cell(self) -> str:
        """The address of the 1-based number of the learning rate."""
        return absolute(_ROW, 2)

    def value(self, variable: Variable, later: int = 0) -> str:
        """A formula for a value of the chosen iteration, or of one ``later``."""
        row = f"{self.iteration_cell}+{later}" if later else self.iteration_cell
        return self.layout.chosen(variable, self.number_cell, row)

    def write(self, style: Style, sheet: Worksheet) -> None:
        """Write the lists."""
        fields, layout = self.layout.fields, self.layout
        first, last = (fields.typed[rate] for rate in (fields.rates[0], fields.rates[-1]))
        rates = span(*first, *last, INPUTS_SHEET)
        column = ITERATION_COLUMN
        sheet_name = rate_sheet(layout.descent.learning_rates[0])
        iterations = span(FIRST_ROW, column, FIRST_ROW + self.last, column, sheet_name)
        right = style.format(align="right", bold=True)
        for row, word, source, value, message in (
            (
                _ROW,
                "η",
                rates,
                layout.descent.learning_rates[0],
                texts.RATE_MESSAGE,
            ),
            (_ROW + 1, texts.ITERATION, iterations, 0, texts.iteration_message(self.last)),
        ):
            sheet.write_string(row, 0, word, right)
            sheet.write_number(row, 1, value, style.choice)
            rule = {
                "validate": "list",
                "source": f"={source}",
                "input_title": word,
                "input_message": message,
                "error_title": texts.NOT_IN_LIST,
                "error_message": message,
            }
            sheet.data_validation(row, 1, row, 1, rule)
        # A rate that was changed on the inputs sheet since is none of the list: the first counts.
        number = f"IFERROR(MATCH({absolute(_ROW, 1)},{rates},0),1)"
        write_formula(sheet, _ROW, 2, number, 1, style.format(num_format=";;;"))
        sheet.write_string(_ROW + 2, 0, texts.RATE_IN_USE, style.note)
        # Gnumeric refuses to index a single cell.
        only = len(layout.descent.learning_rates) == 1
        used = rates.partition(":")[0] if only else f"INDEX({rates},{self.number_cell})"
        cell_format = style.format(align="center", font_color=FAINT)
        write_formula(sheet, _ROW + 2, 1, used, layout.descent.learning_rates[0], cell_format)
