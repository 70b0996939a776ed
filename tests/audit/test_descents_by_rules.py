"""Descents of functions by momentum, Adam and their like, and learning rates of layers' own."""

import pytest

from gradsheet.audit.findings import Audit
from gradsheet.audit.report.sentences import message
from gradsheet.audit.unaudited import UnauditedError
from tests.audit import by_columns
from tests.audit.by_columns import Columns, changed, listed

BESIDE: dict[str, float | str] = {"B2": 0.9, "B3": 0.99, "B4": 1e-6, "A1": "α", "A2": "β1"}
BESIDE |= {"A3": "β2", "A4": "ε", "B1": 0.05}


def audited(columns: Columns, **beside: float | str) -> Audit:
    return by_columns.audited(listed(columns), 6, **{**BESIDE, **beside})


def descent(update: str, **memory: tuple[str | float, str]) -> Columns:
    """The descent of a function of x and y; ``@`` stands for each of them.

    Args:
        update: the formula that moves a parameter on.
        memory: what is remembered of each.
    """
    columns: Columns = {"k": (0.0, "=[k<]+1")}
    for name, at in (("x", 1.5), ("y", -1.0)):
        for kind, (first, formula) in memory.items():
            start = first.replace("@", name) if isinstance(first, str) else first
            columns[f"{kind}{name}"] = (start, formula.replace("@", name))
        columns[name] = (at, update.replace("@", name))
    columns["f"] = "=2*[x]^2+[x]*[y]+3*[y]^2-4*[x]"
    columns["gx"] = "=4*[x]+[y]-4"
    columns["gy"] = "=[x]+6*[y]"
    return columns


MOMENTUM = descent("=[@<]+[v@]", v=(0.0, "=$B$2*[v@<]-$B$1*[g@<]"))
HEAVY = descent("=[@<]-$B$1*[v@<]", v=("=[g@]", "=$B$2*[v@<]+[g@]"))
NESTEROV = descent("=[@<]-$B$2*[v@<]+(1+$B$2)*[v@]", v=(0.0, "=$B$2*[v@<]-$B$1*[g@<]"))
AHEAD: Columns = {
    "k": (0.0, "=[k<]+1"),
    "x": (1.5, "=[x<]-[v]"),
    "v": (0.0, "=$B$2*[v<]+$B$1*[slope there<]"),
    "there": "=[x]-$B$2*[v]",
    "f": "=[x]^4/4-[x]^2",
    "slope there": "=[there]^3-2*[there]",
}
RMSPROP = descent("=[@<]-$B$1*[g@<]/SQRT([s@]+$B$4)", s=(0.0, "=$B$2*[s@<]+(1-$B$2)*[g@<]^2"))
ADAGRAD = descent("=[@<]-$B$1*[g@<]/(SQRT([s@<])+$B$4)", s=("=[g@]^2", "=[s@<]+[g@]^2"))
ADAM = descent(
    "=[@<]-$B$1*([m@]/(1-$B$2^[k]))/(SQRT([s@]/(1-$B$3^[k]))+$B$4)",
    m=(0.0, "=$B$2*[m@<]+(1-$B$2)*[g@<]"),
    s=(0.0, "=$B$3*[s@<]+(1-$B$3)*[g@<]^2"),
)


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        (MOMENTUM, "momentum"),
        (HEAVY, "momentum"),
        (NESTEROV, "nesterov"),
        (RMSPROP, "rmsprop"),
        (ADAGRAD, "adagrad"),
        (ADAM, "adam"),
    ],
)
def test_a_descent_by_a_rule_is_checked_with_what_it_remembers(columns: Columns, rule: str) -> None:
    found = audited(columns)
    assert found.all_right
    right = {c.header for c in found.tables[0].columns if c.verdict == "right"}
    assert right == columns.keys() - {"k"}, rule


@pytest.mark.parametrize(
    ("columns", "name", "formula", "code"),
    [
        (MOMENTUM, "vy", "=$B$2*[vy<]-$B$1*[gx<]", "GS605"),
        (MOMENTUM, "vy", "=-$B$1*[gy<]", "GS304"),
        (MOMENTUM, "y", "=[y<]+[vx]", "GS312"),
        (RMSPROP, "y", "=[y<]-$B$1*[gy<]/SQRT([sx]+$B$4)", "GS312"),
        (ADAGRAD, "sy", "=[sy<]+[gx]^2", "GS605"),
        (ADAM, "my", "=$B$2*[my<]+(1-$B$2)*[gx<]", "GS605"),
    ],
)
def test_the_slip_is_named(columns: Columns, name: str, formula: str, code: str) -> None:
    wrong = changed(listed(columns), name, formula)
    [mistake] = by_columns.audited(wrong, 6, **BESIDE).mistakes
    assert (mistake.column, *mistake.codes) == (name, code)


def test_a_gradient_may_be_taken_where_the_velocity_leads() -> None:
    assert audited(AHEAD).all_right
    with pytest.raises(UnauditedError):
        audited({**AHEAD, "slope there": "=[there]^3-3*[there]"})


def test_a_wrong_derivative_is_found_under_another_rule() -> None:
    [mistake] = audited({**MOMENTUM, "gx": "=4*[x]+[y]+4"}).mistakes
    assert mistake.column == "gx"


# --- Gradients in other ways ---------------------------------------------------------------------

SHARED: Columns = {
    "x1": [1.0, 0.2],
    "x2": [-0.5, 0.9],
    "x3": [0.8, -0.4],
    "y": [1.0, -0.5],
    **{k: (v, f"=[{k}<]-$B$1*[d{k}<]") for k, v in {"k1": 0.7, "k2": -0.3, "v1": 0.5}.items()},
    "v2": (-0.6, "=[v2<]-$B$1*[dv2<]"),
    "c1": "=[k1]*[x1]+[k2]*[x2]",
    "c2": "=[k1]*[x2]+[k2]*[x3]",
    "a1": "=MAX(0,[c1])",
    "a2": "=MAX(0,[c2])",
    "p": "=[v1]*[a1]+[v2]*[a2]",
    "loss": "=([p]-[y])^2",
    "dp": "=2*([p]-[y])",
    "d1": "=[dp]*[v1]*([c1]>0)",
    "d2": "=[dp]*[v2]*([c2]>0)",
    "dk1": "=[d1]*[x1]+[d2]*[x2]",
    "dk2": "=[d1]*[x2]+[d2]*[x3]",
    "dv1": "=[dp]*[a1]",
    "dv2": "=[dp]*[a2]",
}
"""A filter that slides over its input, behind units that may be switched off."""

ADALINE: Columns = {
    **{k: (0.1, f"=[{k}<]+$B$1*[Σ{k}<]") for k in ("w1", "w2", "b")},
    "e1": "=1-([w1]*$B$2+[w2]*$B$3+[b])",
    "e2": "=-1-([w1]*$B$3-[w2]*$B$2+[b])",
    "SSE/2": "=SUMSQ([e1],[e2])/2",
    "Σw1": "=[e1]*$B$2+[e2]*$B$3",
    "Σw2": "=[e1]*$B$3-[e2]*$B$2",
    "Σb": "=[e1]+[e2]",
}
"""What is added is the opposite of a derivative."""


@pytest.mark.parametrize("columns", [SHARED, ADALINE])
def test_a_right_table_is_all_right(columns: Columns) -> None:
    assert audited(columns).all_right


def test_a_neighbor_of_a_shared_filter_is_named() -> None:
    [mistake] = audited({**SHARED, "dk2": "=[d1]*[x2]+[d2]*[x2]"}).mistakes
    assert (mistake.column, *mistake.codes) == ("dk2", "GS403")


# --- Rates of their own --------------------------------------------------------------------------

LAYERS = {"w1": "B1", "w2": "B1", "b1": "B1", "v": "B2", "c": "B2"}
KINDS = {"w1": "B1", "w2": "B1", "b1": "B2", "v": "B1", "c": "B2"}


def network(rates: dict[str, str], output: str = "=1/(1+EXP(-[z]))", slope: str = "") -> Columns:
    """A hidden unit and an output unit; each parameter with the cell of its learning rate."""
    update = "=[@<]-$B${}*[d@<]"
    moved = {p: (0.3, update.format(c[1]).replace("@", p)) for p, c in rates.items()}
    return {
        "x1": [0.0, 1.0, 0.5],
        "x2": [1.0, 1.0, 0.2],
        "t": [1.0, 0.0, 1.0],
        **moved,
        "h": "=[w1]*[x1]+[w2]*[x2]+[b1]",
        "a": "=1/(1+EXP(-[h]))",
        "z": "=[v]*[a]+[c]",
        "o": output,
        "E": "=([o]-[t])^2/2",
        "δ": f"=([o]-[t]){slope or '*[o]*(1-[o])'}",
        "δh": "=[δ]*[v]*[a]*(1-[a])",
        "dw1": "=[δh]*[x1]",
        "dw2": "=[δh]*[x2]",
        "db1": "=[δh]",
        "dv": "=[δ]*[a]",
        "dc": "=[δ]",
    }


SKIPPED = {"output": "=[z]+[x1]", "slope": "*1"}
"""An input that is added to the output: no network that the audit knows, but a function."""


@pytest.mark.parametrize(
    ("how", "rates", "labels", "wrong"),
    [
        ({}, LAYERS, ("η hidden", "η output"), ""),
        ({}, KINDS, ("η", "η of the biases"), ""),
        *(
            ({}, LAYERS, labels, "")
            for labels in (
                ("rate, first layer", "rate, second layer"),
                ("step size hidden", "step size out"),
                ("tasa 1", "tasa 2"),
                ("", ""),
            )
        ),
        ({}, {**LAYERS, "v": "B1"}, ("η hidden", "η output"), "v"),
        ({}, {**KINDS, "c": "B1"}, ("η", "η of the biases"), "c"),
        (SKIPPED, LAYERS, ("η hidden", "η output"), ""),
        (SKIPPED, KINDS, ("η", "η of the biases"), ""),
        (SKIPPED, {**LAYERS, "v": "B1"}, ("η hidden", "η output"), "v"),
        (SKIPPED, {**LAYERS, "w2": "B2"}, ("η hidden", "η output"), "w2"),
    ],
)
def test_a_rate_belongs_to_a_layer_or_to_the_biases(
    how: dict[str, str], rates: dict[str, str], labels: tuple[str, str], wrong: str
) -> None:
    columns = network(rates, **how)
    found = audited(columns, A1=labels[0], A2=labels[1], B1=0.5, B2=0.2)
    assert [(m.column, *m.codes) for m in found.mistakes] == [(wrong, "GS801")] * bool(wrong)
    if wrong:
        taken, due = rates[wrong], {"B1": "B2", "B2": "B1"}[rates[wrong]]
        text = message(found.mistakes[0])
        assert f"from ${taken[0]}${taken[1]}" in text
        assert f"instead of {due}" in text
