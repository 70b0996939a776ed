"""A sheet of one step as tutorials write it, one number below another, in any words."""

import random
import re
from pathlib import Path

import pytest

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.sentences import message
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet

START = {
    "i1": 0.05, "i2": 0.1, "w1": 0.15, "w2": 0.2, "w3": 0.25, "w4": 0.3, "w5": 0.4, "w6": 0.45,
    "w7": 0.5, "w8": 0.55, "b1": 0.35, "b2": 0.6, "t1": 0.01, "t2": 0.99, "learning rate": 0.5,
}  # fmt: skip
MADE = {
    "net_h1": "[w1]*[i1]+[w2]*[i2]+[b1]",
    "net_h2": "[w3]*[i1]+[w4]*[i2]+[b1]",
    "out_h1": "1/(1+EXP(-[net_h1]))",
    "out_h2": "1/(1+EXP(-[net_h2]))",
    "net_o1": "[w5]*[out_h1]+[w6]*[out_h2]+[b2]",
    "net_o2": "[w7]*[out_h1]+[w8]*[out_h2]+[b2]",
    "out_o1": "1/(1+EXP(-[net_o1]))",
    "out_o2": "1/(1+EXP(-[net_o2]))",
    "E_total": "([t1]-[out_o1])^2/2+([t2]-[out_o2])^2/2",
    "delta_o1": "-([t1]-[out_o1])*[out_o1]*(1-[out_o1])",
    "delta_o2": "-([t2]-[out_o2])*[out_o2]*(1-[out_o2])",
    "delta_h1": "([delta_o1]*[w5]+[delta_o2]*[w7])*[out_h1]*(1-[out_h1])",
    "delta_h2": "([delta_o1]*[w6]+[delta_o2]*[w8])*[out_h2]*(1-[out_h2])",
}
GRADIENTS = {
    f"dE/dw{n}": f"[{delta}]*[{signal}]"
    for n, (delta, signal) in enumerate(
        ((delta, signal) for delta, signals in (
            ("delta_h1", ("i1", "i2")), ("delta_h2", ("i1", "i2")),
            ("delta_o1", ("out_h1", "out_h2")), ("delta_o2", ("out_h1", "out_h2")),
        ) for signal in signals),
        start=1,
    )
}  # fmt: skip
UPDATES = {f"w{n}+": f"[w{n}]-[learning rate]*[dE/dw{n}]" for n in range(1, 9)}
WORDS = {
    "usual": {},
    "goals": {"t1": "goal 1", "t2": "goal 2"},
    "guesses": {"out_o1": "prediction 1", "out_o2": "prediction 2", "t1": "Soll", "t2": "Soll"},
    "inputs": {"i1": "Input A", "i2": "Input B", "b1": "bias hidden", "b2": "bias output"},
}


def audited(
    words: str, changes: dict[str, str] | None = None, *, typed: bool = False
) -> tuple[Audit, dict[str, str]]:
    """The audit of the sheet with some formulas changed or typed over; where each number is."""
    made = {**MADE, **GRADIENTS, **UPDATES, **(changes or {})}
    names = [*START, *made]
    draw = random.Random(words)
    letters = "abcdefghijklmnopqrstuvwxyz"
    chosen = {
        "random": {n: "".join(draw.choices(letters, k=6)) for n in names},
        "none": dict.fromkeys(names, ""),
    }.get(words) or WORDS[words]
    chosen.pop("learning rate", None)
    places = {name: CellIndex(row, 2) for row, name in enumerate(names, start=2)}
    cells = {places[name]: Cell(number) for name, number in START.items()}
    for name, formula in made.items():
        filled = re.sub(r"\[(.*?)\]", lambda m: str(places[m[1]]), formula)
        is_typed = typed and name in (changes or {})
        cells[places[name]] = Cell(float(filled)) if is_typed else Cell(None, filled)
    labels = {name: chosen.get(name, name) for name in names}
    cells |= {places[n]._replace(column=1): Cell(text) for n, text in labels.items() if text}
    book = Book(Path("mazur.xlsx"), {"S": Sheet("S", cells)})
    return audit_book(book), {str(place): name for name, place in places.items()}


@pytest.mark.parametrize("words", [*WORDS, "random", "none"])
def test_it_is_right_in_any_words(words: str) -> None:
    found, _ = audited(words)
    assert found.all_right and not found.all_findings
    assert {column.verdict for column in found.tables[0].columns} == {"right", "given"}


@pytest.mark.parametrize("words", [*WORDS, "random", "none"])
@pytest.mark.parametrize(
    ("name", "formula", "code"),
    [
        ("net_o2", "[w7]*[out_h1]+[w8]*[out_h2]+[b1]", "GS402"),
        ("net_o1", "[w5]*[out_h1]+[w6]*[out_h2]+[b1]", "GS402"),
        ("net_h2", "[w3]*[i1]+[w4]*[i2]+[b2]", "GS402"),
        ("delta_h2", "([delta_o1]*[w5]+[delta_o2]*[w8])*[out_h2]*(1-[out_h2])", "GS401"),
        ("delta_o1", "-([t2]-[out_o1])*[out_o1]*(1-[out_o1])", "GS501"),
        ("dE/dw5", "[delta_o1]*[net_h1]", "GS404"),
        ("w4+", "[w3]-[learning rate]*[dE/dw4]", "GS401"),
        ("w6+", "[w6]+[learning rate]*[dE/dw6]", "GS301"),
    ],
)
def test_one_mistake_is_named_in_any_words(words: str, name: str, formula: str, code: str) -> None:
    found, names = audited(words, {name: formula})
    where = [(names[str(m.cell)], m.codes) for m in found.mistakes]
    assert where == [(name, (code,))]


@pytest.mark.parametrize("words", [*WORDS, "random", "none"])
@pytest.mark.parametrize("name", ["delta_h1", "dE/dw5", "out_h2", "dE/dw2"])
def test_a_typed_number_is_named_where_it_is(words: str, name: str) -> None:
    found, names = audited(words, {name: "0.0123"}, typed=True)
    assert [(names[str(m.cell)], m.codes) for m in found.mistakes] == [(name, ("GS201",))]


def test_the_bias_that_is_due_is_that_of_the_layer() -> None:
    found, _ = audited("usual", {"net_o2": "[w7]*[out_h1]+[w8]*[out_h2]+[b1]"})
    assert "uses b1 instead of b2" in message(found.mistakes[0])
