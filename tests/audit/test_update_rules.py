"""Momentum, Adam and their like: right tables pass under their own rule, wrong ones do not."""

import random

import pytest

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.sentences import network_in_words
from gradsheet.networks.update_rules import UPDATE_RULES
from tests.audit.handmade import changed, make
from tests.audit.rules_of_updates import RULES, by_rule

NAMES = {
    **{name: name.split()[0] for name in RULES},
    "weight decay": "weight-decay",
    "weights shrunk": "weight-decay",
    "weight decay of whole squares": "weight-decay",
    "elastic net": "elastic-net",
}
WAYS = [(now, typed) for now in (False, True) for typed in (False, True)]


def audited(name: str, seed: int, *, now: bool = False, typed: bool = False) -> Audit:
    draw = random.Random(f"{name}{seed}{now}{typed}")
    return audit_book(make(by_rule(name, draw, now=now, typed=typed), draw).book)


@pytest.mark.parametrize("name", RULES)
def test_a_right_table_passes_under_its_rule(name: str) -> None:
    found = audited(name, 0)
    assert not found.mistakes
    assert found.all_right
    [table] = found.tables
    assert table.network.update_rule == NAMES[name]
    assert network_in_words(table.network).endswith(UPDATE_RULES[NAMES[name]].words)


@pytest.mark.slow
@pytest.mark.parametrize(("now", "typed"), WAYS)
@pytest.mark.parametrize("name", RULES)
def test_the_settings_may_be_typed_and_the_memory_updated_in_either_row(
    name: str, now: bool, typed: bool
) -> None:
    if now and name == "nesterov of steps":
        pytest.skip("it uses a velocity of two rows above")
    for seed in range(3):
        found = audited(name, seed, now=now, typed=typed)
        assert not found.mistakes
        assert found.tables[0].network.update_rule == NAMES[name]


@pytest.mark.parametrize(
    ("name", "column", "right", "wrong", "rule"),
    [
        ("momentum", "v w1", "+[dE/dw1<]", "-[dE/dw1<]", "GS301"),
        ("momentum", "w2", "-[rate]", "+[rate]", "GS301"),
        ("rmsprop", "v w1", "[dE/dw1<]^2", "[dE/dw1<]", "GS308"),
        ("adam uncorrected", "m w1", "[dE/dw1<]", "[dE/dw2<]", "GS605"),
        ("adagrad", "w1", "*[dE/dw1<]", "*[dE/dw2<]", "GS605"),
        ("weight decay", "w1", "[lambda]*[w1<]", "[lambda]*[w2<]", "GS401"),
        ("l1", "w1", "SIGN([w1<])", "SIGN([w2<])", "GS401"),
        ("clipped", "w1", "[dE/dw1<]", "[dE/dw2<]", "GS605"),
    ],
)
def test_a_mistake_is_named(name: str, column: str, right: str, wrong: str, rule: str) -> None:
    draw = random.Random(f"{name}{column}")
    table = by_rule(name, draw)
    made = make(changed(table, column, table.updates[column].replace(right, wrong)), draw)
    [mistake] = audit_book(made.book).mistakes
    assert (str(mistake.cell), *mistake.codes) == (made.address(column, 1), rule)
