"""Updates under a condition, and causes with names: right ones pass, a wrong one has its own."""

import pytest

from tests.audit.by_columns import Column, audited, changed, found_in, moved, sigmoid

STOPPING: list[Column] = [
    ("x1", 0.6),
    ("x2", 0.9),
    ("t", 0.3),
    *((p, n, f"=IF([E<]<0.001,[{p}<],[{p}<]-$B$1*{g})") for p, n, g in (
        ("w1", 0.5, "[δ<]*[x1<]"), ("w2", -0.4, "[δ<]*[x2<]"), ("b", 0.2, "[δ<]"))),
    ("z", "=[w1]*[x1]+[w2]*[x2]+[b]"),
    ("a", sigmoid("z")),
    ("E", "=([a]-[t])^2/2"),
    ("δ", "=([a]-[t])*[a]*(1-[a])"),
]  # fmt: skip
STEP = "[w1<]-$B$1*[δ<]*[x1<]"


@pytest.mark.parametrize(
    ("update", "mistakes"),
    [
        (f"=IF([E<]<0.001,[w1<],{STEP})", []),
        (f"=IF([E<]>=0.001,{STEP},[w1<])", []),
        (f"=IF([E<]>50,[w1<],{STEP})", []),  # a guard against steps that explode
        (f"=IF([E<]>0.001,[w1<],{STEP})", [("E7", "GS307")]),
        (f"=IF([E<]<0.001,[w2<],{STEP})", [("E7", "GS401")]),
    ],
    ids=["stops", "goes on", "guard", "stops while large", "takes another weight"],
)
def test_what_decides_on_an_update(update: str, mistakes: list[tuple[str, str]]) -> None:
    assert found_in(audited(changed(STOPPING, "w1", update))) == mistakes


FLAGGED: list[Column] = [
    ("x1", 0.5),
    ("x2", -0.3),
    ("t", 0.9),
    *((p, n, f"=[{p}<]-$B$1*[goes on<]*{g}") for p, n, g in (
        ("w1", 0.1, "[δ<]*[x1<]"), ("w2", 0.2, "[δ<]*[x2<]"), ("b", 0.0, "[δ<]"))),
    *STOPPING[-4:-1],
    ("goes on", "=IF([E]>0.005,1,0)"),
    STOPPING[-1],
]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "formula", "mistakes"),
    [
        ("goes on", "=IF([E]>0.005,1,0)", []),
        ("w2", "=[w2<]-$B$1*[δ<]*[x2<]", [("F7", "GS302")]),
        ("w2", "=[w2<]-$B$1*[goes on<]*[δ<]*[x1<]", [("F7", "GS403")]),
    ],
    ids=["right", "one goes on", "wrong signal"],
)
def test_a_flag_may_decide_on_updates(
    column: str, formula: str, mistakes: list[tuple[str, str]]
) -> None:
    assert found_in(audited(changed(FLAGGED, column, formula))) == mistakes


LEAKY: list[Column] = [
    ("x", [1, -1, 2, -0.5]),
    ("t", [0.5, 0.2, 0.9, 0.1]),
    *moved("w b v c"),
    ("z", "=[w]*[x]+[b]"),
    ("h", "=IF([z]>0,[z],0.01*[z])"),
    ("y", "=[v]*[h]+[c]"),
    ("E", "=([y]-[t])^2/2"),
    ("db", "=([y]-[t])*[v]*IF([z]>0,1,0.01)"),
    ("dw", "=[db]*[x]"),
    ("dv", "=([y]-[t])*[h]"),
    ("dc", "=[y]-[t]"),
]


@pytest.mark.parametrize("slope", ["0", "0.1"])
def test_another_slope_below_zero(slope: str) -> None:
    wrong = f"=([y]-[t])*[v]*IF([z]>0,1,{slope})"
    assert ("L6", "GS603") not in found_in(audited(LEAKY))
    assert "GS603" in [code for _, code in found_in(audited(changed(LEAKY, "db", wrong)))]


def test_an_absolute_value_in_place_of_a_square() -> None:
    wrong = changed(LEAKY, "E", "=ABS([y]-[t])")
    assert found_in(audited(LEAKY)) == []
    assert found_in(audited(wrong)) == [("K6", "GS311")]


NORMALIZED: list[Column] = [
    ("age", [25, 47, 33, 61, 52]),
    ("t", [0, 1, 0, 1, 1]),
    ("x", "=([age]-43.6)/14.5"),
    *moved("w b"),
    ("z", "=[w]*[x]+[b]"),
    ("p", sigmoid("z")),
    ("E", "=-[t]*LN([p])-(1-[t])*LN(1-[p])"),
    ("dw", "=([p]-[t])*[x]"),
    ("db", "=[p]-[t]"),
]


def test_raw_data_in_place_of_normalized_data() -> None:
    assert found_in(audited(NORMALIZED)) == []
    [finding] = audited(changed(NORMALIZED, "dw", "=([p]-[t])*[age]")).mistakes
    assert "uses age instead of x" in str(finding)


SILU: list[Column] = [
    ("x", [0.5, -0.5, 1.5]),
    ("y", [0.2, 0.4, 0.9]),
    *moved("w1 b1 w2 b2 u1 u2"),
    *((f"z{n}", f"=[w{n}]*[x]+[b{n}]") for n in (1, 2)),
    *((f"e{n}", f"=EXP(-[z{n}])") for n in (1, 2)),
    *((f"s{n}", f"=1/(1+[e{n}])") for n in (1, 2)),
    *((f"f{n}", f"=[z{n}]*[s{n}]") for n in (1, 2)),
    ("o", "=[u1]*[f1]+[u2]*[f2]"),
    ("E", "=([o]-[y])^2/2"),
    *((f"db{n}", f"=([o]-[y])*[u{n}]*([s{n}]+[f{n}]*(1-[s{n}]))") for n in (1, 2)),
    *((f"dw{n}", f"=[db{n}]*[x]") for n in (1, 2)),
    *((f"du{n}", f"=([o]-[y])*[f{n}]") for n in (1, 2)),
]


def test_an_activation_in_several_columns() -> None:
    audit = audited(SILU)
    assert audit.all_right
    assert audit.tables[0].network.layers[0].activation == "silu"


def test_a_rate_named_in_another_language() -> None:
    columns: list[Column] = [
        ("x", 0.6),
        ("t1", 1.0),
        ("t2", 0.0),
        ("taux d'apprentissage", 0.5),
        *((p, n, f"=[{p}<]-[taux d'apprentissage<]*{g}") for p, n, g in (
            ("v1", 0.4, "[d1<]*[h<]"), ("v2", -0.3, "[d2<]*[h<]"),
            ("w", 0.7, "([d1<]*[v1<]+[d2<]*[v2<])*[h<]*(1-[h<])*[x<]"))),
        ("net", "=[w]*[x]"),
        ("h", sigmoid("net")),
        ("z1", "=[v1]*[h]"),
        ("z2", "=[v2]*[h]"),
        ("y1", "=EXP([z1])/(EXP([z1])+EXP([z2]))"),
        ("y2", "=EXP([z2])/(EXP([z1])+EXP([z2]))"),
        ("coût", "=-[t1]*LN([y1])-[t2]*LN([y2])"),
        ("d1", "=[y1]-[t1]"),
        ("d2", "=[y2]-[t2]"),
    ]  # fmt: skip
    assert audited(columns).all_right
    [finding] = audited(changed(columns, "d2", "=([y2]-[t2])*[y2]*(1-[y2])")).mistakes
    assert finding.codes == ("GS303",)
