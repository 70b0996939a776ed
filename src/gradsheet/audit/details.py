"""What a finding knows: one small object for each kind of evidence, without a sentence.

``report.sentences`` renders them.
"""

from dataclasses import dataclass
from typing import Literal

from gradsheet.audit.rules import Rule
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef

# --- Formulas and what is wrong with them ----------------------------------------------------


@dataclass(frozen=True)
class Value:
    """A value of the network in a formula, by the name the table gives it.

    Attributes:
        name: what the table calls it.
        rows_above: how many rows above the formula it is, negative if below; None where it is in
            the row where one expects it.
        in_steps: whether a row of the table is no row of the file, but a step of the training.
    """

    name: str
    rows_above: int | None = None
    in_steps: bool = False


@dataclass(frozen=True)
class Formula:
    """A formula in textbook notation, cut into its values and the text between them."""

    parts: tuple[str | Value, ...]


@dataclass(frozen=True)
class Change:
    """One change that turns the right formula into the written one.

    Attributes:
        rule: the mistake it is.
        wrong: the part that is written; None where something was left out.
        right: the part that belongs there; None where something was added. Both are None for a
            change that has no part of its own, such as a misplaced bracket.
        everywhere: whether the same was done in every term like the one that is shown.
    """

    rule: Rule
    wrong: Formula | None = None
    right: Formula | None = None
    everywhere: bool = False


@dataclass(frozen=True)
class WeightsTaken:
    """All weights of a formula taken from another place, which the rule names."""

    rule: Rule
    weights: tuple[str, ...]
    in_steps: bool = False


@dataclass(frozen=True)
class GradientTaken:
    """A column that computes what is due in another; swapped if that computes this one's."""

    rule: Rule
    gradient: str


@dataclass(frozen=True)
class RateTaken:
    """Another cell taken for that of the learning rate.

    Attributes:
        cell: as the formula refers to it: ``$G$3``.
        holds: what the table calls the value in it; empty where it has no name.
        right: the cell of the learning rate; None where no cell holds it.
    """

    rule: Rule
    cell: str
    holds: str
    right: CellRef | None


@dataclass(frozen=True)
class Unreadable:
    """A formula that the audit cannot evaluate, and the reader's reason."""

    rule: Rule
    reason: str


@dataclass(frozen=True)
class FilledOver:
    """The formula of another column, filled across this one."""

    rule: Rule
    column: str


Cause = Change | WeightsTaken | GradientTaken | RateTaken | FilledOver | Unreadable


@dataclass(frozen=True)
class Effect:
    """What a wrong formula does to the numbers.

    Attributes:
        of: what kind of value the formula computes.
        difference: written less right in the first wrong row; NaN where it has no number.
        largest: the largest difference in size among all rows; NaN where none has a number.
        is_error: whether every wrong cell shows an error; False where that is not known.
        updates: after so many updates the loss is looked at.
        loss_change: how much the mistake alone changes it; None where that is not known.
        jointly: whether the change is that of two mistakes together.
    """

    of: Literal["gradient", "value"]
    difference: float
    largest: float
    is_error: bool
    updates: int
    loss_change: float | None = None
    jointly: bool = False


@dataclass(frozen=True)
class WrongFormula:
    """A formula that does not compute what is due in its cell.

    Attributes:
        written: the formula in the cell, in the names of the table.
        right: a right one.
        causes: the mistakes that were made, one or two; together they give what is written.
        effect: what it does to the numbers.
    """

    written: Formula
    right: Formula
    causes: tuple[Cause, ...]
    effect: Effect


@dataclass(frozen=True)
class MoreWrongFormulas:
    """Cells with further formulas, in a column of which several were explained.

    Attributes:
        count: how many cells.
        are_read: whether their formulas are understood, and so known to be wrong.
    """

    count: int
    are_read: bool = True


# --- Cells and rows --------------------------------------------------------------------------


@dataclass(frozen=True)
class Content:
    """What a cell holds: a number, a text, a formula, or nothing.

    Attributes:
        value: the number or text; None where there is none.
        formula: without the equals sign; empty where there is none.
    """

    value: float | str | None = None
    formula: str = ""


@dataclass(frozen=True)
class CellWithoutFormula:
    """A cell without a formula in a column of formulas; ``pattern`` is one that has it."""

    content: Content
    pattern: CellIndex | None = None


@dataclass(frozen=True)
class ColumnWithoutFormulas:
    """A column of numbers that should be computed."""


@dataclass(frozen=True)
class RowWithoutFormulas:
    """A row that computes nothing."""

    row: int
    is_empty: bool


@dataclass(frozen=True)
class OddCell:
    """A cell that differs from the others of its column."""

    content: Content


@dataclass(frozen=True)
class EmptyData:
    """An empty cell that formulas read among typed numbers.

    Attributes:
        numbers: how many numbers there are beside it.
    """

    numbers: int


@dataclass(frozen=True)
class NoStart:
    """The first cell of a weight, which holds no number."""

    content: Content


@dataclass(frozen=True)
class Steps:
    """Numbers that grow by the same step from row to row; ``first`` are the first of them."""

    step: float
    first: tuple[float, ...]


@dataclass(frozen=True)
class OutOfDate:
    """A value stored beside a formula that gives another one."""

    cached: float
    computed: float


# --- The learning rate and the updates -------------------------------------------------------


@dataclass(frozen=True)
class RateCellWithoutNumber:
    """The cell that the updates read as the learning rate, which holds a text or nothing."""

    cell: CellRef
    content: Content


@dataclass(frozen=True)
class OtherRateCell:
    """A cell labeled as the learning rate, and the other one that the updates read."""

    labeled: CellIndex
    used: CellRef


@dataclass(frozen=True)
class TypedRate:
    """A learning rate in the formulas of the updates, and the cell that is not used for it."""

    rate: float
    unused: CellIndex | None = None


@dataclass(frozen=True)
class OtherUpdateRule:
    """Updates that are not w − η·gradient."""


# --- Presentation ----------------------------------------------------------------------------


@dataclass(frozen=True)
class NotRead:
    """A part of the file that was not read, in the reader's words."""

    part: str


@dataclass(frozen=True)
class Rounded:
    """Columns of formulas that round; each is named as in the table."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class OtherHeader:
    """A header that names another value than its column holds; ``meaning`` describes that."""

    header: str
    holds: Symbol
    meaning: str


@dataclass(frozen=True)
class OtherNumbering:
    """Weights, and their gradients, that are numbered in another order than is usual.

    Attributes:
        numbered: what the headers call the weights.
        usual: what each of them is usually called.
        meaning: what the first of them is.
    """

    numbered: tuple[Symbol, ...]
    usual: tuple[Symbol, ...]
    meaning: str


@dataclass(frozen=True)
class ChartOfOtherColumn:
    """A chart that plots one column and is named after another."""

    chart: str
    plotted: str
    named: str
    named_column: int


@dataclass(frozen=True)
class ChartOfSomeRows:
    """A chart that plots so many of the table's rows."""

    column: str
    plotted: int
    rows: int


@dataclass(frozen=True)
class PastedLosses:
    """Pasted losses of several learning rates.

    Attributes:
        cells: where they are.
        rates: of how many learning rates.
        difference: the largest from those of the right network; None where that is unknown, 0 where
            they agree.
    """

    cells: CellRange
    rates: int
    difference: float | None


Details = (
    WrongFormula
    | MoreWrongFormulas
    | CellWithoutFormula
    | ColumnWithoutFormulas
    | RowWithoutFormulas
    | OddCell
    | EmptyData
    | NoStart
    | Steps
    | OutOfDate
    | RateCellWithoutNumber
    | OtherRateCell
    | TypedRate
    | OtherUpdateRule
    | NotRead
    | Rounded
    | OtherHeader
    | OtherNumbering
    | ChartOfOtherColumn
    | ChartOfSomeRows
    | PastedLosses
)
