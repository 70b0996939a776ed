"""The mutations of a formula: each known mistake is among them, and called what it is."""

from collections.abc import Iterable

import pytest

from gradsheet.audit import rules
from gradsheet.audit.details import Change
from gradsheet.audit.diagnosis.mutations import (
    Mutations,
    Substitute,
    replaced,
    single_mutations,
    structural,
)
from gradsheet.audit.report.sentences import cause_in_words
from gradsheet.audit.rules import Rule
from gradsheet.symbolic.expression import Expression, Variable, apply
from gradsheet.symbolic.operations import SIGMOID, SQUARE, TANH
from gradsheet.symbolic.render import plain, to_textbook

a, b, t, w, z, v = (Variable(name) for name in "abtwzv")
GRADIENT = (a - t) * a * (1 - a) * w
PATHS = (a * w + b * v) * z
SQUARED = 0.5 * apply(SQUARE, t - a)


def wholes(found: Iterable[Mutations]) -> list[tuple[Rule, str]]:
    """Each mutation's rule and the whole expression that it makes."""
    return [(m.rule, text(site.put(m.result))) for site, mutations in found for m in mutations]


def text(expression: Expression) -> str:
    return plain(to_textbook(expression, lambda variable: variable.name))


@pytest.mark.parametrize(
    ("right", "rule", "wrong"),
    [
        (GRADIENT, rules.SIGN, "−(a − t)·a·(1 − a)·w"),
        (GRADIENT, rules.SIGN, "(t − a)·a·(1 − a)·w"),
        (GRADIENT, rules.FACTOR_MISSING, "a·(1 − a)·w"),
        (GRADIENT, rules.FACTOR_MISSING, "(a − t)·a·w"),
        (GRADIENT, rules.LOCAL_DERIVATIVE_MISSING, "(a − t)·w"),
        (GRADIENT, rules.OTHER_LOCAL_DERIVATIVE, "(a − t)·(1 − a²)·w"),
        (GRADIENT, rules.OTHER_LOCAL_DERIVATIVE, "(a − t)·(a·(1 + a))·w"),
        (GRADIENT, rules.FACTOR_REPEATED, "(a − t)·a·(1 − a)·w·a"),
        (GRADIENT, rules.OPERATOR, "(a − t)·a·(1 − a) + w"),
        (GRADIENT, rules.OPERATOR, "(a − t)·a·(1 − a)/w"),
        (GRADIENT, rules.DOUBLED, "2·((a − t)·a·(1 − a)·w)"),
        (GRADIENT, rules.HALVED, "½·((a − t)·a·(1 − a)·w)"),
        (PATHS, rules.BRACKET, "a·w + b·v·z"),
        (PATHS, rules.TERM_MISSING, "a·w·z"),
        (PATHS, rules.TERM_REPEATED, "(a·w + b·v + a·w)·z"),
        (PATHS, rules.SIGN, "(a·w − b·v)·z"),
        (SQUARED, rules.SQUARE_MISSING, "½·(t − a)"),
        (SQUARED, rules.FACTOR_MISSING, "(t − a)²"),
        (apply(SIGMOID, z), rules.SIGN, "σ(−z)"),
        (apply(SIGMOID, z), rules.FUNCTION, "tanh(z)"),
        (apply(SIGMOID, z), rules.FUNCTION, "z"),
        (apply(SIGMOID, z), rules.BRACKET, "1 + exp(−z)"),
        (apply(TANH, z), rules.FUNCTION, "σ(z)"),
    ],
)
def test_a_mistake_of_structure_is_among_the_mutations(
    right: Expression, rule: Rule, wrong: str
) -> None:
    assert (rule, wrong) in wholes(structural(right))


def test_one_symbol_is_replaced_at_each_of_its_places_and_at_all_of_them() -> None:
    made = wholes(single_mutations(GRADIENT, [Substitute(a, b, rules.NEIGHBOR)]))
    assert [pair for pair in made if "b" in pair[1]] == [
        (rules.NEIGHBOR, "(b − t)·a·(1 − a)·w"),
        (rules.NEIGHBOR, "(a − t)·b·(1 − a)·w"),
        (rules.WRONG_LOCAL_DERIVATIVE, "(a − t)·a·(1 − b)·w"),
        (rules.NEIGHBOR, "(a − t)·a·(1 − b)·w"),
        (rules.NEIGHBOR, "(b − t)·b·(1 − b)·w"),
    ]


def test_a_local_derivative_of_another_unit_is_called_so() -> None:
    right = (t - w) * a * (1 - a)
    [whole] = [
        m
        for site, mutations in single_mutations(right, [Substitute(a, b, rules.NEIGHBOR)])
        for m in mutations
        if text(site.put(m.result)) == "(t − w)·b·(1 − b)"
    ]
    assert whole.rule == rules.WRONG_LOCAL_DERIVATIVE
    assert whole.wrong and whole.right
    assert (text(whole.wrong), text(whole.right)) == ("b·(1 − b)", "a·(1 − a)")


def test_what_is_not_touched_stays_the_same_object() -> None:
    assert replaced(GRADIENT, {b: z}) is GRADIENT


@pytest.mark.parametrize("right", [GRADIENT, PATHS, SQUARED, apply(SIGMOID, z), apply(TANH, z)])
def test_every_mutation_can_be_put_in_words(right: Expression) -> None:
    for _, mutations in structural(right):
        for mutation in mutations:
            if mutation.wrong is None and mutation.right is None:
                assert cause_in_words(Change(mutation.rule))
