"""Lessons on reading the file, GS1."""

from gradsheet.audit import rules
from gradsheet.audit.lessons.lesson import Lessons, lesson

READING: Lessons = {
    rules.NOT_READ: lesson(
        """The workbook holds a macro that writes the new weights into the first row whenever a
        button is pressed.""",
        loss="""The audit cannot tell. The formulas it does read may be right while the macro trains
        with something else.""",
        fix="""Replace the macro or the link by formulas, or check that part by hand.""",
    ),
    rules.NOT_UNDERSTOOD: lesson(
        """The activation is computed by a function of an add-in. The audit does not know what that
        function computes.""",
        written="=MYSIGMOID(H5)",
        right="=1/(1+EXP(-H5))",
        loss="""Nothing is known about this column: it is counted as not read, neither as right nor
        as wrong. The columns that use it are checked as if it were right.""",
        fix="""Write the formula with arithmetic, EXP, SUM and the other common functions, and
        audit the file again.""",
    ),
    rules.CIRCULAR: lesson(
        """The update in row 5 refers to the weight in row 5, which is the cell itself, instead of
        the weight in row 4.""",
        written="E5: =E5-$G$1*X4",
        right="E5: =E4-$G$1*X4",
        loss="""No: the cell shows 0, an old value or an error. With iterative calculation switched
        on it changes at every recalculation, and no row holds one defined update.""",
        fix="""Refer to the row above. In Excel, Formulas > Error Checking > Circular References
        leads to the cell. Switch iterative calculation off.""",
    ),
    rules.OUT_OF_DATE: lesson(
        """A program wrote new formulas into the file and kept the old results. The file states a
        loss of 0.298 where its formulas give 0.291.""",
        loss="""The formulas may all be right. The numbers shown are from an earlier state of the
        sheet until it is recalculated.""",
        fix="""Recalculate the whole file (Ctrl+Alt+F9 in Excel, Ctrl+Shift+F9 in LibreOffice),
        check that calculation is set to automatic, and save it.""",
    ),
}
