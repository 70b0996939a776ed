"""Training laid out otherwise than a row a step: right ones pass, mistakes are named."""

import random
import re
from collections.abc import Callable

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.sentences import message
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.model import Book
from tests.audit.handmade import Handmade, handmade, rearranged, seeds, slope
from tests.audit.steps.plans import (
    BLOCKS,
    PLANS,
    LaidOut,
    a_cell_each,
    across,
    blocks,
    in_place,
    in_turn,
)

Plan = Callable[[Handmade, random.Random], LaidOut]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("seed", seeds(3, 200))
def test_a_right_layout_passes(seed: int, plan: Plan) -> None:
    draw = random.Random(seed)
    table = handmade(draw)
    found = audit_book(plan(rearranged(table, draw) if seed % 2 else table, draw).book)
    assert not found.all_findings
    assert found.all_right
    assert {column.verdict for column in found.tables[0].columns} == {"right", "given"}
    assert found.tables[0].rate == 0.5
    assert str(found.tables[0].rate_cell) == "C1"


@pytest.mark.parametrize("plan", BLOCKS)
@pytest.mark.parametrize("seed", seeds(2, 200))
def test_right_blocks_of_examples_pass(seed: int, plan: Plan) -> None:
    draw = random.Random(seed)
    table = handmade(draw)
    found = audit_book(plan(rearranged(table, draw) if seed % 2 else table, draw).book)
    assert not found.all_findings
    assert found.all_right
    assert found.tables[0].network.examples > 1


@pytest.mark.parametrize("plan", [across, in_turn, a_cell_each, in_place])
@pytest.mark.parametrize("seed", seeds(2, 30))
def test_the_slope_of_another_unit_is_named_where_it_is(seed: int, plan: Plan) -> None:
    draw = random.Random(seed)
    table = handmade(draw, (2, 2, 2))
    laid_out = plan(table, draw)
    name = "dE/dw3"
    step = 0 if plan in (a_cell_each, in_place) else draw.randint(1, table.rows - 2)
    own, other = (
        f"*{slope(table.hidden, unit)}".replace("[", "").replace("]", "") for unit in ("h2", "h1")
    )
    for value in ("a_h1", "a_h2", "h1", "h2"):
        address = laid_out.address(value, step)
        own, other = (
            "".join(address if part == value else part for part in _words(text))
            for text in (own, other)
        )
    [mistake] = audit_book(
        laid_out.with_formula(lambda text: text.replace(own, other), (name, step))
    ).mistakes
    code = "GS406" if table.hidden == "relu" else "GS601"
    assert mistake.place == f"Work!{laid_out.address(name, step)}"
    assert mistake.codes == (code,)


def _words(text: str) -> list[str]:
    return re.split(r"(\w+)", text)


@pytest.mark.parametrize("plan", [across, in_turn, in_place])
def test_a_wrong_sign_of_an_update_is_named_where_it_is(plan: Plan) -> None:
    table = handmade(random.Random(1), (2, 2, 1))
    laid_out = plan(table, random.Random(2))
    names: dict[Plan, tuple[str, int]] = {
        across: ("w2", 3),
        in_turn: ("new w2", 3),
        in_place: ("w2", 0),
    }
    [mistake] = audit_book(
        laid_out.with_formula(lambda text: text.replace("-$C$1", "+$C$1"), names[plan])
    ).mistakes
    assert (mistake.place, mistake.codes) == (f"Work!{laid_out.address(*names[plan])}", ("GS301",))


def test_a_value_of_another_step_is_called_so() -> None:
    laid_out = across(handmade(random.Random(3), (2, 2, 1)), random.Random(3))
    one, before = (laid_out.address("w1", step) for step in (3, 2))
    [mistake] = audit_book(
        laid_out.with_formula(lambda text: re.sub(rf"\b{one}\b", before, text), ("h1", 3))
    ).mistakes
    assert mistake.place == f"Work!{laid_out.address('h1', 3)}"
    assert "of the step before" in message(mistake)


# --- Mistakes among several examples -------------------------------------------------------------


def block_of(seed: int, plan: Plan = blocks) -> tuple[Handmade, LaidOut]:
    table = handmade(random.Random(seed), (2, 2, 1))
    return table, plan(table, random.Random(seed))


def told(book: Book) -> list[tuple[str, int, str]]:
    found = audit_book(book).mistakes
    return [(m.place, m.cells, "+".join(m.codes)) for m in found]


def place_of(laid_out: LaidOut, name: str, step: int) -> str:
    return str(CellRef(laid_out.sheet(step), laid_out.place(name, step)))


@pytest.mark.parametrize("plan", BLOCKS)
@pytest.mark.parametrize("seed", seeds(1, 12))
def test_a_mistake_in_one_example_is_named_there(seed: int, plan: Plan) -> None:
    _, laid_out = block_of(seed, plan)
    a, t = (laid_out.address(name, 1) for name in ("a_o1@2", "t1@2"))
    wrong = laid_out.with_formula(lambda f: f.replace(f"({a}-{t})", f"({t}-{a})"), ("dE/dw5@2", 1))
    assert told(wrong) == [(place_of(laid_out, "dE/dw5@2", 1), 1, "GS301")]


@pytest.mark.parametrize("seed", seeds(1, 12))
def test_a_mistake_in_all_examples_is_one_finding(seed: int) -> None:
    _, laid_out = block_of(seed)
    names = [name for name in laid_out.names if name.startswith("dE/dw6@")]
    cells = [(name, step) for name in names for step in range(laid_out.steps)]
    wrong = laid_out.with_formula(lambda f: f"-{f}", *cells)
    assert told(wrong) == [(place_of(laid_out, "dE/dw6@1", 0), len(cells), "GS301")]


@pytest.mark.parametrize("plan", BLOCKS)
@pytest.mark.parametrize("seed", seeds(1, 12))
def test_a_mean_that_leaves_an_example_out_is_named(seed: int, plan: Plan) -> None:
    _, laid_out = block_of(seed, plan)
    names = [name for name in laid_out.names if name.startswith("dE/dw2@")]
    last, before = (laid_out.address(name, 1) for name in (names[-1], names[-2]))
    wrong = laid_out.with_formula(lambda f: f.replace(f":{last}", f":{before}"), ("all dE/dw2", 1))
    assert told(wrong) == [(place_of(laid_out, "all dE/dw2", 1), 1, "GS304")]


@pytest.mark.parametrize("seed", seeds(1, 12))
def test_a_wrong_update_of_a_block_is_named(seed: int) -> None:
    _, laid_out = block_of(seed)
    wrong = laid_out.with_formula(lambda f: f.replace("-$C$1", "+$C$1"), ("w3", 2))
    assert told(wrong) == [(place_of(laid_out, "w3", 2), 1, "GS301")]
