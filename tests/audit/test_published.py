"""Kinds of workbooks that people publish: right ones have no mistake, a wrong one has its own."""

from collections.abc import Sequence

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.unaudited import UnauditedError
from tests.audit.by_columns import (
    RATE,
    XS,
    YS,
    Column,
    audited,
    book,
    changed,
    found_in,
    moved,
    sigmoid,
    unread,
    with_values,
)

# --- Softmax, under names of its own -----------------------------------------------------------

HIDDEN: list[Column] = [
    ("in A", 0.3),
    ("in B", -0.7),
    *moved("w1 w2 w3 w4 w5 w6 w7 w8"),
    ("z1", "=[w1]*[in A]+[w2]*[in B]"),
    ("z2", "=[w3]*[in A]+[w4]*[in B]"),
    ("y1", sigmoid("z1")),
    ("y2", sigmoid("z2")),
    ("z3", "=[w5]*[y1]+[w6]*[y2]"),
    ("z4", "=[w7]*[y1]+[w8]*[y2]"),
]
OF_SOFTMAX: list[Column] = [
    ("yes", 1.0),
    ("no", 0.0),
    ("cross entropy", "=-([yes]*LN([p1])+[no]*LN([p2]))"),
    *((f"dw{n + 1}", f"=(([p1]-[yes])*[w{5 + n // 2}]+([p2]-[no])*[w{7 + n // 2}])*[y{n // 2 + 1}]"
       f"*(1-[y{n // 2 + 1}])*[in {'AB'[n % 2]}]") for n in range(4)),
    ("dw5", "=([p1]-[yes])*[y1]"),
    ("dw6", "=([p1]-[yes])*[y2]"),
    ("dw7", "=([p2]-[no])*[y1]"),
    ("dw8", "=([p2]-[no])*[y2]"),
]  # fmt: skip
INLINE: list[Column] = [
    ("p1", "=EXP([z3])/(EXP([z3])+EXP([z4]))"),
    ("p2", "=EXP([z4])/(EXP([z3])+EXP([z4]))"),
]
STEPWISE: list[Column] = [
    ("exp1", "=EXP([z3])"),
    ("exp2", "=EXP([z4])"),
    ("sum", "=[exp1]+[exp2]"),
    ("p1", "=[exp1]/[sum]"),
    ("p2", "=[exp2]/[sum]"),
]


@pytest.mark.parametrize("softmax", [INLINE, STEPWISE], ids=["in one cell", "in columns"])
def test_a_softmax_is_known_by_what_it_computes(softmax: list[Column]) -> None:
    audit = audited([*HIDDEN, *softmax, *OF_SOFTMAX])
    assert audit.all_right, found_in(audit)
    assert audit.tables[0].network.layers[-1].activation == "softmax"


def test_a_softmax_with_the_exponential_of_another_output() -> None:
    wrong = changed(INLINE, "p2", "=EXP([z3])/(EXP([z3])+EXP([z4]))")
    assert found_in(audited([*HIDDEN, *wrong, *OF_SOFTMAX])) == [("S6", "GS406")]


@pytest.mark.parametrize("other", [0.25, 0.5])
def test_probability_less_target_is_the_gradient_where_targets_sum_to_1(other: float) -> None:
    columns: list[Column] = [
        ("x1", 0.4),
        ("yes", 0.75),
        ("no", other),
        ("w1", 0.1, "=[w1<]-$B$1*[dw1<]"),
        ("w2", 0.3, "=[w2<]-$B$1*[dw2<]"),
        ("z3", "=[w1]*[x1]"),
        ("z4", "=[w2]*[x1]"),
        *INLINE,
        ("dw1", "=([p1]-[yes])*[x1]"),
        ("dw2", "=([p2]-[no])*[x1]"),
    ]
    assert audited(columns).all_right == (other == 0.25)


# --- Errors t − y, and deltas of them ----------------------------------------------------------

PERCEPTRON: list[Column] = [
    ("A", XS),
    ("B", YS),
    ("target", [0, 0, 0, 1]),
    ("w1", 0.3, "=[new w1<]"),
    ("w2", -0.1, "=[new w2<]"),
    ("sum", "=[w1]*[A]+[w2]*[B]"),
    ("output", "=IF([sum]>=$D$1,1,0)"),
    ("error", "=[target]-[output]"),
    ("new w1", "=[w1]+$B$1*[error]*[A]"),
    ("new w2", "=[w2]+$B$1*[error]*[B]"),
]


@pytest.mark.parametrize("is_wrong", [False, True], ids=["right", "wrong"])
def test_a_threshold_may_be_in_a_cell(is_wrong: bool) -> None:
    columns = PERCEPTRON
    if is_wrong:
        columns = changed(columns, "new w2", "=[w2]+$B$1*[error]*[A]")
    audit = audit_book(book(columns, 12, {**RATE, "C1": "threshold", "D1": 0.5}))
    assert found_in(audit) == ([("K6", "GS403")] if is_wrong else [])
    assert audit.tables[0].network.update_rule == "perceptron"


def test_a_delta_rule_may_show_whole_squares() -> None:
    columns: list[Column] = [
        ("x1", [0.5, 0.4, 0.9]),
        ("x2", [0.1, 0.8, 0.3]),
        ("target", [0, 1, 1]),
        ("w1", 0.1, "=[w1<]+$B$1*[error<]*[x1<]"),
        ("w2", 0.2, "=[w2<]+$B$1*[error<]*[x2<]"),
        ("b", 0.2, "=[b<]+$B$1*[error<]"),
        ("y", "=[w1]*[x1]+[w2]*[x2]+[b]"),
        ("error", "=[target]-[y]"),
        ("error^2", "=[error]^2"),
    ]
    assert audited(columns).all_right
    wrong = changed(columns, "w2", "=[w2<]+2*$B$1*[error<]*[x2<]")
    assert [cell for cell, _ in found_in(audited(wrong))] == ["F7"]


def xor() -> list[Column]:
    """Two hidden units; all deltas are of t − y, all updates add."""
    by = {
        "w11": "[d1<]*[x1<]",
        "w21": "[d1<]*[x2<]",
        "w12": "[d2<]*[x1<]",
        "w22": "[d2<]*[x2<]",
        "b1": "[d1<]",
        "b2": "[d2<]",
        "v1": "[d<]*[y1<]",
        "v2": "[d<]*[y2<]",
        "c": "[d<]",
    }
    updates = [(w, 0.3 * n - 1, f"=[{w}<]+$B$1*{step}") for n, (w, step) in enumerate(by.items())]
    return [
        ("x1", XS),
        ("x2", YS),
        ("t", [0, 1, 1, 0]),
        *updates,
        ("net1", "=[x1]*[w11]+[x2]*[w21]+[b1]"),
        ("net2", "=[x1]*[w12]+[x2]*[w22]+[b2]"),
        ("y1", sigmoid("net1")),
        ("y2", sigmoid("net2")),
        ("net", "=[y1]*[v1]+[y2]*[v2]+[c]"),
        ("y", sigmoid("net")),
        ("e", "=[t]-[y]"),
        ("d", "=[y]*(1-[y])*[e]"),
        ("d1", "=[y1]*(1-[y1])*[d]*[v1]"),
        ("d2", "=[y2]*(1-[y2])*[d]*[v2]"),
    ]


def test_deltas_of_target_less_output_are_added() -> None:
    audit = audited(xor(), 12)
    assert audit.all_right, found_in(audit)
    assert not audit.remarks  # y1 and c are no names of something else
    wrong = changed(xor(), "w21", "=[w21<]+$B$1*[d1<]*[x1<]")
    assert found_in(audited(wrong, 12)) == [("F7", "GS403")]


def test_one_sign_among_others_is_a_mistake() -> None:
    wrong = changed(xor(), "w22", "=[w22<]-$B$1*[d2<]*[x2<]")
    assert found_in(audited(wrong, 12)) == [("H7", "GS301")]


def test_the_delta_of_an_output_is_not_its_error() -> None:
    columns: list[Column] = [
        ("x1", 0.4),
        ("yes", 0.1),
        ("no", 0.9),
        *((f"w{n}", 0.2 * n, f"=[w{n}<]-$B$1*[delta{n}<]*[x1<]") for n in (1, 2)),
        ("net1", "=[w1]*[x1]"),
        ("net2", "=[w2]*[x1]"),
        ("out1", sigmoid("net1")),
        ("out2", sigmoid("net2")),
        ("loss", "=(([yes]-[out1])^2+([no]-[out2])^2)/2"),
        ("delta1", "=([out1]-[yes])*[out1]*(1-[out1])"),
        ("delta2", "=([out2]-[no])*[out2]*(1-[out2])"),
    ]
    assert audited(columns).all_right
    wrong = changed(columns, "delta2", "=([out2]-[yes])*[out2]*(1-[out2])")
    assert found_in(audited(wrong))


# --- Steps to the right, in blocks, in one formula ---------------------------------------------


def test_inputs_typed_in_beside_every_step() -> None:
    columns: list[Column] = [
        ("input A", 0.35),
        ("input B", 0.9),
        ("target", 0.5),
        ("w1", 0.1, "=[w1<]-$B$1*[δ h<]*[input A<]"),
        ("w2", 0.8, "=[w2<]-$B$1*[δ h<]*[input B<]"),
        ("w3", 0.4, "=[w3<]-$B$1*[δ<]*[a<]"),
        ("net h", "=[w1]*[input A]+[w2]*[input B]"),
        ("a", sigmoid("net h")),
        ("net", "=[w3]*[a]"),
        ("y", sigmoid("net")),
        ("error", "=0.5*([target]-[y])^2"),
        ("δ", "=([y]-[target])*[y]*(1-[y])"),
        ("δ h", "=[δ]*[w3]*[a]*(1-[a])"),
    ]
    audit = audit_book(book(columns, 6, RATE, across=True))
    assert audit.all_right, found_in(audit)
    assert audit.tables[0].network.layers


DATA: dict[str, str | float] = {
    **RATE,
    **{f"Q{row}": 0.1 * row for row in (1, 2, 3, 4)},
    **{f"R{row}": 0.7 - 0.3 * row for row in (1, 2, 3, 4)},
}


def test_a_gradient_that_sums_over_data_beside_the_table() -> None:
    error = "$R$1:$R$4-([m]*$Q$1:$Q$4+[b])"
    columns: list[Column] = [
        ("m", 0.1, "=[m<]-$B$1*[dm<]"),
        ("b", 0.2, "=[b<]-$B$1*[db<]"),
        ("MSE", f"=SUMPRODUCT(({error})^2)/4"),
        ("dm", f"=-2/4*SUMPRODUCT({error},$Q$1:$Q$4)"),
        ("db", f"=-2/4*SUMPRODUCT({error})"),
    ]
    audit = audit_book(book(columns, 6, DATA))
    assert audit.all_right
    assert all(column.verdict == "right" for column in audit.tables[0].columns)
    wrong = changed(columns, "dm", f"=-2/4*SUMPRODUCT({error})")
    assert found_in(audit_book(book(wrong, 6, DATA))) == [("E6", "GS605")]


def epochs() -> list[Column]:
    """Blocks of two examples, each a step to the right: their mean error moves the parameters."""
    return [
        ("theta0", 0.0, "=[theta0<]-$B$1*[mean error<]"),
        ("theta1", 0.0, "=[theta1<]-$B$1*[mean of products<]"),
        ("h of 1", "=[theta0]+[theta1]*$Q$1"),
        ("h of 2", "=[theta0]+[theta1]*$Q$2"),
        ("error of 1", "=[h of 1]-$R$1"),
        ("error of 2", "=[h of 2]-$R$2"),
        ("product of 1", "=[error of 1]*$Q$1"),
        ("product of 2", "=[error of 2]*$Q$2"),
        ("mean error", "=AVERAGE([error of 1]:[error of 2])"),
        ("mean of products", "=AVERAGE([product of 1]:[product of 2])"),
    ]


def test_means_over_examples_are_not_out_of_date() -> None:
    audit = audit_book(with_values(book(epochs(), 6, DATA, across=True)))
    assert audit.all_right
    assert not audit.remarks


# --- Parameters that stay, and numbers that begin at 0 -----------------------------------------


def test_a_layer_may_stay_as_it_is() -> None:
    columns: list[Column] = [
        ("i1", 0.3),
        ("t1", 0.7),
        ("w1", 0.4, "=[w1<]"),
        ("w2", 0.9, "=[w2<]-$B$1*[dE/dw2<]"),
        ("h1", "=[w1]*[i1]"),
        ("a_h1", sigmoid("h1")),
        ("o1", "=[w2]*[a_h1]"),
        ("a_o1", sigmoid("o1")),
        ("E", "=0.5*([t1]-[a_o1])^2"),
        ("dE/dw2", "=([a_o1]-[t1])*[a_o1]*(1-[a_o1])*[a_h1]"),
    ]
    assert audited(columns).all_right
    first = "=([a_o1]-[t1])*[a_o1]*(1-[a_o1])*[w2]*[a_h1]*(1-[a_h1])*[i1]"
    with_gradient = [*columns, ("dE/dw1", first)]
    assert [cell for cell, _ in found_in(audited(with_gradient))] == ["D7"]


def test_weights_and_their_gradients_may_be_numbered_from_0() -> None:
    columns: list[Column] = [
        ("x0", 1.0),
        ("x1", XS),
        ("OR", [0, 1, 1, 1]),
        ("w0", 0.1, "=[w0<]-$B$1*[dC/dw0<]"),
        ("w1", 0.2, "=[w1<]-$B$1*[dC/dw1<]"),
        ("z", "=SUMPRODUCT([x0]:[x1],[w0]:[w1])"),
        ("a", sigmoid("z")),
        ("C", "=([a]-[OR])^2"),
        ("dC/dw0", "=2*([a]-[OR])*[a]*(1-[a])*[x0]"),
        ("dC/dw1", "=2*([a]-[OR])*[a]*(1-[a])*[x1]"),
    ]
    audit = audited(columns)
    assert audit.all_right
    assert not audit.remarks


# --- Other networks, and other rules, than the audit knows ----------------------------------------


SINE: list[Column] = [
    ("x1", 0.7),
    ("t1", 0.2),
    ("w1", 0.5, "=[w1<]-$B$1*[dE/dw1<]"),
    ("w2", 0.4, "=[w2<]-$B$1*[dE/dw2<]"),
    ("h1", "=[w1]*[x1]"),
    ("a_h1", "=SIN([h1])"),
    ("o1", "=[w2]*[a_h1]"),
    ("a_o1", "=[o1]"),
    ("E", "=0.5*([t1]-[a_o1])^2"),
    ("dE/dw1", "=([a_o1]-[t1])*[w2]*COS([h1])*[x1]"),
    ("dE/dw2", "=([a_o1]-[t1])*[a_h1]"),
]


def test_an_activation_of_the_sheets_own_is_differentiated() -> None:
    audit = audited(SINE)
    assert audit.all_right, found_in(audit)
    assert audit.tables[0].network.layers[0].activation == "sin(x)"
    wrong = changed(SINE, "dE/dw1", "=([a_o1]-[t1])*[w2]*SIN([h1])*[x1]")
    assert [cell for cell, _ in found_in(audited(wrong))] == ["K6"]


LEAKY: list[Column] = [
    ("x", [1.0, -0.5]),
    ("y", 0.5),
    ("w", 0.8, "=[w<]-$B$1*[dw<]"),
    ("z", "=[w]*[x]"),
    ("a", "=MAX([z],$D$1*[z])"),
    ("L", "=0.5*([a]-[y])^2"),
    ("m", "=IF([z]>0,1,$D$1)"),
    ("dw", "=([a]-[y])*[m]*[x]"),
]


def test_the_slope_of_a_leaky_relu_may_be_in_a_cell() -> None:
    audit = audited(LEAKY, D1=0.2)
    assert audit.all_right, found_in(audit)
    wrong = changed(LEAKY, "m", "=IF([z]>0,1,0)")
    assert [cell for cell, _ in found_in(audited(wrong, D1=0.2))] == ["H6"]


def test_an_activation_without_a_derivative_is_no_mistake() -> None:
    audit = audited(changed(SINE, "a_h1", "=ROUND([h1],0)"))
    assert not audit.all_right
    assert "a_h1" in unread(audit)


def test_a_mistake_beside_an_unknown_activation_is_still_found() -> None:
    wrong = changed(SINE, "dE/dw2", "=([a_o1]-[t1])*[h1]")
    assert found_in(audited(wrong)) == [("L6", "GS404")]


def bipolar(values: Sequence[float]) -> list[float]:
    return [2 * value - 1 for value in values]


def of_margin(update: str) -> list[Column]:
    """A linear classifier with a rule of its own."""
    return [
        ("x1", bipolar(XS)),
        ("x2", bipolar(YS)),
        ("t", [-1, -1, -1, 1]),
        *((f"w{n}", 0.0, update.format(f"w{n}", f"x{n}")) for n in (1, 2)),
        ("net", "=[w1]*[x1]+[w2]*[x2]"),
        ("y", "=IF([net]>0,1,-1)"),
        ("status", '=IF([y]=[t],"ok","update")'),
    ]


def test_a_perceptron_may_move_only_where_it_is_wrong() -> None:
    columns = of_margin("=IF([y<]<>[t<],[{0}<]+$B$1*[t<]*[{1}<],[{0}<])")
    audit = audited(columns, 12)
    assert audit.all_right, found_in(audit)
    assert audit.tables[0].network.update_rule == "perceptron"
    wrong = changed(columns, "w2", "=IF([y<]<>[t<],[w2<]+$B$1*[t<]*[x1<],[w2<])")
    assert [cell for cell, _ in found_in(audited(wrong, 12))] == ["F7"]


def test_a_rule_that_is_not_known_is_no_mistake() -> None:
    columns = of_margin("=IF([t<]*[net<]<1,[{0}<]+$B$1*([t<]*[{1}<]-0.1*[{0}<]),0.9*[{0}<])")
    audit = audited(columns, 12)
    assert found_in(audit) == []
    assert unread(audit) == ["w1", "w2"]


def test_probability_less_target_is_the_error_of_a_logistic_regression() -> None:
    columns: list[Column] = [
        ("x", [0.2, 0.9, 0.4]),
        ("pass", [0, 1, 0]),
        ("w", 0.1, "=[w<]-$B$1*[p - y<]*[x<]"),
        ("b", 0.0, "=[b<]-$B$1*[p - y<]"),
        ("z", "=[w]*[x]+[b]"),
        ("p", sigmoid("z")),
        ("p - y", "=[p]-[pass]"),
    ]
    audit = audited(columns)
    assert audit.all_right, found_in(audit)
    assert audit.tables[0].network.loss.startswith("binary")


def test_two_examples_side_by_side_are_not_two_units() -> None:
    columns: list[Column] = [
        *(column for n in "AB" for column in ((f"x {n}", 0.5), (f"t {n}", 0.7))),
        ("w", 0.2, "=[w<]-$B$1*[dw<]"),
        ("b", 0.1, "=[b<]-$B$1*[db<]"),
        *((f"z {n}", f"=[w]*[x {n}]+[b]") for n in "AB"),
        *((f"a {n}", sigmoid(f"z {n}")) for n in "AB"),
        ("dw", f"=({'+'.join(f'([a {n}]-[t {n}])*[a {n}]*(1-[a {n}])*[x {n}]' for n in 'AB')})/2"),
        ("db", f"=({'+'.join(f'([a {n}]-[t {n}])*[a {n}]*(1-[a {n}])' for n in 'AB')})/2"),
    ]
    assert found_in(audited(columns)) == []


def test_the_factor_2_of_a_square_beside_an_error_without_it() -> None:
    columns: list[Column] = [
        ("metros", [0.5, 0.8, 0.3]),
        ("edad", [0.9, 0.1, 0.4]),
        ("precio", [0.6, 0.9, 0.3]),
        ("peso 1", 0.1, "=[peso 1<]-$B$1*2*[error<]*[metros<]"),
        ("peso 2", 0.2, "=[peso 2<]-$B$1*2*[error<]*[edad<]"),
        ("sesgo", 0.0, "=[sesgo<]-$B$1*2*[error<]"),
        ("valor", "=[metros]*[peso 1]+[edad]*[peso 2]+[sesgo]"),
        ("error", "=[valor]-[precio]"),
    ]
    assert audited(columns).all_right
    wrong = changed(columns, "peso 2", "=[peso 2<]-$B$1*2*[error<]*[metros<]")
    assert found_in(audited(wrong)) == [("F7", "GS403")]


def test_a_bias_that_is_updated_with_an_input() -> None:
    columns: list[Column] = [
        ("x1", [0.5, 0.4, 0.9]),
        ("x2", [0.1, 0.8, 0.3]),
        ("target", [0, 1, 1]),
        ("w1", 0.1, "=[w1<]+$B$1*[error<]*[x1<]"),
        ("w2", 0.2, "=[w2<]+$B$1*[error<]*[x2<]"),
        ("b", 0.2, "=[b<]+$B$1*[error<]*[x1<]"),
        ("y", "=[w1]*[x1]+[w2]*[x2]+[b]"),
        ("error", "=[target]-[y]"),
    ]
    audit = audited(columns)
    assert found_in(audit) == [("G7", "GS303")]
    assert "contains x1 once too often" in str(audit.mistakes[0])


def test_an_autoencoder_has_its_inputs_for_targets() -> None:
    columns: list[Column] = [
        ("x1", 0.2),
        ("x2", 0.9),
        *((f"w{n}", 0.2 * n - 0.3, f"=[w{n}<]-$B$1*[dw{n}<]") for n in (1, 2, 3, 4)),
        ("z", "=[w1]*[x1]+[w2]*[x2]"),
        ("code", sigmoid("z")),
        *((f"z{n}", f"=[w{n + 2}]*[code]") for n in (1, 2)),
        *((f"again{n}", sigmoid(f"z{n}")) for n in (1, 2)),
        *((f"d{n}", f"=([again{n}]-[x{n}])*[again{n}]*(1-[again{n}])") for n in (1, 2)),
        *((f"dw{n}", f"=([d1]*[w3]+[d2]*[w4])*[code]*(1-[code])*[x{n}]") for n in (1, 2)),
        *((f"dw{n + 2}", f"=[d{n}]*[code]") for n in (1, 2)),
    ]
    assert audited(columns).all_right
    wrong = changed(columns, "dw3", "=([again1]-[x1])*[code]")
    assert found_in(audited(wrong)) == [("R6", "GS602")]


def test_numbers_that_move_each_other_are_no_descent() -> None:
    columns: list[Column] = [
        ("S", 0.9, "=[S<]-$B$1*[S<]*[I<]"),
        ("I", 0.1, "=[I<]+$B$1*[S<]*[I<]-0.1*[I<]"),
        ("rate", "=$B$1*[S]*[I]"),
        ("all", "=[S]+[I]"),
    ]
    with pytest.raises(UnauditedError, match="no training table found"):
        audited(columns)
