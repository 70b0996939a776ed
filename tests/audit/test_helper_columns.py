"""Mistakes in helper columns are reported there, and nowhere else."""

import pytest

from tests.audit.by_columns import Column, audited, changed, found_in, sigmoid

DELTAS: list[Column] = [
    ("x1", [0.5, 0.2]),
    ("x2", [0.1, 0.8]),
    ("t", [0.9, 0.3]),
    *((f"w{n}", 0.2 * n - 0.5, f"=[w{n}<]+[step {n}<]") for n in range(1, 7)),
    ("net 1", "=[w1]*[x1]+[w2]*[x2]"),
    ("net 2", "=[w3]*[x1]+[w4]*[x2]"),
    ("y1", sigmoid("net 1")),
    ("y2", sigmoid("net 2")),
    ("net", "=[w5]*[y1]+[w6]*[y2]"),
    ("y", sigmoid("net")),
    ("signal", "=([t]-[y])*[y]*(1-[y])"),
    ("signal 1", "=[signal]*[w5]*[y1]*(1-[y1])"),
    ("signal 2", "=[signal]*[w6]*[y2]*(1-[y2])"),
    *((f"step {n}", f"=$B$1*[signal {1 + n // 3}]*[x{2 - n % 2}]") for n in (1, 2, 3, 4)),
    *((f"step {n}", f"=$B$1*[signal]*[y{n - 4}]") for n in (5, 6)),
]


def test_deltas_and_changes_with_the_opposite_sign_are_right() -> None:
    assert audited(DELTAS).all_right


@pytest.mark.parametrize(
    ("column", "formula", "where"),
    [
        ("signal 2", "=[signal]*[w5]*[y2]*(1-[y2])", "S6"),
        ("signal 1", "=[signal]*[w5]*[y1]*(1+[y1])", "R6"),
        ("signal", "=([t]+[y])*[y]*(1-[y])", "Q6"),
        ("signal 2", "=-[signal]*[w6]*[y2]*(1-[y2])", "S6"),
        ("step 3", "=$B$1*[signal 2]*[x2]", "V6"),
        ("step 6", "=$B$1*[signal]*[y1]", "Y6"),
    ],
)
def test_a_wrong_helper_is_the_one_mistake(column: str, formula: str, where: str) -> None:
    found = found_in(audited(changed(DELTAS, column, formula)))
    assert [cell for cell, _ in found] == [where]
    assert found[0][1] != "GS313"


@pytest.mark.parametrize("wrong", ["m", "b"])
def test_the_written_loss_decides_between_gradients(wrong: str) -> None:
    right = {"m": "=-2*[x]*([y]-[p])", "b": "=-2*([y]-[p])"}
    columns: list[Column] = [
        ("x", [1.4, 8.6, 2.8]),
        ("y", [5.8, 20.2, 8.6]),
        ("m", 1.0, "=[m<]-$B$1*[D_m<]"),
        ("b", 1.0, "=[b<]-$B$1*[D_b<]"),
        ("p", "=[m]*[x]+[b]"),
        ("loss", "=([y]-[p])^2"),
        *((f"D_{w}", text.replace("2*", "") if w == wrong else text) for w, text in right.items()),
    ]
    assert found_in(audited(columns)) == [("H6" if wrong == "m" else "I6", "GS302")]


def test_one_wrong_difference_of_a_softmax_is_one_mistake() -> None:
    outputs = range(1, 4)
    columns: list[Column] = [
        ("x", [0.5, 1.2, -0.4]),
        *((f"y{n}", [float(n == k) for k in outputs]) for n in outputs),
        *((f"w{n}", 0.2 * n, f"=[w{n}<]-$B$1*[dw{n}<]") for n in outputs),
        *((f"b{n}", 0.0, f"=[b{n}<]-$B$1*[db{n}<]") for n in outputs),
        *((f"z{n}", f"=[w{n}]*[x]+[b{n}]") for n in outputs),
        *((f"p{n}", f"=EXP([z{n}])/(EXP([z1])+EXP([z2])+EXP([z3]))") for n in outputs),
        ("loss", "=-([y1]*LN([p1])+[y2]*LN([p2])+[y3]*LN([p3]))"),
        *((f"d{n}", f"=[p{n}]-[y{n}]") for n in outputs),
        *((f"dw{n}", f"=[d{n}]*[x]") for n in outputs),
        *((f"db{n}", f"=[d{n}]") for n in outputs),
    ]
    assert audited(columns).all_right
    assert found_in(audited(changed(columns, "d2", "=[p2]-[y1]"))) == [("T6", "GS501")]


@pytest.mark.parametrize("update", ["=[{0}<]+$B$1*[{1}<]", "=[{0}<]-[{1}<]"])
def test_a_wrong_update_is_not_told_at_the_gradient_that_it_uses(update: str) -> None:
    columns: list[Column] = [
        ("x", [1.4, 8.6, 2.8]),
        ("y", [5.8, 20.2, 8.6]),
        *((w, 1.0, update.format(w, g)) for w, g in (("m", "first"), ("b", "second"))),
        ("p", "=[m]*[x]+[b]"),
        ("loss", "=([y]-[p])^2"),
        ("first", "=-2*[x]*([y]-[p])"),
        ("second", "=-2*([y]-[p])"),
    ]
    assert {cell for cell, _ in found_in(audited(columns))} <= {"D7", "E7"}
