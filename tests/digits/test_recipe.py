"""Recipes: their learning rates, their architectures, invalid ones."""

from dataclasses import replace
from itertools import pairwise

import pytest

from gradsheet.digits.model import Architecture
from gradsheet.digits.recipe import RECIPES, Recipe, find_recipe
from gradsheet.errors import GradsheetError


def test_the_triangle() -> None:
    recipe = RECIPES["best"]
    rates = [recipe.learning_rate_at(step, 999) for step in range(999)]
    peak = max(range(999), key=rates.__getitem__)
    assert peak == round(0.3 * 1000) - 1
    assert rates[peak] == pytest.approx(recipe.learning_rate)
    assert rates[0] == pytest.approx(recipe.learning_rate / 300)
    assert 0 < rates[-1] < recipe.learning_rate / 500
    assert all(a < b for a, b in pairwise(rates[: peak + 1]))
    assert all(a > b for a, b in pairwise(rates[peak:]))


def test_the_course_recipe_is_the_originals() -> None:
    course = RECIPES["course"]
    assert (course.optimizer, course.schedule) == ("sgd", "constant")
    assert (course.batch_size, course.epochs, course.augmentation) == (128, 15, None)
    assert {course.learning_rate_at(step, 100) for step in range(100)} == {course.learning_rate}


def test_every_recipe_stays_under_twenty_epochs() -> None:
    assert all(recipe.epochs < 20 for recipe in RECIPES.values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bset",), "no recipe is called 'bset'; choose from course, best, distilled"),
        (("best", 0), "epochs is 0; it must be 1 to 1,000,000"),
        (("best", 1, -3), "batch size is -3"),
        (("best", 1, 10**30), "batch size is 1000000"),
    ],
)
def test_impossible_recipes(arguments: tuple[str], said: str) -> None:
    with pytest.raises(GradsheetError, match=said):
        find_recipe(*arguments)


def test_architecture_is_part_of_the_recipe() -> None:
    best = Architecture("gelu", "pool-norm-activation", 0.0, activate_last=True)
    assert RECIPES["best"].architecture == RECIPES["distilled"].architecture == best
    assert RECIPES["teacher"].architecture == replace(best, width=3)
    assert RECIPES["course"].architecture == Architecture(dropout=0.1)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_comes_back_from_its_dictionary(recipe: Recipe) -> None:
    assert Recipe.from_dict(recipe.to_dict()) == recipe
