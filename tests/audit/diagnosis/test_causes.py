"""A planted mistake is named once, with its cause, at the cell that holds it."""

import json
from pathlib import Path

import openpyxl
import pytest

from gradsheet.audit.findings import Finding
from gradsheet.audit.pipeline import audit_book, audit_workbook
from gradsheet.audit.report.annotate import annotate
from gradsheet.audit.report.plain import file_lines
from gradsheet.audit.report.sentences import message
from gradsheet.spreadsheet.addresses import CellIndex, column_letters
from gradsheet.spreadsheet.model import Book, Cell
from tests.audit import by_columns
from tests.audit.by_columns import FIRST, Columns

STEPS = 5

"""What each column holds: numbers, a formula, or a number to start from and a formula."""

X1, X2 = [0.5, -0.3, 0.8, 0.2, -0.6], [0.1, 0.7, -0.4, 0.9, 0.3]
INPUTS: Columns = {"x1": X1, "x2": X2}
LOGISTIC: Columns = {
    **INPUTS,
    "t": [0.0, 1.0, 1.0, 0.0, 1.0],
    **{w: (0.3, f"=[{w}<]-$B$1*[d{w}<]") for w in ("w1", "w2", "b")},
    "net": "=[w1]*[x1]+[w2]*[x2]+[b]",
    "out": "=1/(1+EXP(-[net]))",
    "CE": "=-([t]*LN([out])+(1-[t])*LN(1-[out]))",
    "err": "=[out]-[t]",
    "dw1": "=[err]*[x1]",
    "dw2": "=[err]*[x2]",
    "db": "=[err]",
}
RELU: Columns = {
    **INPUTS,
    "t": [0.4, 0.1, 0.9, 0.6, 0.2],
    **{f"w{n}": (0.2 + 0.1 * n, f"=[w{n}<]-$B$1*[dw{n}<]") for n in range(1, 7)},
    "z1": "=[w1]*[x1]+[w2]*[x2]",
    "z2": "=[w3]*[x1]+[w4]*[x2]",
    "a1": "=MAX(0,[z1])",
    "a2": "=MAX(0,[z2])",
    "out": "=[w5]*[a1]+[w6]*[a2]",
    "loss": "=([out]-[t])^2/2",
    "f'(z1)": "=IF([z1]>0,1,0)",
    "f'(z2)": "=IF([z2]>0,1,0)",
    **{
        f"dw{n}": f"=([out]-[t])*[w{unit}]*[f'(z{unit - 4})]*[x{i}]"
        for n, unit, i in ((1, 5, 1), (2, 5, 2), (3, 6, 1), (4, 6, 2))
    },
    "dw5": "=([out]-[t])*[a1]",
    "dw6": "=([out]-[t])*[a2]",
}
CLASSES = (1, 2, 3)
SOFTMAX: Columns = {
    **INPUTS,
    **{f"y{k}": [float(n % 3 == k - 1) for n in range(5)] for k in CLASSES},
    **{
        f"w{i}{k}": (0.1 * i - 0.2 * k, f"=[w{i}{k}<]-$B$1*[dL/dw{i}{k}<]")
        for i in (1, 2)
        for k in CLASSES
    },
    **{f"z{k}": f"=[w1{k}]*[x1]+[w2{k}]*[x2]" for k in CLASSES},
    "sum": "=EXP([z1])+EXP([z2])+EXP([z3])",
    **{f"p{k}": f"=EXP([z{k}])/[sum]" for k in CLASSES},
    "CE": "=-([y1]*LN([p1])+[y2]*LN([p2])+[y3]*LN([p3]))",
    **{f"dL/dz{k}": f"=[p{k}]-[y{k}]" for k in CLASSES},
    **{f"dL/dw{i}{k}": f"=[dL/dz{k}]*[x{i}]" for i in (1, 2) for k in CLASSES},
}
SOFTPLUS: Columns = {
    **RELU,
    **{f"a{n}": f"=LN(1+EXP([z{n}]))" for n in (1, 2)},
    **{f"f'(z{n})": f"=1/(1+EXP(-[z{n}]))" for n in (1, 2)},
}
OUTPUTS: Columns = {
    "x": X1,
    "t1": 0.9,
    "t2": 0.2,
    **{f"w{n}": (0.3 * n, f"=[w{n}<]-$B$1*[dE/dw{n}<]") for n in (1, 2, 3)},
    "net": "=[w1]*[x]",
    "a": "=1/(1+EXP(-[net]))",
    "net1": "=[w2]*[a]",
    "net2": "=[w3]*[a]",
    "o1": "=1/(1+EXP(-[net1]))",
    "o2": "=1/(1+EXP(-[net2]))",
    "E": "=0.5*(([t1]-[o1])^2+([t2]-[o2])^2)",
    "dE/do1": "=([o1]-[t1])*[o1]*(1-[o1])",
    "dE/do2": "=([o2]-[t2])*[o2]*(1-[o2])",
    "dE/da": "=[dE/do1]*[w2]+[dE/do2]*[w3]",
    "dE/dw1": "=[dE/da]*[a]*(1-[a])*[x]",
    "dE/dw2": "=[dE/do1]*[a]",
    "dE/dw3": "=[dE/do2]*[a]",
}
X, Y = "$E$1:$E$3", "$F$1:$F$3"
LINE: Columns = {
    "theta0": (0.0, "=[theta0<]-$B$1*[dJ/dtheta0<]"),
    "theta1": (0.0, "=[theta1<]-$B$1*[dJ/dtheta1<]"),
    "J(theta)": f"=SUMPRODUCT(([theta0]+[theta1]*{X}-{Y})^2)/(2*3)",
    "dJ/dtheta0": f"=SUMPRODUCT([theta0]+[theta1]*{X}-{Y})/3",
    "dJ/dtheta1": f"=SUMPRODUCT([theta0]+[theta1]*{X}-{Y},{X})/3",
}
SIDE_BY_SIDE = ((1, 0.3, 0.4, 0.8), (2, 0.7, 0.9, 0.1))
EXAMPLES: Columns = {
    **{f"w{n}": (0.1 * n, f"=[w{n}<]-$B$1*[dE/dw{n}<]") for n in (1, 2, 5)},
    **{f"h{n}": f"=1/(1+EXP(-([w1]*{i}+[w2]*{j})))" for n, i, j, _ in SIDE_BY_SIDE},
    **{f"o{n}": f"=1/(1+EXP(-[w5]*[h{n}]))" for n, _, _, _ in SIDE_BY_SIDE},
    **{f"δ{n}": f"=([o{n}]-{t})*[o{n}]*(1-[o{n}])" for n, _, _, t in SIDE_BY_SIDE},
    "E": "=0.5*(([o1]-0.8)^2+([o2]-0.1)^2)",
    "dE/dw1": "=[δ1]*[w5]*[h1]*(1-[h1])*0.3+[δ2]*[w5]*[h2]*(1-[h2])*0.7",
    "dE/dw2": "=[δ1]*[w5]*[h1]*(1-[h1])*0.4+[δ2]*[w5]*[h2]*(1-[h2])*0.9",
    "dE/dw5": "=[δ1]*[h1]+[δ2]*[h2]",
}
DATA = {"E1": 1.0, "E2": 2.0, "E3": 3.0, "F1": 2.9, "F2": 5.2, "F3": 7.1}


def book(columns: Columns) -> Book:
    """A workbook with a table of these columns."""
    beside = DATA if "theta0" in columns else {}
    return by_columns.book(by_columns.listed(columns), STEPS, {**by_columns.RATE, **beside})


def findings(columns: Columns) -> tuple[Finding, ...]:
    """The mistakes in a table of these columns."""
    return audit_book(book(columns)).mistakes


def changed(columns: Columns, name: str, text: str) -> Columns:
    """The columns with another formula in one."""
    held = columns[name]
    return {**columns, name: (held[0], f"={text}") if isinstance(held, tuple) else f"={text}"}


def planted(columns: Columns, name: str, text: str) -> tuple[str, str, str]:
    """The column, the codes and the first clause of the one finding."""
    [found] = findings(changed(columns, name, text))
    return found.column, "+".join(found.codes), message(found).split(";")[0]


@pytest.mark.parametrize(
    "columns", [LOGISTIC, SOFTPLUS, SOFTMAX, LINE, EXAMPLES, OUTPUTS], ids=range(6)
)
def test_right_tables_pass(columns: Columns) -> None:
    assert findings(columns) == ()


@pytest.mark.parametrize(
    ("columns", "name", "text", "code", "clause"),
    [
        (
            *(LOGISTIC, "err", "([out]-[t])*[out]*(1-[out])", "GS303"),
            "contains out·(1 − out) once too often",
        ),
        (LOGISTIC, "dw2", "[err]*[x2]*[net]", "GS303", "contains net once too often"),
        (RELU, "f'(z2)", "[a2]*(1-[a2])", "GS603", "uses a2·(1 − a2) instead of [z2 > 0]"),
        (RELU, "f'(z1)", "1-[a1]^2", "GS603", "uses 1 − a1² instead of [z1 > 0]"),
        (SOFTPLUS, "f'(z1)", "[a1]*(1-[a1])", "GS603", "uses a1·(1 − a1) instead of σ(z1)"),
        (
            *(OUTPUTS, "dE/da", "[dE/do1]*[w2]+[dE/do1]*[w3]", "GS502"),
            "uses (o1 − t1)·o1·(1 − o1) instead of (o2 − t2)·o2·(1 − o2)",
        ),
        (SOFTMAX, "dL/dz2", "[p2]-[y1]", "GS501", "uses y1 instead of y2"),
        (
            *(LINE, "dJ/dtheta1", f"SUMPRODUCT([theta0]+[theta1]*{X}-{Y},{X})", "GS302"),
            "leaves out 1/3",
        ),
        (
            *(LOGISTIC, "w2", "[w2<]-$D$1*[dw2<]", "GS801"),
            "takes the learning rate from $D$1 instead of B1",
        ),
        (
            *(EXAMPLES, "dE/dw2", "[δ1]*[w5]*[h1]*(1-[h1])*0.4+[δ2]*[w5]*[h2]*(1-[h1])*0.9"),
            *("GS601", "uses 1 − h1 instead of 1 − h2"),
        ),
        (
            *(LINE, "theta1", f"[theta1<]-$B$1*SUMPRODUCT([theta0]+[theta1<]*{X}-{Y},{X})/3"),
            *(
                "GS701",
                "uses theta0 of this step instead of theta0, and likewise in every such term",
            ),
        ),
    ],
)
def test_a_cause_is_named(columns: Columns, name: str, text: str, code: str, clause: str) -> None:
    assert planted(columns, name, text) == (name, code, clause)


PERCEPTRON: Columns = {
    **INPUTS,
    "t": [0.0, 1.0, 1.0, 0.0, 1.0],
    **{w: (0.2, f"=[{w} new<]") for w in ("w1", "w2", "b")},
    "net": "=[w1]*[x1]+[w2]*[x2]+[b]",
    "out": "=IF([net]>=0,1,0)",
    "error": "=[t]-[out]",
    "Δw1": "=$B$1*[error]*[x1]",
    "Δw2": "=$B$1*[error]*[x2]",
    "Δb": "=$B$1*[error]",
    **{f"{w} new": f"=[{w}]+[Δ{w}]" for w in ("w1", "w2", "b")},
}
DELTAS: Columns = {
    **RELU,
    "δ": "=[out]-[t]",
    "δ2": "=[δ]*[w6]*[f'(z2)]",
    **{f"dw{n}": f"=[δ2]*[x{n - 2}]" for n in (3, 4)},
}


@pytest.mark.parametrize("columns", [PERCEPTRON, DELTAS], ids=range(2))
def test_right_tables_with_helper_columns_pass(columns: Columns) -> None:
    assert findings(columns) == ()


@pytest.mark.parametrize(
    ("columns", "name", "text", "code", "clause"),
    [
        (PERCEPTRON, "Δw2", "$B$1*[error]*[x1]", "GS403", "uses x1 instead of x2"),
        (PERCEPTRON, "Δw2", "-$B$1*[error]*[x2]", "GS301", "has the wrong sign"),
        (PERCEPTRON, "error", "[out]-[t]", "GS301", "has the wrong sign"),
        (PERCEPTRON, "Δb", "[error]", "GS302", "leaves out η"),
        (
            PERCEPTRON,
            "w2 new",
            "[w2]-[Δw2]",
            "GS301",
            "uses w2 + (−η·error·x2) instead of w2 − (−η·error·x2)",
        ),
        (DELTAS, "δ2", "[δ]*[w5]*[f'(z2)]", "GS401", "uses w5 instead of w6"),
    ],
)
def test_a_mistake_in_a_helper_is_told_there(
    columns: Columns, name: str, text: str, code: str, clause: str
) -> None:
    assert planted(columns, name, text) == (name, code, clause)


def test_what_uses_a_wrong_helper_follows_from_it() -> None:
    found = audit_book(book(changed(DELTAS, "δ2", "[δ]*[w5]*[f'(z2)]")))
    [table], [mistake] = found.tables, found.mistakes
    follow = {c.header: str(c.follows_from) for c in table.columns if c.follows_from}
    assert follow == {"dw3": str(mistake.cell), "dw4": str(mistake.cell)}
    assert {c.verdict for c in table.columns if c.follows_from} == {"right"}
    first, second = mistake.followers
    assert f"{first.cell} and {second.cell} follow from it" in message(mistake)
    [told] = json.loads(found.to_json())["files"][0]["tables"][0]["findings"]
    assert told["followers"] == [str(first), str(second)]
    [line] = [line for line in file_lines(found).tables[0].columns if "follows" in line.text]
    assert line.text == f"right, follows from {mistake.cell}"


def test_a_note_names_the_cell_that_a_number_follows_from(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Sheet"
    for place, cell in (
        book(changed(DELTAS, "δ2", "[δ]*[w5]*[f'(z2)]")).sheets["Sheet"].cells.items()
    ):
        sheet.cell(*place, f"={cell.formula}" if cell.formula else cell.value)
    workbook.save(tmp_path / "it.xlsx")
    found = audit_workbook(tmp_path / "it.xlsx")
    annotate(found, tmp_path / "it-audited.xlsx")
    [mistake] = found.mistakes
    copy = openpyxl.load_workbook(tmp_path / "it-audited.xlsx")["Sheet"]
    for follower in mistake.followers:
        note = copy[str(follower.cell)].comment
        assert note is not None and note.text.startswith(f"Follows from {mistake.place}: GS401")


def test_formulas_that_all_use_a_value_of_one_row_have_one_cause() -> None:
    whole = book(SOFTMAX)
    cells = whole.sheets["Sheet"].cells
    letters = {name: column_letters(n) for n, name in enumerate(SOFTMAX, start=FIRST.column)}
    for row in (FIRST.row + 3, FIRST.row + 4):
        written = f"EXP({letters['z3']}{row})/{letters['sum']}{FIRST.row + 2}"
        cells[CellIndex.parse(f"{letters['p3']}{row}")] = Cell(None, written)
    [found] = audit_book(whole).mistakes
    assert (found.column, found.codes, found.cells) == ("p3", ("GS213",), 2)
    assert "uses sum of the row above instead of sum" in message(found)
