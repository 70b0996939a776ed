"""Workbooks of a step or of few, and with other update rules, as people publish them."""

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book
from tests.audit.by_columns import Column, audited, book, found_in, sigmoid


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
