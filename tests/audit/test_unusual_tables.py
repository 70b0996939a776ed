"""Tables that are right in a way of their own, and what a slip in them is called."""

import pytest

from gradsheet.audit.findings import Audit
from gradsheet.audit.report.sentences import message
from tests.audit import by_columns
from tests.audit.by_columns import Columns, changed, listed

DATA: Columns = {
    "x1": [0.5, -0.3, 0.8, 0.2],
    "x2": [0.1, 0.7, -0.4, 0.9],
    "t": [0.0, 1.0, 1.0, 0.0],
}


def weights(update: str, *names: str) -> Columns:
    """Columns of parameters, each with its own update."""
    return {w: (0.3, update.replace("@", w)) for w in names}


def audited(columns: Columns, **beside: float | str) -> Audit:
    return by_columns.audited(listed(columns), 6, **beside)


NEURON: Columns = {
    **DATA,
    **weights("=[@<]-$B$1*[d@<]", "w1", "w2", "b"),
    "net": "=[w1]*[x1]+[w2]*[x2]+[b]",
    "out": "=1/(1+EXP(-[net]))",
    "E": "=([out]-[t])^2/2",
    "δ": "=([out]-[t])*[out]*(1-[out])",
    "dw1": "=[δ]*[x1]",
    "dw2": "=[δ]*[x2]",
    "db": "=[δ]",
}
MOMENTUM: Columns = {
    **{name: held for name, held in NEURON.items() if not name.startswith("d")},
    **weights("=[@<]+[Δ@<]", "w1", "w2", "b"),
    "δ": "=([t]-[out])*[out]*(1-[out])",
    "Δw1": ("=$B$1*[δ]*[x1]", "=$B$1*[δ]*[x1]+$B$2*[Δw1<]"),
    "Δw2": ("=$B$1*[δ]*[x2]", "=$B$1*[δ]*[x2]+$B$2*[Δw2<]"),
    "Δb": ("=$B$1*[δ]", "=$B$1*[δ]+$B$2*[Δb<]"),
}
DECAYED: Columns = {**NEURON, **weights("=[@<]*(1-$B$1*$B$2)-$B$1*[d@<]", "w1", "w2")}
THRESHOLD: Columns = {
    **DATA,
    "w1": (0.3, "=[w1<]+$B$1*[e<]*[x1<]"),
    "w2": (0.3, "=[w2<]+$B$1*[e<]*[x2<]"),
    "θ": (0.1, "=[θ<]-$B$1*[e<]"),
    "net": "=[w1]*[x1]+[w2]*[x2]-[θ]",
    "out": "=IF([net]>=0,1,0)",
    "e": "=[t]-[out]",
}
COUNTED: Columns = {
    "step": (1.0, "=[step<]+1"),
    **NEURON,
    "correct": "=IF(ROUND([out],0)=[t],1,0)",
    "least": ("=[E]", "=MIN([least<],[E])"),
}
TYPED: Columns = {**NEURON, **weights("=[@<]-0.5*[d@<]", "w1", "w2", "b")}
CARRIED: Columns = {
    **NEURON,
    "η": ("=$B$1", "=[η<]"),
    **weights("=[@<]-[η<]*[d@<]", "w1", "w2", "b"),
}
TWO_RATES: Columns = {**NEURON, "b": (0.3, "=[b<]-$B$2*[db<]")}
FALLING: Columns = {
    "k": (1.0, "=[k<]+1"),
    "η": "=$B$1*$B$2^INT(([k]-1)/2)",
    **NEURON,
    **weights("=[@<]-[η<]*[d@<]", "w1", "w2", "b"),
}
PRODUCTS: Columns = {
    **DATA,
    **weights("=[@<]+[Δ@<]", "w1", "w2", "b"),
    "w1·x1": "=[w1]*[x1]",
    "w2·x2": "=[w2]*[x2]",
    "net": "=[w1·x1]+[w2·x2]+[b]",
    "out": "=1/(1+EXP(-[net]))",
    "f'": "=[out]*(1-[out])",
    "Δw1": "=$B$1*([t]-[out])*[f']*[x1]",
    "Δw2": "=$B$1*([t]-[out])*[f']*[x2]",
    "Δb": "=$B$1*([t]-[out])*[f']",
}
POISSON: Columns = {
    "step": (1.0, "=[step<]+1"),
    "x": [0.5, 1.0, 1.5],
    "y": [1.0, 2.0, 4.0],
    **weights("=[@<]-$B$1*[d@<]", "w", "b"),
    "mu": "=EXP([w]*[x]+[b])",
    "nll": "=[mu]-[y]*LN([mu])",
    "dw": "=([mu]-[y])*[x]",
    "db": "=[mu]-[y]",
}


@pytest.mark.parametrize(
    ("columns", "second"),
    [
        pytest.param(MOMENTUM, ("momentum", 0.8), id="momentum in the changes"),
        pytest.param(DECAYED, ("lambda", 0.01), id="weights decay and biases do not"),
        pytest.param(THRESHOLD, ("", ""), id="a threshold is subtracted"),
        pytest.param(COUNTED, ("", ""), id="hits, steps and the least loss are counted"),
        pytest.param(TYPED, ("", ""), id="the rate is typed and stated"),
        pytest.param(CARRIED, ("", ""), id="the rate is carried from row to row"),
        pytest.param(FALLING, ("decay", 0.9), id="the rate falls every second step"),
        pytest.param(PRODUCTS, ("", ""), id="each product has a column"),
        pytest.param(POISSON, ("", ""), id="a loss and an activation of the sheet's own"),
    ],
)
def test_a_right_table_is_all_right(columns: Columns, second: tuple[str, float | str]) -> None:
    found = audited(columns, A2=second[0], B2=second[1])
    assert found.all_right
    assert not any("counts up" in message(remark) for remark in found.all_findings)


def test_a_second_learning_rate_is_no_mistake() -> None:
    found = audited(TWO_RATES, A2="learning rate of the bias", B2=0.1)
    assert {c.header for c in found.tables[0].columns if c.verdict == "right"} >= {"w1", "w2"}
    assert not [f for f in found.mistakes if f.codes == ("GS801",)]


@pytest.mark.parametrize(
    ("columns", "name", "formula", "code"),
    [
        (MOMENTUM, "Δw2", "=$B$1*[δ]*[x2]+$B$2*[Δw1<]", "GS312"),
        (MOMENTUM, "Δw2", "=$B$1*[δ]*[x1]+$B$2*[Δw2<]", "GS403"),
        (DECAYED, "w2", "=[w2<]*(1-$B$1*$B$2)-$B$1*[dw1<]", "GS605"),
        (THRESHOLD, "w2", "=[w2<]+$B$1*[e<]*[x1<]", "GS403"),
        (TYPED, "w2", "=[w2<]+0.5*[dw2<]", "GS301"),
        (FALLING, "w2", "=[w2<]-[η]*[dw2<]", "GS213"),
        (PRODUCTS, "f'", "=[out]*(1+[out])", "GS603"),
    ],
)
def test_the_slip_is_named(columns: Columns, name: str, formula: str, code: str) -> None:
    wrong = changed(listed(columns), name, formula)
    [mistake] = by_columns.audited(wrong, A2="momentum, lambda", B2=0.05).mistakes
    assert (mistake.column, *mistake.codes) == (name, code)


def test_a_stated_rate_that_the_updates_do_not_hold_is_a_mistake() -> None:
    [mistake] = audited(TYPED, B1=0.1).mistakes
    assert mistake.codes == ("GS802",)


def test_a_weight_that_no_sum_uses_is_not_read() -> None:
    columns = {**NEURON, "net": "=[w1]*[x1]+[b]"}
    found = audited(columns)
    assert not found.all_right
    assert {c.header for c in found.tables[0].columns if c.verdict in ("not read", "wrong")} & {
        "w2",
        "net",
    }
