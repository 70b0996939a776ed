"""Lessons on charts, headers and comparisons, GS9."""

from gradsheet.audit import rules
from gradsheet.audit.lessons.lesson import Lessons, lesson

PRESENTATION: Lessons = {
    rules.CHART_COLUMN: lesson(
        """The chart is called "E_total" and plots the column of E2, since a column was inserted
        before it.""",
        loss="""The chart does not show it: it plots another curve. The error of one output can fall
        while the total rises.""",
        fix="""Right-click the chart, choose Select Data, and point the series to the column of the
        loss.""",
    ),
    rules.CHART_ROWS: lesson(
        """The table was filled down to row 102 after the chart had been made of rows 3 to 32.""",
        loss="""As far as it is plotted. What happens in the later rows is not shown.""",
        fix="""Extend the series to the last row of the table.""",
    ),
    rules.HEADER: lesson(
        """The column that computes a_h2 is called a_h1, as is the one two columns to its left.""",
        loss="""Yes: the formulas are right. Whoever writes a formula by the headers will take the
        wrong column.""",
        fix="""Correct the header.""",
    ),
    rules.PASTED_COMPARISON: lesson(
        """Six columns named "η = 0.1" to "η = 2" hold losses as numbers, and a chart compares
        them.""",
        loss="""The pasted curves fell when they were copied. A mistake corrected since then is
        still in them.""",
        fix="""Give each learning rate a table of its own (copy the sheet and change one cell), and
        let the comparison refer to the loss columns.""",
    ),
    rules.CHART_TITLE: lesson(
        """A chart named "Error" plots E1, the error of the first output, and not E_total.""",
        loss="""The training is not affected. The curve of one error can fall while the loss
        rises.""",
        fix="""Name the chart after what it plots, or let it plot the loss.""",
    ),
    rules.ROUNDED: lesson(
        """=ROUND((S3-A3)*S3*(1-S3)*J3,4) in a gradient that is 0.00003 gives 0.""",
        loss="""It falls as it should while gradients are large, and stops falling when they are
        smaller than the last digit that is kept.""",
        fix="""Leave the values as they are and show fewer digits: a number format rounds what is
        shown, not what is computed.""",
    ),
}
