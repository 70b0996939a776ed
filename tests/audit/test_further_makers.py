"""More kinds of workbooks that people make: right ones have no mistake, a wrong one has its own."""

import pytest

from tests.audit.by_columns import Column, audited, changed, found_in, moved, sigmoid

BIPOLAR: list[Column] = [
    ("x1", [1, 1, -1, -1]),
    ("x2", [1, -1, 1, -1]),
    ("Soll", [1, -1, -1, -1]),
    *((w, 0.0, f"=[{w} neu<]") for w in ("w1", "w2", "Bias")),
    ("Netz", "=[w1]*[x1]+[w2]*[x2]+[Bias]"),
    ("Ist", "=IF([Netz]>=0,1,-1)"),
    ("w1 neu", "=IF([Ist]=[Soll],[w1],[w1]+$B$1*[Soll]*[x1])"),
    ("w2 neu", "=IF([Ist]=[Soll],[w2],[w2]+$B$1*[Soll]*[x2])"),
    ("Bias neu", "=IF([Ist]=[Soll],[Bias],[Bias]+$B$1*[Soll])"),
]


@pytest.mark.parametrize("is_wrong", [False, True], ids=["right", "wrong"])
def test_a_bipolar_perceptron_may_move_by_the_target_where_it_is_wrong(is_wrong: bool) -> None:
    columns = BIPOLAR
    if is_wrong:
        columns = changed(columns, "w2 neu", "=IF([Ist]=[Soll],[w2],[w2]+$B$1*[Soll]*[x1])")
    assert [cell for cell, _ in found_in(audited(columns, 8))] == (["K6"] if is_wrong else [])


CODE: list[Column] = [
    ("x1", 0.2),
    ("x2", 0.7),
    *moved("w1 w2 v1 v2"),
    ("code", "=[w1]*[x1]+[w2]*[x2]"),
    ("y1", "=[v1]*[code]"),
    ("y2", "=[v2]*[code]"),
    ("e1", "=[y1]-[x1]"),
    ("e2", "=[y2]-[x2]"),
    ("loss", "=SUMSQ([e1],[e2])"),
    ("dv1", "=2*[e1]*[code]"),
    ("dv2", "=2*[e2]*[code]"),
    ("d code", "=2*([e1]*[v1]+[e2]*[v2])"),
    ("dw1", "=[d code]*[x1]"),
    ("dw2", "=[d code]*[x2]"),
]


@pytest.mark.parametrize(
    ("header", "formula", "mistakes"),
    [
        ("dv2", "=2*[e2]*[code]", []),
        ("dv2", "=2*[e1]*[code]", [("O6", "GS503")]),
    ],
    ids=["right", "wrong"],
)
def test_a_hidden_unit_may_be_linear(
    header: str, formula: str, mistakes: list[tuple[str, str]]
) -> None:
    audit = audited(changed(CODE, header, formula))
    assert found_in(audit) == mistakes
    assert audit.tables[0].network.layers[0].activation == "identity"


def test_numbers_typed_as_text_count_in_formulas() -> None:
    columns: list[Column] = [
        ("x", "1.5"),
        ("y", " 1"),
        *moved("w b"),
        ("z", "=[w]*[x]+[b]"),
        ("a", sigmoid("z")),
        ("loss", "=([a]-[y])^2/2"),
        ("dw", "=([a]-[y])*[a]*(1-[a])*[x]"),
        ("db", "=([a]-[y])*[a]*(1-[a])"),
    ]
    audit = audited(columns)
    assert audit.all_right
    assert {c.header for c in audit.tables[0].columns if c.verdict == "given"} == {"x", "y"}
    assert found_in(audited(changed(columns, "db", "=([a]-[y])*[a]*(1-[a])*[x]"))) == [
        ("J6", "GS312")
    ]


@pytest.mark.parametrize("rate", ["[rate<]", "$B$1"])
def test_a_rate_that_falls_with_typed_numbers_of_the_steps(rate: str) -> None:
    columns: list[Column] = [
        ("k", [0, 1, 2, 3, 4, 5]),
        ("rate", "=$B$1/(1+0.05*[k])"),
        ("w", 3.0, "=[w<]-[rate<]*[dw<]"),
        ("b", -1.0, f"=[b<]-{rate}*[db<]"),
        ("y", "=[w]*0.4+[b]"),
        ("loss", "=([y]-2)^2/2"),
        ("dw", "=([y]-2)*0.4"),
        ("db", "=[y]-2"),
    ]
    assert [cell for cell, _ in found_in(audited(columns))] == ([] if "rate" in rate else ["E7"])
