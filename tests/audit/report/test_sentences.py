"""The sentence of every kind of finding."""

import math
from typing import get_args

import pytest

from gradsheet.audit import rules
from gradsheet.audit.details import (
    Cause,
    CellWithoutFormula,
    Change,
    ChartOfOtherColumn,
    ChartOfSomeRows,
    ColumnWithoutFormulas,
    Content,
    Details,
    Effect,
    EmptyData,
    FilledOver,
    Formula,
    GradientTaken,
    MoreWrongFormulas,
    NoStart,
    NotRead,
    OddCell,
    OtherHeader,
    OtherNumbering,
    OtherRateCell,
    OtherUpdateRule,
    OutOfDate,
    PastedLosses,
    RateCellWithoutNumber,
    RateTaken,
    Rounded,
    RowWithoutFormulas,
    Steps,
    TypedRate,
    Unreadable,
    Value,
    WeightsTaken,
    WrongFormula,
)
from gradsheet.audit.findings import Finding, Layer, Network
from gradsheet.audit.report.sentences import (
    cause_in_words,
    formula,
    label,
    line,
    message,
    network_in_words,
    title,
)
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef

CELL = CellIndex(29, 27)
A, B = Formula(("a",)), Formula(("b",))
QUIET = Effect("gradient", math.nan, math.nan, False, 60)

SENTENCES: list[tuple[Details, str]] = [
    (
        WrongFormula(A, B, (Change(rules.SIGN),), Effect("gradient", 0.5, 2.0, False, 60, -1e-9)),
        "has the wrong sign; the gradient is 0.5 too large in this row, off by up to 2 in later "
        "rows; after 60 updates the loss is 1e-09 too small",
    ),
    (
        WrongFormula(A, B, (Change(rules.SIGN),), Effect("value", -0.5, 0.5, False, 1)),
        "has the wrong sign; the value is 0.5 too small in this row",
    ),
    (
        WrongFormula(A, B, (Change(rules.SIGN),), Effect("value", 0.0, 0.5, False, 1)),
        "has the wrong sign; the value is right by chance in this row, off by up to 0.5 in later "
        "rows",
    ),
    (
        WrongFormula(A, B, (Change(rules.SIGN),), Effect("value", 0.0, 0.0, False, 60, 0.0)),
        "has the wrong sign; the value is right by chance in this row; after 60 updates the loss "
        "is the same",
    ),
    (
        WrongFormula(A, B, (Change(rules.SIGN),), Effect("value", math.nan, math.nan, True, 1)),
        "has the wrong sign; the cell shows an error",
    ),
    (MoreWrongFormulas(1), "one more cell of the column holds another wrong formula"),
    (MoreWrongFormulas(7), "7 more cells of the column hold other wrong formulas"),
    (
        MoreWrongFormulas(1, are_read=False),
        "one more cell of the column holds another formula that is not understood",
    ),
    (CellWithoutFormula(Content(0.25)), "holds the number 0.25 where the other rows compute"),
    (
        CellWithoutFormula(Content(), CellIndex(28, 27)),
        "is empty where the other rows compute; AA28 shows how the column continues",
    ),
    (
        CellWithoutFormula(Content("x" * 50)),
        f"holds the text '{'x' * 30}' where the other rows compute",
    ),
    (
        ColumnWithoutFormulas(),
        "holds pasted numbers, not formulas: they do not change with the rest of the table",
    ),
    (RowWithoutFormulas(9, is_empty=True), "row 9 is empty where the other rows compute"),
    (RowWithoutFormulas(9, is_empty=False), "row 9 holds numbers where the other rows compute"),
    (OddCell(Content(1.0, "A1*2")), "holds =A1*2, unlike the other cells of the column"),
    (
        EmptyData(9),
        "is empty among 9 numbers; the formulas that read it take it for 0",
    ),
    (NoStart(Content()), "is empty; the training needs a number to start from"),
    (
        Steps(-0.5, (1.0, 0.5, 0.0)),
        "changes by -0.5 from row to row (1, 0.5, 0, …): filled down as a series instead of copied",
    ),
    (
        OutOfDate(1.0, 2.0),
        "the file states 1 and the formula gives 2; recalculate the file",
    ),
    (
        RateCellWithoutNumber(CellRef("lr 1", CELL), Content("η")),
        "the updates read the learning rate from 'lr 1'!AA29, which holds the text 'η'",
    ),
    (
        OtherRateCell(CELL, CellRef("", CellIndex(1, 1))),
        "AA29 is labeled as the learning rate; the updates use A1",
    ),
    (TypedRate(0.5), "the learning rate 0.5 is typed into the updates"),
    (
        TypedRate(0.5, CELL),
        "the learning rate 0.5 is typed into the updates; the learning-rate cell AA29 is not used",
    ),
    (
        OtherUpdateRule(),
        "the weights are not updated by w − η·gradient; the updates were not checked",
    ),
    (Rounded(("h1", "w2")), "the formulas of h1 and w2 round what they compute"),
    (NotRead("macros were not run"), "macros were not run"),
    (
        OtherHeader("w6", Symbol.parse("w5"), "from a_h1 to o1"),
        "the header is w6; the column holds w5: from a_h1 to o1",
    ),
    (
        OtherNumbering(
            (Symbol.parse("w2"), Symbol.parse("w3")),
            (Symbol.parse("w3"), Symbol.parse("w2")),
            "from i1 to h2",
        ),
        "the weights are numbered in another order than is usual: w2, w3 are mostly called w3, w2; "
        "w2 leads from i1 to h2",
    ),
    (
        ChartOfOtherColumn("Loss", "E1", "E_total", 27),
        "the chart 'Loss' plots E1; E_total is in column AA",
    ),
    (ChartOfSomeRows("E_total", 3, 9), "the chart plots 3 of the 9 rows of E_total"),
    (
        PastedLosses(CellRange.parse("A1:C4"), 3, None),
        "the losses at 3 learning rates in A1:C4 are pasted numbers, not linked to the table; what "
        "they should be is not known",
    ),
    (
        PastedLosses(CellRange.parse("A1:C4"), 3, 0.0),
        "the losses at 3 learning rates in A1:C4 are pasted numbers, not linked to the table; they "
        "are those of the right network",
    ),
]

CAUSES: list[tuple[Cause, str]] = [
    (Change(rules.NEIGHBOR, A, B), "uses a instead of b"),
    (Change(rules.TERM_MISSING, None, B), "leaves out b"),
    (Change(rules.TERM_REPEATED, A), "contains a once too often"),
    (
        Change(rules.OPERATOR, A, B, everywhere=True),
        "uses a instead of b, and likewise in every such term,",
    ),
    (
        RateTaken(rules.UNUSED_RATE, "$G$3", "w3", CellRef("", CellIndex(1, 7))),
        "takes the learning rate from $G$3 (w3) instead of G1",
    ),
    (RateTaken(rules.UNUSED_RATE, "$G$3", "", None), "takes the learning rate from $G$3"),
    (Change(rules.DOUBLED), "is twice the right formula"),
    (WeightsTaken(rules.UPDATED, ("w1",)), "uses w1 after the update instead of before it"),
    (WeightsTaken(rules.OTHER_ROW, ("w1", "w2", "w3")), "uses w1, w2 and w3 of the row above"),
    (WeightsTaken(rules.PINNED, ("w1", "w2")), "uses w1 and w2 of the first row in every row"),
    (GradientTaken(rules.OTHER_GRADIENT, "E∂w2"), "computes E∂w2"),
    (
        GradientTaken(rules.SWAPPED, "E∂w2"),
        "computes E∂w2, and that column computes this one",
    ),
    (
        FilledOver(rules.FILLED_OVER, "w4"),
        "holds the formula of w4, which was filled across this column",
    ),
    (Unreadable(rules.CIRCULAR, "it refers to its own cell"), "it refers to its own cell"),
]


@pytest.mark.parametrize(("details", "sentence"), SENTENCES)
def test_the_sentence_of_details(details: Details, sentence: str) -> None:
    assert message(Finding((rules.SIGN,), details)) == sentence


@pytest.mark.parametrize(("cause", "words"), CAUSES)
def test_a_cause_in_words(cause: Cause, words: str) -> None:
    assert cause_in_words(cause) == words


def test_nothing_is_left_without_a_sentence() -> None:
    assert {type(details) for details, _ in SENTENCES} == set(get_args(Details))
    assert {type(cause) for cause, _ in CAUSES} == set(get_args(Cause))


def test_a_value_of_another_row_is_marked() -> None:
    parts = [Value("w1", rows) for rows in (None, 0, 1, -1, 2)]
    assert [formula(Formula(("2·", part))) for part in parts] == [
        "2·w1",
        "2·w1 of this row",
        "2·w1 of the row above",
        "2·w1 of the row below",
        "2·w1 of another row",
    ]


def test_two_mistakes_in_one_formula_have_two_codes() -> None:
    both = (rules.FACTOR_MISSING, rules.WRONG_OUTPUT)
    causes = Change(rules.FACTOR_MISSING, None, A), Change(rules.WRONG_OUTPUT, A, B)
    found = Finding(both, WrongFormula(A, B, causes, QUIET), "Sheet 1", CELL)
    assert title(both) == "factor left out and wrong output"
    assert label(both) == f"GS302+GS502 {title(both)}"
    assert line(found) == f"'Sheet 1'!AA29: {label(both)}: leaves out a and uses a instead of b"


def test_a_network_in_words() -> None:
    layers = (Layer(1, "tanh"), Layer(2, "sigmoid"))
    assert network_in_words(Network(2, layers, 1, 1, "half-squared-error")) == (
        "2 inputs, 1 tanh hidden unit, 2 sigmoid outputs, 1 bias; loss: half the squared "
        "difference, summed over the outputs"
    )
    several = network_in_words(Network(1, layers[1:], 0, 4, "mean-squared-error"))
    assert several.startswith("1 input, 2 sigmoid outputs, no biases, 4 examples; loss: ")
