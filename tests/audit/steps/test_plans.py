"""Training laid out otherwise than a row a step: right ones pass, mistakes are named."""

import random
import re
from collections.abc import Callable

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.sentences import message
from tests.audit.handmade import Handmade, handmade, rearranged, seeds, slope
from tests.audit.steps.plans import BLOCKS, PLANS, LaidOut, a_cell_each, across, in_place, in_turn

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
    rule = "GS406" if table.hidden == "relu" else "GS601"
    assert (mistake.place, mistake.codes) == (f"Work!{laid_out.address(name, step)}", (rule,))


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
