"""Steps and units as courses write them: right ones have no mistake, a wrong one has its own."""

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.spreadsheet.addresses import CellIndex
from tests.audit.by_columns import RATE, Column, audited, book, changed, found_in, moved, sigmoid
from tests.audit.steps.matrices import Matrices

LINE: list[Column] = [
    ("x", [1, 2, -3, 4]),
    ("y", [3, 5, -4, 9]),
    *moved("w b", "-$B$1*[clipped {0}<]"),
    ("p", "=[w]*[x]+[b]"),
    ("L", "=([p]-[y])^2"),
    ("dw", "=2*([p]-[y])*[x]"),
    ("db", "=2*([p]-[y])"),
    ("clipped w", "=MAX(-$D$1,MIN($D$1,[dw]))"),
    ("clipped b", "=MAX(-$D$1,MIN($D$1,[db]))"),
]
LENGTH: list[Column] = [
    *LINE[:-2],
    ("norm", "=SQRT([dw]^2+[db]^2)"),
    ("clipped w", "=IF([norm]>$D$1,[dw]*$D$1/[norm],[dw])"),
    ("clipped b", "=[db]*MIN(1,$D$1/[norm])"),
]


@pytest.mark.parametrize("columns", [LINE, LENGTH], ids=["each", "together"])
def test_gradients_are_clipped_in_columns_of_their_own(columns: list[Column]) -> None:
    audit = audited(columns, C1="clip", D1=1.0)
    assert audit.all_right
    assert audit.tables[0].network.update_rule == "clipped"


def test_another_gradient_is_clipped() -> None:
    columns = changed(LINE, "clipped b", "=MAX(-$D$1,MIN($D$1,[dw]))")
    assert found_in(audited(columns, C1="clip", D1=1.0)) == [("E7", "GS605")]


LEVELS = "=IF([net]>$D$1,1,IF([net]<-$D$1,-1,0))"
PERCEPTRON: list[Column] = [
    ("x1", [1, 1, 0, 0]),
    ("x2", [1, 0, 1, 0]),
    ("t", [1, -1, -1, -1]),
    *((w, 0.0, f"=[{w} new<]") for w in ("w1", "w2", "b")),
    ("net", "=[w1]*[x1]+[w2]*[x2]+[b]"),
    ("y", LEVELS),
    ("w1 new", "=IF([y]<>[t],[w1]+$B$1*[t]*[x1],[w1])"),
    ("w2 new", "=IF([y]<>[t],[w2]+$B$1*[t]*[x2],[w2])"),
    ("b new", "=IF([y]<>[t],[b]+$B$1*[t],[b])"),
]


@pytest.mark.parametrize("levels", [LEVELS, "=IF([net]>$D$1,1,IF([net]>=-$D$1,0,-1))"])
def test_a_perceptron_of_three_levels(levels: str) -> None:
    audit = audited(changed(PERCEPTRON, "y", levels), 8, C1="theta", D1=0.2)
    assert audit.all_right
    assert audit.tables[0].network.update_rule == "perceptron"


def test_a_wrong_update_of_a_perceptron_of_three_levels() -> None:
    columns = changed(PERCEPTRON, "b new", "=IF([y]<>[t],[b]+$B$1*[t]*[x1],[b])")
    found = found_in(audited(columns, 8, C1="theta", D1=0.2))
    assert [cell for cell, _ in found] == ["L6"]


ELU: list[Column] = [
    ("x", [0.5, -1.0, 0.3]),
    ("t", [1, 0, 1]),
    *moved("w b v"),
    ("z", "=[w]*[x]+[b]"),
    ("h", "=IF([z]>0,[z],$B$2*(EXP([z])-1))"),
    ("o", "=1/(1+EXP(-[v]*[h]))"),
    ("E", "=([o]-[t])^2/2"),
    ("db", "=([o]-[t])*[o]*(1-[o])*[v]*IF([z]>0,1,[h]+$B$2)"),
    ("dw", "=[db]*[x]"),
    ("dv", "=([o]-[t])*[o]*(1-[o])*[h]"),
]


def test_the_alpha_of_an_activation_is_no_learning_rate() -> None:
    assert audit_book(
        book(ELU, 6, {"A1": "lr", "B1": 0.4, "A2": "alpha", "B2": 1.0}, across=False)
    ).all_right


SMALL_STEPS: list[Column] = [
    ("x1", 0.5),
    ("x2", 0.25),
    ("t", 0.9),
    *moved("w1 w2 w3 w4 v1 v2"),
    *((f"w{n}·x", f"=[w{n}]*[x{2 - n % 2}]") for n in (1, 2, 3, 4)),
    ("z1", "=[w1·x]+[w2·x]"),
    ("exp1", "=EXP(-[z1])"),
    ("h1", "=1/(1+[exp1])"),
    ("z2", "=[w3·x]+[w4·x]"),
    ("exp2", "=EXP(-[z2])"),
    ("h2", "=1/(1+[exp2])"),
    ("net", "=[v1]*[h1]+[v2]*[h2]"),
    ("o", sigmoid("net")),
    ("E", "=([t]-[o])^2/2"),
    ("1-h1", "=1-[h1]"),
    ("1-h2", "=1-[h2]"),
    ("slope 1", "=[h1]*[1-h1]"),
    ("slope 2", "=[h2]*[1-h2]"),
    ("δ", "=-([t]-[o])*[o]*(1-[o])"),
    ("dv1", "=[δ]*[h1]"),
    ("dv2", "=[δ]*[h2]"),
    *(
        (f"dw{n}", f"=[δ]*[v{1 + (n > 2)}]*[slope {1 + (n > 2)}]*[x{2 - n % 2}]")
        for n in range(1, 5)
    ),
]


def test_the_exponential_of_a_sum_is_no_activation() -> None:
    audit = audited(SMALL_STEPS)
    assert audit.all_right
    assert [layer.activation for layer in audit.tables[0].network.layers] == ["sigmoid"] * 2
    wrong = changed(SMALL_STEPS, "slope 2", "=[h2]*[1-h1]")
    assert [code for _, code in found_in(audited(wrong))] == ["GS601"]


def test_targets_beside_the_table_and_errors_within_deltas() -> None:
    sheet = Matrices()
    sheet.cells |= book([], 0, {"A1": "learning rate", "B1": 0.5}).sheets["Sheet"].cells
    sheet.cells |= (
        book([], 0, {"E1": 0.05, "E2": 0.1, "H1": 0.01, "H2": 0.99}).sheets["Sheet"].cells
    )
    starts = {"W": [[0.15, 0.2], [0.25, 0.3]], "V": [[0.4, 0.45], [0.5, 0.55]]}
    column, square = (2, 1), (2, 2)
    for step in range(4):
        at = {
            n: CellIndex(5 + 10 * step, c) for n, c in zip("WVhodegf", range(1, 17, 2), strict=True)
        }
        for name, start in starts.items():
            if step:
                step_of = {"W": "f", "V": "g"}[name]
                sheet.formula(name, step, at[name], square, f"{{{name}<}}-$B$1*{{{step_of}<}}")
            else:
                sheet.numbers(name, step, at[name], start)
        sheet.formula("h", step, at["h"], column, "1/(1+EXP(-MMULT({W},$E$1:$E$2)))")
        sheet.formula("o", step, at["o"], column, "1/(1+EXP(-MMULT({V},{h})))")
        sheet.formula("d", step, at["d"], column, "({o}-$H$1:$H$2)*{o}*(1-{o})")
        sheet.formula("e", step, at["e"], column, "MMULT(TRANSPOSE({V}),{d})*{h}*(1-{h})")
        sheet.formula("g", step, at["g"], square, "MMULT({d},TRANSPOSE({h}))")
        sheet.formula("f", step, at["f"], square, "MMULT({e},TRANSPOSE($E$1:$E$2))")
    assert audit_book(sheet.book()).all_right


def test_the_derivative_of_a_bounded_loss_is_no_clipped_gradient() -> None:
    columns: list[Column] = [
        ("x", [1, 2, 3, 0.5]),
        ("y", [2, 6, 1, 8]),
        ("w", 0.1, "=[w<]-$B$1*[dL/dp<]*[x<]"),
        ("b", 0.0, "=[b<]-$B$1*[dL/dp<]"),
        ("p", "=[w]*[x]+[b]"),
        ("r", "=[p]-[y]"),
        ("Huber loss", "=IF(ABS([r])<=1.5,[r]^2/2,1.5*(ABS([r])-0.75))"),
        ("dL/dp", "=IF(ABS([r])<=1.5,[r],1.5*SIGN([r]))"),
    ]
    assert audited(columns).all_right
    wrong = changed(columns, "dL/dp", "=IF(ABS([r])<=1.5,[r],SIGN([r]))")
    assert found_in(audited(wrong)) == [("I6", "GS313")]


def _quotient(of: str, by: str, ahead: str, behind: str = "", twice: str = "") -> str:
    """The difference quotient of the squared error of a line in place of a derivative."""
    one, other = (of.replace(f"[{by}]", f"([{by}]{moved})") for moved in (ahead, behind or "+0"))
    return f"=(({one})-({other}))/({twice}$D$1)"


@pytest.mark.parametrize(
    ("ahead", "behind", "twice"),
    [("+$D$1", "", ""), ("+$D$1", "-$D$1", "2*")],
    ids=["forward", "central"],
)
def test_difference_quotients_in_place_of_derivatives(ahead: str, behind: str, twice: str) -> None:
    loss = "(1/(1+EXP(-[w]*[x]-[b]))-[t])^2"
    columns: list[Column] = [
        ("x", [0.5, 0.1, 0.9]),
        ("t", [1, 0, 1]),
        *moved("w b"),
        ("E", f"={loss}"),
        ("dw", _quotient(loss, "w", ahead, behind, twice)),
        ("db", _quotient(loss, "b", ahead, behind, twice)),
    ]
    assert audited(columns, C1="h", D1=0.00001).all_right
    other = "2*" if not twice else ""
    wrong = changed(columns, "db", _quotient(loss, "b", ahead, behind, other))
    assert [cell for cell, _ in found_in(audited(wrong, C1="h", D1=0.00001))] == ["H6"]


def test_an_update_that_is_not_clipped() -> None:
    columns: list[Column] = [
        ("x1", [0.0, 1.0, 1.0]),
        ("x2", [1.0, 0.5, 0.0]),
        ("t", [0, 1, 1]),
        *moved("w1 w2 b", "-$B$1*MIN(0.1,MAX(-0.1,[d{0}<]))"),
        ("y", "=1/(1+EXP(-[w1]*[x1]-[w2]*[x2]-[b]))"),
        ("L", "=-[t]*LN([y])-(1-[t])*LN(1-[y])"),
        ("dw1", "=([y]-[t])*[x1]"),
        ("dw2", "=([y]-[t])*[x2]"),
        ("db", "=[y]-[t]"),
    ]
    assert audited(columns).all_right
    assert found_in(audited(changed(columns, "w2", "=[w2<]-$B$1*[dw2<]"))) == [("F7", "GS311")]


def test_a_change_that_lacks_its_local_derivative() -> None:
    names = {"w": "[s]*[v]*[h]*(1-[h])*[x]", "b": "[s]*[v]*[h]*(1-[h])", "v": "[s]*[h]"}
    columns: list[Column] = [
        ("x", [0.1, 0.5, 0.9]),
        ("t", [0.2, 0.8, 0.4]),
        *((name, 0.3, f"=[{name}<]+[Δ{name}<]") for name in names),
        ("h", "=1/(1+EXP(-([w]*[x]+[b])))"),
        ("y", "=1/(1+EXP(-[v]*[h]))"),
        ("s", "=([t]-[y])*[y]*(1-[y])"),
        *((f"Δ{name}", f"=$B$1*{gradient}") for name, gradient in names.items()),
    ]
    assert audited(columns).all_right
    assert found_in(audited(changed(columns, "Δb", "=$B$1*[s]*[v]"))) == [("K6", "GS602")]


MAZUR: list[Column] = [
    *moved("w1 w2 w3 w4", "-$B$1*[δ{0}<]"),
    ("h", "=1/(1+EXP(-([w1]*$E$1+[w2]*$E$2)))"),
    ("o1", "=1/(1+EXP(-[w3]*[h]))"),
    ("o2", "=1/(1+EXP(-[w4]*[h]))"),
    ("Etotal", "=0.5*($H$1-[o1])^2+0.5*($H$2-[o2])^2"),
    ("δo1", "=([o1]-$H$1)*[o1]*(1-[o1])"),
    ("δo2", "=([o2]-$H$2)*[o2]*(1-[o2])"),
    ("δh", "=([δo1]*[w3]+[δo2]*[w4])*[h]*(1-[h])"),
    ("δw1", "=[δh]*$E$1"),
    ("δw2", "=[δh]*$E$2"),
    ("δw3", "=[δo1]*[h]"),
    ("δw4", "=[δo2]*[h]"),
]


def test_targets_beside_the_table_that_only_deltas_take() -> None:
    beside: dict[str, str | float] = {**RATE, "E1": 0.3, "E2": 0.8, "H1": 0.2, "H2": 0.7}
    assert audit_book(book(MAZUR, 6, beside)).all_right
    wrong = changed(MAZUR, "δo2", "=([o2]-$H$1)*[o2]*(1-[o2])")
    assert [code for _, code in found_in(audit_book(book(wrong, 6, beside)))] == ["GS501"]
