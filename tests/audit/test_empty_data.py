"""Empty cells among the data, which count as 0."""

from dataclasses import replace

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book
from tests.audit.by_columns import RATE, Column, book, found_in, moved, sigmoid

NEURON: list[Column] = [
    ("x1", [0.2, 0.7, 0.0, 0.4]),
    ("x2", [1, 0, 1, 0]),
    ("t", [0, 1, 1, 0]),
    *moved("w1 w2 b"),
    ("z", "=[w1]*[x1]+[w2]*[x2]+[b]"),
    ("a", sigmoid("z")),
    ("E", "=([a]-[t])^2/2"),
    ("dw1", "=([a]-[t])*[a]*(1-[a])*[x1]"),
    ("dw2", "=([a]-[t])*[a]*(1-[a])*[x2]"),
    ("db", "=([a]-[t])*[a]*(1-[a])"),
]


def without(of: Book, *places: str, sheet: str = "Sheet") -> Book:
    """The book with some cells empty."""
    gone = {CellIndex.parse(place) for place in places}
    cells = {index: held for index, held in of.sheets[sheet].cells.items() if index not in gone}
    return replace(of, sheets={**of.sheets, sheet: replace(of.sheets[sheet], cells=cells)})


@pytest.mark.parametrize(
    ("empty", "mistakes"),
    [
        ([], []),
        (["B9"], [("B9", "GS216")]),
        (["D10", "D11"], [("D10", "GS216")]),
        (["B13", "C13", "D13"], [("B13", "GS216"), ("C13", "GS216"), ("D13", "GS216")]),
    ],
    ids=["none", "an input", "targets", "an example"],
)
def test_an_empty_input_or_target(empty: list[str], mistakes: list[tuple[str, str]]) -> None:
    assert found_in(audit_book(without(book(NEURON, 8, RATE), *empty))) == mistakes


def test_an_empty_cell_may_be_meant_for_0_where_no_0_is_typed() -> None:
    columns = [("x2", [1, 1, 1, 1]) if held[0] == "x2" else held for held in NEURON]
    assert audit_book(without(book(columns, 8, RATE), "C9", "C11")).all_right


def test_rows_of_new_weights_and_of_forecasts_need_no_target() -> None:
    whole = book(NEURON, 9, RATE)
    last = [f"{letter}14" for letter in "BCDHIJKLM"]
    assert audit_book(without(whole, *last)).all_right


def test_an_empty_cell_in_a_range_of_data() -> None:
    beside: dict[str, str | float] = {**RATE, "T19": "x", "U19": "t"}
    for row, (x, t) in enumerate([(0.2, 1), (0.4, 0), (0.8, 1), (0.1, 0), (0.6, 1)], start=20):
        beside |= {f"T{row}": x, f"U{row}": float(t)}
    a = "1/(1+EXP(-([w]*$T$20:$T$24+[b])))"
    columns: list[Column] = [
        *moved("w b"),
        ("dw", f"=SUMPRODUCT(({a}-$U$20:$U$24)*$T$20:$T$24)/5"),
        ("db", f"=SUMPRODUCT({a}-$U$20:$U$24)/5"),
        ("E", f"=-SUMPRODUCT($U$20:$U$24*LN({a})+(1-$U$20:$U$24)*LN(1-{a}))/5"),
    ]
    whole = book(columns, 8, beside)
    assert audit_book(whole).all_right
    assert found_in(audit_book(without(whole, "T22"))) == [("T22", "GS216")]


def test_an_empty_cell_among_classes_is_0() -> None:
    kinds = (1, 2, 3)
    columns: list[Column] = [
        ("x", [0.2, 0.8, 0.5]),
        *((f"t{k}", [float(k == n) for n in kinds]) for k in kinds),
        *((f"w{k}", 0.1 * k, f"=[w{k}<]-$B$1*[d{k}<]*[x<]") for k in kinds),
        *((f"z{k}", f"=[w{k}]*[x]") for k in kinds),
        *((f"p{k}", f"=EXP([z{k}])/(EXP([z1])+EXP([z2])+EXP([z3]))") for k in kinds),
        ("loss", "=-([t1]*LN([p1])+[t2]*LN([p2])+[t3]*LN([p3]))"),
        *((f"d{k}", f"=[p{k}]-[t{k}]") for k in kinds),
    ]
    whole = book(columns, 9, RATE)
    zeros = [
        str(index)
        for index, held in whole.sheets["Sheet"].cells.items()
        if held.value == 0.0 and index.column in (3, 4, 5)
    ]
    assert len(zeros) == 18
    assert audit_book(without(whole, *zeros)).all_right
