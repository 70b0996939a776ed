"""Lessons on cells, rows, columns and references, GS2.

The examples have the learning rate in G1, w1 in column E and dE/dw1 in column X.
"""

from gradsheet.audit import rules
from gradsheet.audit.lessons.lesson import Lessons, lesson

STRUCTURE: Lessons = {
    rules.PASTED_NUMBER: lesson(
        """The activation of h1 in row 9 is a typed 0.5933, left over from a trial. All other rows
        compute it.""",
        written="K9: 0.5933",
        right="K9: =1/(1+EXP(-J9))",
        loss="""Yes. The number was about right when it was typed, and only one update uses it. The
        sheet stops being live there: with another starting weight the cell keeps its old value.""",
        fix="""Copy the cell above it and paste it here, so that the column is one formula from top
        to bottom.""",
    ),
    rules.EMPTY_CELL: lesson(
        """The gradient of w2 is missing in row 7. The update in row 8 takes the empty cell for 0
        and leaves w2 as it was.""",
        written="Y7: (empty)",
        right="Y7: the formula of Y6, filled down",
        loss="""Yes. One weight misses one step, or one unit gives no signal in one row, and
        training goes on in the other rows.""",
        fix="""Fill the formula of the cell above down into the empty one.""",
    ),
    rules.TEXT: lesson(
        """A formula was pasted without its equals sign, so the cell shows the formula as text.""",
        written="K9: 1/(1+EXP(-J9))",
        right="K9: =1/(1+EXP(-J9))",
        loss="""Mostly not: arithmetic on text gives #VALUE!, and the error spreads to everything
        below. SUM and SUMPRODUCT ignore text instead and hide it.""",
        fix="""Put the equals sign back. If the cell is formatted as text, change the format first
        and enter the formula again.""",
    ),
    rules.PASTED_COLUMN: lesson(
        """The column E_total holds 0.298371, 0.287541, … as numbers: it was copied with Paste
        Special > Values.""",
        loss="""The pasted curve falls for ever, whatever the rest of the sheet does: it is a
        picture of an earlier training.""",
        fix="""Write the formula into the first row of the column and fill it down.""",
    ),
    rules.PASTED_ROW: lesson(
        """Row 12 was copied as values to keep a result. Its weights, pre-activations and
        gradients are numbers, and row 13 continues from them.""",
        loss="""Yes: the numbers come from a training that worked. Change a starting weight or the
        learning rate, and the rows below row 12 no longer follow from the rows above.""",
        fix="""Fill the row above down over the pasted row. Keep results on another sheet.""",
    ),
    rules.EMPTY_ROW: lesson(
        """Row 20 was left empty to separate two parts of the table. The update in row 21 reads the
        weights of row 20, which count as 0.""",
        written="E21: =E20-$G$1*X20 (row 20 is empty: 0)",
        right="no gap: row 20 holds an update like all others",
        loss="""It jumps at the gap and then falls again, from weights of 0. If the references were
        adapted to skip the gap, training is not affected; check each of them.""",
        fix="""Delete the empty row, or fill the formulas through it. Separate parts with a border
        instead.""",
    ),
    rules.ODD_CELL: lesson(
        """A helper column for δ_o1 holds =(N5-A5)*N5*(1-N5) in every row but row 8, where somebody
        tried =(N8-A8).""",
        written="=(N8-A8)",
        right="=(N8-A8)*N8*(1-N8)",
        loss="""Yes: one row of many takes steps of the wrong length.""",
        fix="""Copy the formula of the row above. A column of a table is one formula, filled
        down.""",
    ),
    rules.NO_START: lesson(
        """The cells of w5 to w8 in the first row are empty. The first forward pass takes them for
        0.""",
        loss="""Mostly, but slowly: with outgoing weights of 0 no error reaches the hidden units in
        the first update, and units that start alike stay alike.""",
        fix="""Type a small number into the first row of each weight, different for each.""",
    ),
    rules.SERIES: lesson(
        """The input i1 = 0.05 was filled down by its handle, and LibreOffice continued it: 0.05,
        1.05, 2.05, …""",
        written="B3: 0.05, B4: 1.05, B5: 2.05",
        right="B3: 0.05, B4: =B3, B5: =B4",
        loss="""Often: the weights still learn something. But every row has another example, so the
        curve does not show how one example is learned.""",
        fix="""Refer to the cell above, =B3, and fill that down. LibreOffice continues a single
        number when its handle is dragged; hold Ctrl to copy it.""",
    ),
    rules.COUNTING: lesson(
        """The input i1 reads 0, 1, 2, 3, … down the table.""",
        loss="""Yes, if the rows are meant as different examples. If one example was meant, see
        GS209.""",
        fix="""If these are the data, nothing. Otherwise refer to the cell above and fill that
        down.""",
    ),
    rules.SLIDING: lesson(
        """The learning rate is in G1. The update of w1 was written without $ and filled down: row 4
        reads G1, row 5 reads G2, row 6 reads G3.""",
        written="E5: =E4-G2*X4",
        right="E5: =E4-$G$1*X4",
        loss="""Yes, for the first update; then the curve goes flat where the cells below G1 are
        empty, for the step is 0·gradient. It looks like convergence. If the reference slides into
        the table, another value is taken for the learning rate.""",
        fix="""Write $G$1 (F4 in Excel sets the $) in the first update and fill it down again.""",
    ),
    rules.PINNED: lesson(
        """All references of a gradient were made absolute, also the one to a_h1 in its own row.
        Every row uses a_h1 of row 3.""",
        written="AB9: =(N9-A9)*N9*(1-N9)*$K$3",
        right="AB9: =(N9-A9)*N9*(1-N9)*K9",
        loss="""Yes. The values of the first row stay near those of later rows for a while, so the
        steps point in nearly the right direction. The further training goes, the more they
        differ.""",
        fix="""Keep the $ for cells above the table, such as the learning rate, and remove it from
        everything in the row itself.""",
    ),
    rules.OTHER_ROW: lesson(
        """The gradient in row 9 uses the activation of row 8: it was clicked one row too high.""",
        written="AB9: =(N9-A9)*N9*(1-N9)*K8",
        right="AB9: =(N9-A9)*N9*(1-N9)*K9",
        loss="""Yes: from one update to the next the values change in the third or fourth digit, and
        so does the step.""",
        fix="""Let the formulas of a row use values of their own row. Only the update of a weight
        looks at the row above.""",
    ),
    rules.TYPED_NUMBER: lesson(
        """The target, 0.01, is in A3. The error has the number typed in.""",
        written="=0.5*(0.01-N9)^2",
        right="=0.5*(A9-N9)^2",
        loss="""Yes, exactly as it should, as long as the number is the right one. After A3 is
        changed, the loss and the gradients belong to different targets.""",
        fix="""Replace the number by a reference to the cell that holds it.""",
    ),
    rules.FILLED_OVER: lesson(
        """The update of w1 to w4 in E4:H4 was filled right without stopping, over h1, a_h1, h2 and
        a_h2 in I4:L4.""",
        written="I4 (h1): =I3-$G$1*AB3",
        right="I4 (h1): =E4*B4+F4*C4",
        loss="""By chance only: from the second row on the network does not compute its own output,
        and the gradients describe another one.""",
        fix="""Fill the formulas of the first row down over the columns in between, and fill
        updates only across weights that are side by side.""",
    ),
    rules.EMPTY_DATA: lesson(
        """Each row shows another example, and the input i2 of row 9 was never typed in.""",
        written="C9: (empty)",
        right="C9: the number of that example",
        loss="""Yes: one example of many is not the intended one, or a target is 0 that should not
        be. The weights learn it like the others.""",
        fix="""Type the number in. If 0 is meant, type 0, so that nobody has to guess.""",
    ),
}
