"""Mistakes planted in other layouts are named at their cells; the benchmark plants all of them."""

import pytest

from gradsheet.audit.pipeline import audit_book
from tests.audit.handmade import seeds
from tests.audit.steps.layouts_planted import EVERY_FAMILY, kinds, planted, right

FEW = {
    "on its side": ("a weight left out", "sum for activation"),
    "rows in turn": ("a weight updated on the spot", "half a slope of a neighbor"),
    "a cell a quantity": ("target less output", "a path left out"),
    "in place": ("hidden slope left out", "a minus between paths"),
    "blocks of examples": ("the error left out",),
    "a sheet a step": ("output slope left out",),
    "matrices": ("the slope left out", "output plus target", "an update that climbs"),
    "regression": ("the input left out", "a sum of too few rows", "an update that climbs"),
    "descent on a function": ("two variables: 3", "German: 3", "Rosenbrock: 0"),
}


@pytest.mark.parametrize(("family", "kind"), [(f, k) for f, ks in FEW.items() for k in ks])
def test_a_planted_mistake_is_named_at_its_cell(family: str, kind: str) -> None:
    wrong = next(planted(family, kind, 1))
    found = audit_book(wrong.book).mistakes
    here = [m for m in found if wrong.places & {str(place) for place in m.first_places}]
    assert "+".join(here[0].codes) in wrong.codes.split()
    assert len(here) == len(found)


@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_every_family_has_kinds_of_mistakes(family: str) -> None:
    assert len(kinds(family)) > 10


@pytest.mark.parametrize("seed", seeds(0, 200))
@pytest.mark.parametrize("family", ("regression", "descent on a function"))
def test_a_right_training_passes(family: str, seed: int) -> None:
    assert not audit_book(right(family, seed)).mistakes
