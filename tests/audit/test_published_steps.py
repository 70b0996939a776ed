"""Workbooks of a step or of few, and with other update rules, as people publish them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.unaudited import UnauditedError
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from tests.audit.by_columns import RATE, Column, audited, book, changed, found_in, sigmoid


@pytest.mark.parametrize(
    "velocity",
    ["0.9*[v {0}<]+0.1*[d{0}]", "$D$1*[v {0}<]+(1-$D$1)*[d{0}]", "$D$1*[v {0}<]+[d{0}]"],
)
def test_new_weights_beside_the_velocity_that_moves_them(velocity: str) -> None:
    columns: list[Column] = [
        ("x", [1.4, 8.6, 2.8]),
        ("y", [5.8, 20.2, 8.6]),
        ("intercept", 1.0, "=[new intercept<]"),
        ("slope", 1.0, "=[new slope<]"),
        ("prediction", "=[slope]*[x]+[intercept]"),
        ("err^2", "=([y]-[prediction])^2"),
        ("dintercept", "=2*([prediction]-[y])"),
        ("dslope", "=[x]*[dintercept]"),
        *((f"v {w}", 0.0, f"={velocity.format(w)}") for w in ("intercept", "slope")),
        *((f"new {w}", f"=[{w}]-$B$1*[v {w}]") for w in ("intercept", "slope")),
    ]
    audit = audited(columns, C1="beta", D1=0.9)
    assert audit.all_right, found_in(audit)
    assert audit.tables[0].network.update_rule == "momentum"


def one_step() -> Book:
    """A quantity a row; the rate is as far from a new weight as another weight from its own."""
    columns: list[Column] = [
        ("i1", 0.05),
        ("target_o1", 0.01),
        ("w1", 0.15),
        ("w2", 0.4),
        ("η", 0.5),
        ("net_h1", "=[i1]*[w1]"),
        ("out_h1", sigmoid("net_h1")),
        ("net_o1", "=[out_h1]*[w2]"),
        ("out_o1", sigmoid("net_o1")),
        ("E_o1", "=0.5*([target_o1]-[out_o1])^2"),
        ("∂E_o1/∂out_o1", "=-([target_o1]-[out_o1])"),
        ("∂E/∂w2", "=[∂E_o1/∂out_o1]*[out_o1]*(1-[out_o1])*[out_h1]"),
        ("∂E/∂w1", "=[∂E_o1/∂out_o1]*[out_o1]*(1-[out_o1])*[w2]*[out_h1]*(1-[out_h1])*[i1]"),
        ("w2+", "=[w2]-[η]*[∂E/∂w2]"),
        ("w1+", "=[w1]-[η]*[∂E/∂w1]"),
    ]
    return book(columns, 1, {}, across=True)


def test_a_learning_rate_is_no_weight_wherever_it_is() -> None:
    audit = audit_book(one_step())
    assert audit.all_right, found_in(audit)
    rate = audit.tables[0].rate_cell
    assert rate is not None
    assert rate.cell == CellIndex(10, 2)
    assert not audit.remarks


HIDDEN: list[Column] = [
    ("x", 0.8),
    ("t", 0.1),
    *((f"w{n}", 0.3 * n - 0.5, f"=[w{n}<]+[v{n}<]") for n in (1, 2)),
    ("a", "=1/(1+EXP(-[w1]*[x]))"),
    ("y", "=1/(1+EXP(-[w2]*[a]))"),
    ("E", "=([t]-[y])^2/2"),
    ("d", "=([y]-[t])*[y]*(1-[y])"),
    ("dw1", "=[d]*[w2]*[a]*(1-[a])*[x]"),
    ("dw2", "=[d]*[a]"),
    *((f"v{n}", f"=-$B$1*[dw{n}]", f"=$D$1*[v{n}<]-$B$1*[dw{n}]") for n in (1, 2)),
]


def test_a_unit_of_one_weight_is_no_input() -> None:
    audit = audited(HIDDEN, C1="momentum", D1=0.9)
    assert audit.all_right, found_in(audit)
    assert [layer.units for layer in audit.tables[0].network.layers] == [1, 1]
    wrong = changed(HIDDEN, "dw1", "=[d]*[w2]*[a]*(1-[a])*[a]")
    assert [cell for cell, _ in found_in(audited(wrong, C1="momentum", D1=0.9))] == ["J6"]


def test_a_table_of_payments_is_no_training() -> None:
    columns: list[Column] = [
        ("Year", [float(n) for n in range(6)]),
        ("Balance", "=$F$1", "=[Closing<]"),
        ("Interest", "=[Balance]*$B$1"),
        ("Principal", "=$D$1-[Interest]"),
        ("Closing", "=[Balance]-[Principal]"),
        ("Error", "=([Closing]-5000)^2"),
    ]
    with pytest.raises(UnauditedError, match="no training table found"):
        audited(columns, A1="Rate", C1="Payment", D1=900.0, E1="Loan", F1=9000.0)


def test_a_penalty_in_the_written_loss_is_differentiated() -> None:
    columns: list[Column] = [
        ("x", [1.0, 2.0, 3.0]),
        ("y", [3.0, 5.0, 7.0]),
        *((w, 0.5, f"=[{w}<]-$B$1*[d{w}<]") for w in ("w", "b")),
        ("p", "=[w]*[x]+[b]"),
        ("loss", "=([y]-[p])^2/2+$D$1/2*[w]^2"),
        ("dw", "=([p]-[y])*[x]+$D$1*[w]"),
        ("db", "=[p]-[y]"),
    ]
    audit = audited(columns, C1="lambda", D1=0.2)
    assert audit.all_right, found_in(audit)
    wrong = changed(columns, "dw", "=([p]-[y])*[x]+2*$D$1*[w]")
    assert [cell for cell, _ in found_in(audited(wrong, C1="lambda", D1=0.2))] == ["H6"]


def test_a_learning_rate_may_fall_from_row_to_row() -> None:
    columns: list[Column] = [
        ("t", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        ("eta_t", "=$B$1/(1+$D$1*[t])"),
        ("x", [1.0, 2.0, 3.0]),
        ("y", [3.0, 5.0, 7.0]),
        *((w, 0.5, f"=[{w}<]-[eta_t<]*[d{w}<]") for w in ("w", "b")),
        ("p", "=[w]*[x]+[b]"),
        ("loss", "=([y]-[p])^2/2"),
        ("dw", "=([p]-[y])*[x]"),
        ("db", "=[p]-[y]"),
    ]
    audit = audited(columns, C1="k", D1=0.1)
    assert audit.all_right, found_in(audit)
    wrong = changed(columns, "b", "=[b<]-$B$1*[db<]")
    assert [cell for cell, _ in found_in(audited(wrong, C1="k", D1=0.1))] == ["G7"]
    penalized = changed(columns, "loss", "=([y]-[p])^2/2+$F$1/2*[w]^2")
    penalized = changed(penalized, "dw", "=([p]-[y])*[x]+$F$1*[w]")
    audit = audited(penalized, C1="k", D1=0.1, E1="lambda", F1=0.2)
    assert audit.all_right, found_in(audit)


def test_a_recurrent_unit_is_no_layer() -> None:
    columns: list[Column] = [
        *((f"x{n}", 0.3 * n - 0.4) for n in (1, 2)),
        ("target", 0.4),
        *((w, 0.2 + 0.1 * n, f"=[{w}<]-$B$1*[d{w}<]") for n, w in enumerate(("w", "u", "v"))),
        ("h1", "=TANH([w]*[x1])"),
        ("h2", "=TANH([w]*[x2]+[u]*[h1])"),
        ("y", "=[v]*[h2]"),
        ("loss", "=0.5*([y]-[target])^2"),
        ("d2", "=([y]-[target])*[v]*(1-[h2]^2)"),
        ("d1", "=[d2]*[u]*(1-[h1]^2)"),
        ("dw", "=[d2]*[x2]+[d1]*[x1]"),
        ("du", "=[d2]*[h1]"),
        ("dv", "=([y]-[target])*[h2]"),
    ]
    assert found_in(audited(columns)) == []
    wrong = changed(columns, "dw", "=[d2]*[x2]")
    assert [cell for cell, _ in found_in(audited(wrong))] == ["N6"]


ONE_WEIGHT: list[Column] = [
    ("x", 0.4),
    ("t", 0.9),
    ("w1", 0.3, "=[w1<]-$B$1*[dw<]"),
    ("net", "=[w1]*[x]"),
    ("y", sigmoid("net")),
    ("E", "=0.5*([t]-[y])^2"),
    ("dw", "=([y]-[t])*[y]*(1-[y])*[x]"),
]


def with_a_note(columns: list[Column], row: int) -> Book:
    """A table whose rows from this one on are two further down, below a note."""
    whole = book(columns, 8, RATE).sheets["Sheet"].cells
    cells = {}
    for place, held in whole.items():
        text = held.formula and re.sub(
            r"(?<![$A-Z])([A-Z])(\d+)",
            lambda m: m[1] + str(int(m[2]) + 2 * (int(m[2]) >= row)),
            held.formula,
        )
        below = CellIndex(place.row + 2 * (place.row >= row), place.column)
        cells[below] = replace(held, formula=text)
    cells[CellIndex(row + 1, 2)] = Cell("epoch 2")
    return Book(Path("note.xlsx"), {"Sheet": Sheet("Sheet", cells)})


def test_updates_across_a_note_are_checked() -> None:
    right = with_a_note(ONE_WEIGHT, 10)
    audit = audit_book(right)
    assert audit.all_right, found_in(audit)
    cells = right.sheets["Sheet"].cells
    cells[CellIndex(12, 4)] = Cell(None, "D8-$B$1*H9")
    assert found_in(audit_book(right)) == [("D12", "GS213")]
    cells[CellIndex(12, 4)] = Cell(None, "D6")  # starts again
    assert audit_book(right).all_right


def test_a_weight_may_start_with_a_random_number() -> None:
    for start in ("=RAND()", "=2*RAND()-1", "=NORMINV(RAND(),0,1)"):
        drawn: list[Column] = [
            (name, start, held[-1]) if name == "w1" else (name, *held) for name, *held in ONE_WEIGHT
        ]
        assert found_in(audited(drawn)) == []


def test_the_loss_of_huber_is_differentiated_as_it_is_written() -> None:
    columns: list[Column] = [
        ("x", [1.0, 2.0, 3.0]),
        ("y", [3.0, 5.0, 7.0]),
        *((w, 0.5, f"=[{w}<]-$B$1*[d{w}<]") for w in ("w", "b")),
        ("p", "=[w]*[x]+[b]"),
        ("loss", "=IF(ABS([p]-[y])<=1,([p]-[y])^2/2,ABS([p]-[y])-1/2)"),
        ("dp", "=IF(ABS([p]-[y])<=1,[p]-[y],SIGN([p]-[y]))"),
        ("dw", "=[dp]*[x]"),
        ("db", "=[dp]"),
    ]
    assert found_in(audited(columns)) == []


def test_newtons_method_is_no_descent() -> None:
    columns: list[Column] = [
        ("x", 1.0, "=[x<]-[df<]/[ddf<]"),
        ("f", "=[x]^4-3*[x]^2+[x]"),
        ("df", "=4*[x]^3-6*[x]+1"),
        ("ddf", "=12*[x]^2-6"),
    ]
    with pytest.raises(UnauditedError, match="no training table found"):
        audited(columns, 4)
