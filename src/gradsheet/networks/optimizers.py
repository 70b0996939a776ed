"""Optimizers, as expressions: from a parameter and its gradient to the next value.

What an optimizer remembers from one update to the next is a named value like any other, so it has
a column in the training table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gradsheet.networks.symbols import Kind, Symbol, named, symbol_of
from gradsheet.symbolic.expression import Expression, Variable, apply
from gradsheet.symbolic.operations import SQUARE, SQUARE_ROOT

Gradients = Sequence[tuple[Variable, Variable]]
"""Each trained parameter with its gradient."""


@dataclass(frozen=True)
class Steps:
    """What one update does.

    Attributes:
        updates: the next value of each parameter and of each remembered value, ``w5'``; all are
            computed from the values before the update.
        memory: what is remembered, and where it starts.
    """

    updates: dict[Variable, Variable] = field(default_factory=dict)
    memory: dict[Variable, float] = field(default_factory=dict)

    def move(self, variable: Variable, definition: Expression) -> Variable:
        """Add the update of ``variable`` and return its value after it."""
        meaning = f"{variable.name} after the update"
        after = named(symbol_of(variable).next, definition, meaning)
        self.updates[variable] = after
        return after

    def remember(self, symbol: Symbol, start: float, meaning: str) -> Variable:
        """Add a remembered value; ``move`` defines how it changes."""
        variable = named(symbol, None, meaning)
        self.memory[variable] = start
        return variable


@dataclass(frozen=True)
class Optimizer:
    """A rule by which gradients move parameters.

    Attributes:
        words: what it is, for people.
        settings: for each setting its symbol, its usual value (torch's) and its meaning.
        step: from the gradients, the learning rate and the settings to what one update does.
    """

    words: str
    settings: tuple[tuple[Symbol, float, str], ...]
    step: Callable[..., Steps]


def _sgd(gradients: Gradients, rate: Variable) -> Steps:
    steps = Steps()
    for parameter, gradient in gradients:
        steps.move(parameter, parameter - rate * gradient)
    return steps


def _momentum(gradients: Gradients, rate: Variable, decay: Variable) -> Steps:
    steps = Steps()
    for parameter, gradient in gradients:
        symbol = Symbol(Kind.VELOCITY, of=symbol_of(parameter))
        velocity = steps.remember(symbol, 0.0, f"velocity of {parameter.name}")
        moved = steps.move(velocity, decay * velocity + gradient)
        steps.move(parameter, parameter - rate * moved)
    return steps


def _adam(
    gradients: Gradients, rate: Variable, decay_1: Variable, decay_2: Variable, floor: Variable
) -> Steps:
    """Kingma and Ba, "Adam: a method for stochastic optimization", algorithm 1."""
    steps = Steps()
    power_1 = steps.remember(
        Symbol(Kind.POWER, (1,)), 1.0, "β1 to the power of the number of updates"
    )
    power_2 = steps.remember(
        Symbol(Kind.POWER, (2,)), 1.0, "β2 to the power of the number of updates"
    )
    left_1 = 1 - steps.move(power_1, decay_1 * power_1)
    left_2 = 1 - steps.move(power_2, decay_2 * power_2)
    for parameter, gradient in gradients:
        name, of = parameter.name, symbol_of(parameter)
        mean = steps.remember(Symbol(Kind.MEAN, of=of), 0.0, f"moving average of {name}'s gradient")
        square = steps.remember(
            Symbol(Kind.VELOCITY, of=of), 0.0, f"moving average of its square, for {name}"
        )
        mean_now = steps.move(mean, decay_1 * mean + (1 - decay_1) * gradient)
        squared = apply(SQUARE, gradient)
        square_now = steps.move(square, decay_2 * square + (1 - decay_2) * squared)
        length = apply(SQUARE_ROOT, square_now / left_2) + floor
        steps.move(parameter, parameter - rate * (mean_now / left_1) / length)
    return steps


OPTIMIZERS = {
    "sgd": Optimizer("gradient descent", (), _sgd),
    "momentum": Optimizer(
        "gradient descent with momentum",
        ((Symbol(Kind.MOMENTUM), 0.9, "momentum: how much of the velocity is kept"),),
        _momentum,
    ),
    "adam": Optimizer(
        "Adam",
        (
            (Symbol(Kind.DECAY, (1,)), 0.9, "how much of the gradients' average is kept"),
            (Symbol(Kind.DECAY, (2,)), 0.999, "how much of their squares' average is kept"),
            (Symbol(Kind.EPSILON), 1e-8, "keeps the division from failing"),
        ),
        _adam,
    ),
}
