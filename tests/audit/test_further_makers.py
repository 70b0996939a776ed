"""More kinds of workbooks that people make: right ones have no mistake, a wrong one has its own."""

import pickle
from pathlib import Path

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Sheet
from tests.audit.by_columns import Column, audited, cell, changed, found_in, moved, sigmoid

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
        ("J6", "GS605")
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


ADALINE: list[Column] = [
    ("x1", [1, 1, -1, -1]),
    ("x2", [1, -1, 1, -1]),
    ("d", [1, -1, -1, -1]),
    ("w0", 0.1, "=[w0<]+$B$1*[d - y_in<]"),
    ("w1", 0.1, "=[w1<]+$B$1*[d - y_in<]*[x1<]"),
    ("w2", 0.1, "=[w2<]+$B$1*[d - y_in<]*[x2<]"),
    ("y_in", "=[w0]+[w1]*[x1]+[w2]*[x2]"),
    ("d - y_in", "=[d]-[y_in]"),
    ("squared", "=[d - y_in]^2"),
]


def test_a_delta_rule_that_goes_uphill_has_a_wrong_error() -> None:
    assert found_in(audited(ADALINE, 8)) == []
    assert found_in(audited(changed(ADALINE, "d - y_in", "=[y_in]-[d]"), 8)) == [("I6", "GS301")]


CURVE: list[Column] = [
    ("x", 6.0, "=[x<]-0.01*[slope<]"),
    ("f", "=[x]^4-3*[x]^3+2"),
    ("slope", "=4*[x]^3-9*[x]^2"),
]


@pytest.mark.parametrize(
    ("formula", "code"),
    [("=4*[x]^3-9*[x]", "GS308"), ("=4*[x]^2-9*[x]^2", "GS302"), ("=4*[x]^4-9*[x]^2", "GS303")],
)
def test_a_power_that_is_another_in_a_derivative(formula: str, code: str) -> None:
    assert found_in(audited(changed(CURVE, "slope", formula))) == [("D6", code)]


LINE = "[w]*$G$1:$G$4+[b]-$F$1:$F$4"
DUE: dict[str, str | float] = {"F1": 3, "F2": 1, "F3": 2, "F4": 5}
NORMALIZED: list[Column] = [
    *moved("w b"),
    ("cost", f"=SUMSQ({LINE})/8"),
    ("dw", f"=SUMPRODUCT({LINE},$G$1:$G$4)/4"),
    ("db", f"=SUM({LINE})/4"),
]


@pytest.mark.parametrize("is_wrong", [False, True], ids=["right", "wrong"])
def test_data_may_be_normalized_by_their_deviation(is_wrong: bool) -> None:
    columns = NORMALIZED
    if is_wrong:
        columns = changed(columns, "dw", f"=SUMPRODUCT({LINE},$E$1:$E$4)/4")
    raw: dict[str, str | float] = {"E1": 1, "E2": 2, "E3": 4, "E4": 9}
    data = {f"G{n}": f"=(E{n}-AVERAGE(E$1:E$4))/STDEV(E$1:E$4)" for n in range(1, 5)}
    found = found_in(audited(columns, 6, **raw, **data, **DUE))
    assert [c for c, _ in found] == (["E6"] if is_wrong else [])


def blocks(gradient: str, step: int) -> list[tuple[str, str]]:
    """Steps one below the other, a cell a quantity; what moves w2, and from how many steps before.

    Only the last of the four steps takes another.
    """
    found = [("A1", "rate"), ("B1", "0.5")]
    for number in range(4):
        top, last = 3 + 8 * number, 3 + 8 * (number - 1)
        from_ = top - 8 * step if number == 3 else last
        own = gradient if number == 3 else "D{0}"
        rows = [
            ("w1", f"=B{last}-$B$1*D{last + 1}" if number else "0.4"),
            ("w2", f"=B{from_ + 1}-$B$1*{own.format(from_)}" if number else "-0.7"),
            ("x", "0.6"),
            ("h", f"=1/(1+EXP(-B{top}*B{top + 2}))"),
            ("y", f"=B{top + 3}*B{top + 1}"),
            ("E", f"=0.5*(0.9-B{top + 4})^2"),
        ]
        slope = f"=(B{top + 4}-0.9)*B{top + 1}*B{top + 3}*(1-B{top + 3})*B{top + 2}"
        found += [(f"A{top + n}", text) for n, (text, _) in enumerate(rows)]
        found += [(f"B{top + n}", text) for n, (_, text) in enumerate(rows)]
        found += [(f"C{top}", "dE/dw2"), (f"D{top}", f"=(B{top + 4}-0.9)*B{top + 3}")]
        found += [(f"C{top + 1}", "dE/dw1"), (f"D{top + 1}", slope)]
    return found


@pytest.mark.parametrize(
    ("gradient", "step", "mistakes"),
    [("D{0}", 1, []), ("D{0}", 2, [("B28", "GS213")])],
    ids=["right", "another step"],
)
def test_an_update_from_another_step(
    gradient: str, step: int, mistakes: list[tuple[str, str]]
) -> None:
    cells = {}
    for address, text in blocks(gradient, step):
        is_number = text.lstrip("-")[0].isdigit()
        cells[CellIndex.parse(address)] = cell(float(text) if is_number else text)
    audit = audit_book(Book(Path("it.xlsx"), {"S": Sheet("S", cells)}))
    assert found_in(audit) == mistakes


GATE: list[Column] = [
    ("A", [0, 0, 1, 1]),
    ("B", [0, 1, 0, 1]),
    ("OR", [0, 1, 1, 1]),
    *((w, 0.1, f"=[{w}<]-$B$1*([p<]-[OR<]){x}") for w, x in (("wA", "*[A<]"), ("wB", "*[B<]"))),
    ("b", 0.1, "=[b<]-$B$1*([p<]-[OR<])"),
    ("z", "=[wA]*[A]+[wB]*[B]+[b]"),
    ("p", sigmoid("z")),
    ("loss", "=-IF([OR]=1,LN([p]),LN(1-[p]))"),
]


@pytest.mark.parametrize(
    ("formula", "is_right"),
    [
        ("=-IF([OR]=1,LN([p]),LN(1-[p]))", True),
        ("=IF([OR],-LN([p]),-LN(1-[p]))", True),
        ("=-IF([OR]=1,LN(1-[p]),LN([p]))", False),
    ],
)
def test_a_loss_may_ask_which_class_it_is(formula: str, is_right: bool) -> None:
    mistakes = found_in(audited(changed(GATE, "loss", formula), 8))
    assert [cell for cell, _ in mistakes] == ([] if is_right else ["J6"])


def test_a_function_is_moved_by_the_derivative_of_another_parameter() -> None:
    wrong = changed(NORMALIZED, "b", "=[b<]-$B$1*[dw<]")
    data: dict[str, str | float] = {"G1": 1, "G2": 2, "G3": 4, "G4": 9}
    assert found_in(audited(wrong, 6, **data, **DUE)) == [("C7", "GS605")]


def test_of_two_rates_the_one_next_above_a_table_is_its_own() -> None:
    columns: list[Column] = [
        ("x", 0.5),
        ("w", 0.3, "=[w<]-$B$1*[dw<]"),
        ("b", 0.1, "=[b<]-$B$3*[db<]"),
        ("a", "=1/(1+EXP(-[w]*[x]-[b]))"),
        ("loss", "=0.5*([a]-0.9)^2"),
        ("dw", "=([a]-0.9)*[a]*(1-[a])*[x]"),
        ("db", "=([a]-0.9)*[a]*(1-[a])"),
    ]
    audit = audited(columns, 6, A3="learning rate", B3=0.1)
    assert found_in(audit) == [("C7", "GS801")]


ELU: list[Column] = [
    ("x", -0.8),
    ("w", 0.7, "=[w<]-$B$1*[dw<]"),
    ("z", "=[w]*[x]"),
    ("elu", "=IF([z]>0,[z],EXP([z])-1)"),
    ("loss", "=([elu]-0.3)^2"),
    ("dw", "=2*([elu]-0.3)*IF([z]>0,1,EXP([z]))*[x]"),
]


def test_an_audit_can_be_handed_on_whatever_the_activation() -> None:
    audit = audited(ELU)
    assert audit.all_right, found_in(audit)
    assert pickle.loads(pickle.dumps(audit)).tables[0].network == audit.tables[0].network


STOPPING: list[Column] = [
    ("x", 0.5),
    ("y", 0.8),
    ("t", 0.9),
    *((w, 0.2, f"=IF([loss<]<0.01,[{w}<],[{w}<]-$B$1*[d{w}<])") for w in ("w", "v", "b")),
    ("z", "=[w]*[x]+[v]*[y]+[b]"),
    ("a", sigmoid("z")),
    ("loss", "=0.5*([t]-[a])^2"),
    ("dw", "=[db]*[x]"),
    ("dv", "=[db]*[y]"),
    ("db", "=([a]-[t])*[a]*(1-[a])"),
]


def test_an_update_may_stop_where_the_loss_is_small() -> None:
    audit = audited(STOPPING)
    assert audit.all_right, found_in(audit)
    assert {c.header for c in audit.tables[0].columns if c.verdict == "right"} >= {"w", "v", "b"}


CLASSES: list[Column] = [
    ("x1", [1, 2, 0.3]),
    ("x2", [2, 0.5, 1.5]),
    ("class", [1, 2, 2]),
    *((f"t{k}", f"=IF([class]={k},1,0)") for k in (1, 2)),
    *(
        (f"w{k}{j}", 0.1 * k - 0.2 * j, f"=[w{k}{j}<]-$B$1*[g{k}{j}<]")
        for k in (1, 2)
        for j in (1, 2)
    ),
    *((f"z{k}", f"=[w{k}1]*[x1]+[w{k}2]*[x2]") for k in (1, 2)),
    *((f"p{k}", f"=EXP([z{k}])/(EXP([z1])+EXP([z2]))") for k in (1, 2)),
    ("loss", "=-LN(CHOOSE([class],[p1],[p2]))"),
    *((f"g{k}{j}", f"=([p{k}]-[t{k}])*[x{j}]") for k in (1, 2) for j in (1, 2)),
]


def test_targets_may_be_computed_from_classes() -> None:
    assert found_in(audited(CLASSES)) == []
    wrong = changed(CLASSES, "g21", "=([p2]-[t1])*[x1]")
    assert found_in(audited(wrong)) == [("R6", "GS501")]
