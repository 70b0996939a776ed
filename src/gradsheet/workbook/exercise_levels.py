"""Levels of an exercise: how much it asks for, and to how many digits."""

from enum import StrEnum

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import NetworkGraph
from gradsheet.symbolic.expression import Variable
from gradsheet.workbook.marks import LEAST_DIGITS, MOST_DIGITS


class Level(StrEnum):
    """How much an exercise asks for."""

    GRADIENTS = "gradients"
    DELTAS = "deltas"
    FORWARD = "forward"
    MISTAKE = "mistake"


LEVEL_WORDS = {
    Level.GRADIENTS: "the gradient of each weight and bias",
    Level.DELTAS: "every step of the backward pass: local derivatives, deltas and gradients",
    Level.FORWARD: "every step, forward and backward",
    Level.MISTAKE: "the step of the derivation that is wrong, and its right value",
}


def check_level(level: str) -> Level:
    """The level of this name.

    Raises:
        GradsheetError: there is none.
    """
    if level not in set(Level):
        raise GradsheetError(f"there is no level '{level}'; choose from {', '.join(Level)}")
    return Level(level)


def check_digits(digits: int) -> int:
    """The number of significant digits.

    Raises:
        GradsheetError: so many are too few or too many.
    """
    if not LEAST_DIGITS <= digits <= MOST_DIGITS:
        raise GradsheetError(
            f"answers to {digits} significant digits asked for; expected {LEAST_DIGITS} to "
            f"{MOST_DIGITS}"
        )
    return digits


def asked_of(graph: NetworkGraph, level: Level) -> frozenset[Variable]:
    """What a level leaves to fill in, wherever it is shown."""
    backward = graph.backward
    steps = [*backward.local_derivatives.values(), *backward.gradients.values()]
    return {
        Level.GRADIENTS: frozenset(graph.gradients),
        Level.DELTAS: frozenset(steps),
        Level.FORWARD: frozenset((*steps, *graph.forward)),
        Level.MISTAKE: frozenset[Variable](),
    }[level]
