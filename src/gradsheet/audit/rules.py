"""Every rule of the audit: a stable code, a title, whether it is a mistake, and an explanation.

A code never changes its meaning and is never given to another rule. Titles and explanations are
text for people: no code reads them.
"""

from dataclasses import dataclass, field
from typing import Literal

from gradsheet.errors import GradsheetError

Severity = Literal["mistake", "remark"]

FAMILIES = {
    "GS1": "Reading the file",
    "GS2": "Structure: cells, rows, columns, references",
    "GS3": "Algebra: any formula",
    "GS4": "Forward pass",
    "GS5": "Loss",
    "GS6": "Gradients",
    "GS7": "Updates",
    "GS8": "Learning rate",
    "GS9": "Presentation",
}
"""What the first digit of a code stands for."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: ``GS601``.
        title: the mistake in a few words, without an article.
        severity: whether a finding of this rule is a mistake or a remark.
        explanation: what it is, and how people come to it; ``lessons`` has an example, what it does
            to the loss, and how to fix it.
    """

    code: str
    title: str
    severity: Severity
    explanation: str = field(repr=False)

    @property
    def family(self) -> str:
        """The family of the rule, in words."""
        return FAMILIES[self.code[:3]]

    def __reduce__(self) -> tuple[object, ...]:
        """A rule from another process is the rule of this one."""
        return rule_of, (self.code,)


RULES: dict[str, Rule] = {}
"""By code, in the order of the codes."""


def rule_of(code: str) -> Rule:
    """The rule with a code, in capitals or not.

    Raises:
        GradsheetError: there is none.
    """
    if (found := RULES.get(code.strip().upper())) is None:
        raise GradsheetError(
            f"there is no audit rule {code[:20]!r}; expected a code from {min(RULES)} to "
            f"{max(RULES)}, listed in docs/audit-rules.md"
        )
    return found


def _mistake(code: str, title: str, explanation: str) -> Rule:
    return _rule(code, title, "mistake", explanation)


def _remark(code: str, title: str, explanation: str) -> Rule:
    return _rule(code, title, "remark", explanation)


def _rule(code: str, title: str, severity: Severity, explanation: str) -> Rule:
    assert code not in RULES and code[:3] in FAMILIES
    RULES[code] = Rule(code, title, severity, " ".join(explanation.split()))
    return RULES[code]


# --- GS1: reading the file -------------------------------------------------------------------

NOT_READ = _remark(
    "GS101",
    "part of the file that was not read",
    """The file holds something that the audit does not open, such as macros, links to other
    workbooks or a feature it does not know. Whatever depends on that part was not checked.""",
)
NOT_UNDERSTOOD = _remark(
    "GS102",
    "formula that is not understood",
    """The formula uses a function or a notation that the audit does not know, so it cannot be
    compared with the right one. It may well be right.""",
)
CIRCULAR = _mistake(
    "GS103",
    "circular reference",
    """The formula leads back to its own cell, or through so many cells that its value cannot be
    traced to the network. It usually comes from a reference to the same row where the row above
    was meant.""",
)
OUT_OF_DATE = _remark(
    "GS104",
    "cached values out of date",
    """The values stored in the file are not what its formulas give: it was saved by a program
    that did not recalculate, or with automatic calculation off. Whoever opens the file in a
    viewer sees the old values.""",
)

# --- GS2: structure --------------------------------------------------------------------------

PASTED_NUMBER = _mistake(
    "GS201",
    "number pasted over a formula",
    """One cell of a column of formulas holds a typed number. It is often a trial value that was
    never removed, or a result pasted as a value. Whatever is computed from the cell no longer
    follows the rest of the table.""",
)
EMPTY_CELL = _mistake(
    "GS202",
    "empty cell in a column of formulas",
    """One cell of a column of formulas was deleted, or skipped when the column was filled. A
    spreadsheet takes an empty cell for 0 and shows no error.""",
)
TEXT = _mistake(
    "GS203",
    "text in place of a formula",
    """One cell of a column of formulas holds text: a note, a number stored as text, or a
    formula whose equals sign was lost. Arithmetic that uses it shows an error; SUM takes it for
    0.""",
)
PASTED_COLUMN = _mistake(
    "GS204",
    "column of pasted numbers",
    """A column that should be computed holds numbers only, usually because a result was copied
    with Paste Special > Values. It was right once; it does not change when a weight, an input
    or the learning rate changes.""",
)
PASTED_ROW = _mistake(
    "GS205",
    "row of pasted numbers",
    """A whole row holds numbers where the other rows hold formulas, often a row that was copied
    as values to keep a result. The training below it starts again from these numbers.""",
)
EMPTY_ROW = _mistake(
    "GS206",
    "empty row",
    """A row in the middle of the table is empty. The row below it reads 0 for every weight of the
    row above, so the training restarts from zeros, or its references jump across the gap.""",
)
ODD_CELL = _mistake(
    "GS207",
    "cell unlike the rest of its column",
    """All other cells of a helper column hold one formula, filled down; this one holds
    something else. It is typically the trace of a trial, or of a fill that stopped too early.""",
)
NO_START = _mistake(
    "GS208",
    "weight without a starting value",
    """The first row of a weight holds no number, so the training starts from 0 or from an
    error, and every later row depends on it.""",
)
SERIES = _mistake(
    "GS209",
    "input filled down as a series",
    """An input or a target should be the same in every row, but changes by a fixed step: the
    fill handle continued a series where a copy was meant. Every row then trains on another
    example.""",
)
COUNTING = _remark(
    "GS210",
    "input that counts up",
    """An input or a target increases by 1 from a whole number: 0, 1, 2, 3. That can be the data, or
    a number that was filled down as a series by accident.""",
)
SLIDING = _mistake(
    "GS211",
    "reference that moves because no $ fixes it",
    """The formula refers to the learning-rate cell without $, so the reference moves down one
    row with every row it is filled into. The first update is right; the next ones read the
    cells below the learning rate, which are empty or hold something else.""",
)
PINNED = _mistake(
    "GS212",
    "reference fixed to one row by a $",
    """A $ fixes the row of a value that should come from the formula's own row, usually because
    all references were made absolute at once. The first row is right; all later rows use the
    first row's value.""",
)
OTHER_ROW = _mistake(
    "GS213",
    "value from another row",
    """The formula uses a value of the row above or below instead of its own row. The gradient
    then belongs to another point than the update it is used for.""",
)
TYPED_NUMBER = _mistake(
    "GS214",
    "number typed in place of a cell",
    """A constant is typed where the formula should refer to a cell. It is right until that cell
    changes: with another input, target or learning rate the formula keeps the old number.""",
)
FILLED_OVER = _mistake(
    "GS215",
    "formula of another column filled across",
    """The formula of a column was filled to the right over columns that compute something else,
    mostly the update of the weights over the pre-activations and activations between them.
    The first row is right, and everything after it is computed from numbers that mean nothing.""",
)

EMPTY_DATA = _mistake(
    "GS216",
    "empty cell among the data",
    """An input or a target is missing, and formulas read the empty cell. A spreadsheet takes it for
    0 and shows no error, so the network is trained on an example that nobody intended.""",
)

# --- GS3: algebra ----------------------------------------------------------------------------

SIGN = _mistake(
    "GS301",
    "wrong sign",
    """A plus and a minus are exchanged, or the two sides of a difference, such as target −
    output for output − target. A gradient with the wrong sign moves its weight uphill; an
    update with the wrong sign moves all of them uphill.""",
)
FACTOR_MISSING = _mistake(
    "GS302",
    "factor left out",
    """One factor of a product is missing, typically one link of the chain rule. The
    gradient mostly keeps the right sign, but not the right size.""",
)
FACTOR_REPEATED = _mistake(
    "GS303",
    "repeated factor",
    """A factor is multiplied in once too often, such as one that is already part of a helper
    column, or an input in the gradient of a bias. With factors below 1 the gradient becomes too
    small.""",
)
TERM_MISSING = _mistake(
    "GS304",
    "term left out",
    """One term of a sum is missing: a bias in a pre-activation, one output in the total loss,
    one path in the gradient of a weight that leads into a hidden unit.""",
)
TERM_REPEATED = _mistake(
    "GS305",
    "repeated term",
    """A term is added twice, usually by extending a formula that contained it already. It counts
    double in the loss or in the gradient.""",
)
BRACKET = _mistake(
    "GS306",
    "misplaced bracket",
    """A bracket closes too early or opens too late, so a factor multiplies only the nearest
    term of a sum instead of all of it: (A + B)·σ′ becomes A + B·σ′.""",
)
OPERATOR = _mistake(
    "GS307",
    "wrong operator",
    """One operator is typed in place of another: + for ·, / for ·. The value can look plausible by
    chance and is not a gradient of anything.""",
)
SQUARE_MISSING = _mistake(
    "GS308",
    "square left out",
    """The error is used without its square, so positive and negative errors cancel and the loss can
    fall below zero while the outputs get worse.""",
)
DOUBLED = _mistake(
    "GS309",
    "extra factor 2",
    """The formula is twice the right one, usually because the derivative of (t − a)² was used
    with a loss that has the factor ½.""",
)
HALVED = _mistake(
    "GS310",
    "extra factor ½",
    """The formula is half the right one, usually because the ½ of the loss was kept although
    the derivative of the square cancels it.""",
)
FUNCTION = _mistake(
    "GS311",
    "wrong function",
    """The function is not the one in the rest of the table: tanh for a sigmoid, or none at
    all. The unit computes something else than the gradients assume.""",
)
OTHER_VALUE = _mistake(
    "GS312",
    "unrelated value",
    """The formula uses a value that has no place in it, most often the neighboring column after a
    column was inserted, or a reference that moved when a formula was filled to the right.""",
)
UNEXPLAINED = _mistake(
    "GS313",
    "wrong formula, cause not found",
    """The formula does not compute the right value, and neither one of the known mistakes nor
    two of them together produce what is written.""",
)

# --- GS4: forward pass -----------------------------------------------------------------------

WRONG_WEIGHT = _mistake(
    "GS401",
    "wrong weight",
    """The formula uses a weight other than that of this connection, often the one in the next
    column. In a gradient, the error is then propagated back along the wrong connection.""",
)
WRONG_BIAS = _mistake(
    "GS402",
    "wrong bias",
    """The bias of another unit or layer is used. Two units then share one bias, and the gradient of
    the other moves a number that nothing uses.""",
)
NEIGHBOR = _mistake(
    "GS403",
    "neighbor's signal",
    """The signal of the neighboring unit is used: another input, or another activation of the
    same layer. The formula was copied from the neighbor and one reference not adapted.""",
)
PRE_ACTIVATION_FOR_ACTIVATION = _mistake(
    "GS404",
    "pre-activation in place of its activation",
    """The pre-activation (z, net) is used where the activation belongs; the two columns are side
    by side and have similar names.""",
)
ACTIVATION_FOR_PRE_ACTIVATION = _mistake(
    "GS405",
    "activation in place of its pre-activation",
    """The activation is used where the pre-activation (z, net) belongs, so the activation function
    is applied twice or its derivative is taken at the wrong point.""",
)
WRONG_PRE_ACTIVATION = _mistake(
    "GS406",
    "pre-activation of another unit",
    """The activation is computed from another unit's pre-activation. Two units then give
    the same signal, while the gradients treat them as different.""",
)

# --- GS5: loss -------------------------------------------------------------------------------

WRONG_TARGET = _mistake(
    "GS501",
    "wrong target",
    """An output is compared with the target of another output. The network is then trained
    toward exchanged targets, or its loss does not belong to its gradients.""",
)
WRONG_OUTPUT = _mistake(
    "GS502",
    "wrong output",
    """A formula uses another output than its own, often in one of two places only, such as in the
    factor 1 − a_o. The gradient mixes two outputs.""",
)
WRONG_ERROR = _mistake(
    "GS503",
    "wrong error",
    """The error of another output is used: one error counts twice and another not at all. The
    loss that is plotted is then not the one that is minimized.""",
)

# --- GS6: gradients --------------------------------------------------------------------------

WRONG_LOCAL_DERIVATIVE = _mistake(
    "GS601",
    "local derivative of the wrong unit",
    """The derivative of another unit's activation is used, such as a_h1·(1 − a_h1) for a_h2·(1
    − a_h2): a formula was copied and one reference not adapted. It is the most frequent mistake
    in the published course workbooks that were surveyed, mostly inherited from one template, and
    none of their loss curves shows it.""",
)
LOCAL_DERIVATIVE_MISSING = _mistake(
    "GS602",
    "local derivative left out",
    """The factor σ′(z) = a·(1 − a) of the chain rule is missing, as if the unit had no
    activation function. The derivative of a sigmoid is at most ¼, so the gradient is at
    least four times too large.""",
)
OTHER_LOCAL_DERIVATIVE = _mistake(
    "GS603",
    "local derivative of another activation",
    """The local derivative belongs to another activation function, such as 1 − a² (tanh) for a
    sigmoid, or has a wrong sign in it, such as a·(1 + a).""",
)
SWAPPED = _mistake(
    "GS604",
    "two gradients swapped",
    """Each of two columns computes the gradient of the other's weight. Mostly the two weights
    lead into the same unit, so their gradients share all but the last factor.""",
)
OTHER_GRADIENT = _mistake(
    "GS605",
    "gradient of another parameter",
    """The formula computes, or the update uses, the gradient of another weight or bias. The weight
    follows its neighbor's steps, and its own gradient has no effect.""",
)

# --- GS7: updates ----------------------------------------------------------------------------

UPDATED = _mistake(
    "GS701",
    "weight updated before its old value was used",
    """A gradient uses a weight after its update instead of before it, because the new value was
    computed first. All gradients of one update must be taken at the same point.""",
)
OTHER_RULE = _remark(
    "GS702",
    "update rule other than plain gradient descent",
    """The weights are not updated by w − η·gradient but by another rule, one that the audit does
    not recognize. The update columns were therefore not checked; all others were.""",
)

# --- GS8: learning rate ----------------------------------------------------------------------

UNUSED_RATE = _mistake(
    "GS801",
    "learning-rate cell that is not used",
    """A cell is labeled as the learning rate, but the updates read another cell, or one without a
    number. Changing the labeled cell has no effect, so comparisons of learning rates compare
    nothing.""",
)
TYPED_RATE = _mistake(
    "GS802",
    "learning rate typed into the formulas",
    """There is a cell for the learning rate, but the updates hold another number instead of a
    reference to it. The sheet claims one learning rate and trains with another.""",
)
RATE_WITHOUT_CELL = _remark(
    "GS803",
    "learning rate without a cell",
    """The learning rate is a number inside every update formula. That is right, but trying
    another learning rate means editing all of them.""",
)

# --- GS9: presentation -----------------------------------------------------------------------

CHART_COLUMN = _mistake(
    "GS901",
    "chart of the wrong column",
    """The title of the chart names one value and its series plots another column, typically the
    error of one output instead of the total loss after a column was inserted.""",
)
CHART_ROWS = _remark(
    "GS902",
    "chart that leaves rows out",
    """The chart of the loss plots only part of the rows, usually because rows were added after it
    was made. The part it leaves out may look different.""",
)
HEADER = _remark(
    "GS903",
    "header that names something else",
    """The column computes one value, and its header names another. The computation is right; a
    reader who trusts the headers is misled.""",
)
PASTED_COMPARISON = _remark(
    "GS904",
    "comparison of pasted losses",
    """Losses at several learning rates are side by side as numbers: they were copied from the
    table one learning rate at a time. They do not change when the table does, and a mistake
    corrected later stays in them.""",
)
CHART_TITLE = _remark(
    "GS905",
    "chart with a doubtful title",
    """The title of the chart, such as "Error", usually means the total loss, but its series plots
    the error of one output. That may be intended; a title that names the output leaves no
    doubt.""",
)
ROUNDED = _remark(
    "GS906",
    "rounded values",
    """The formulas round what they compute. The columns are right but for that, and were compared
    as if nothing were rounded; small gradients become 0 and the weights then stop moving, as if the
    network had converged.""",
)
