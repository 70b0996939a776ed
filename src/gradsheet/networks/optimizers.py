"""Optimizers, as expressions: from a parameter and its gradient to the next value.

What an optimizer remembers from one update to the next is a named value like any other, so it has
a column in the training table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gradsheet.networks.symbols import Kind, Symbol, named, symbol_of
from gradsheet.symbolic.expression import ONE, Expression, Variable, apply, expand
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
        variants: likewise, as other books write the same rule.
        ahead: likewise, with the gradient at the place to which the velocity alone leads. It is
            written out, so this is for functions of a few numbers.
    """

    words: str
    settings: tuple[tuple[Symbol, float, str], ...]
    step: Callable[..., Steps]
    variants: tuple[Callable[..., Steps], ...] = ()
    ahead: tuple[Callable[..., Steps], ...] = ()


Move = Callable[..., None]
"""One update of one parameter: steps, the parameter, its gradient, the rate, the settings."""


def each(move: Move) -> Callable[..., Steps]:
    """The step of a rule that moves each parameter by itself."""

    def step(gradients: Gradients, rate: Variable, *settings: Variable) -> Steps:
        steps = Steps()
        for parameter, gradient in gradients:
            move(steps, parameter, gradient, rate, *settings)
        return steps

    return step


def _velocity(steps: Steps, parameter: Variable, words: str = "velocity of {}") -> Variable:
    symbol = Symbol(Kind.VELOCITY, of=symbol_of(parameter))
    return steps.remember(symbol, 0.0, words.format(parameter.name))


@each
def sgd(steps: Steps, w: Variable, g: Variable, rate: Variable) -> None:
    """Plain gradient descent."""
    steps.move(w, w - rate * g)


# --- Momentum ----------------------------------------------------------------------------------


@each
def _momentum(steps: Steps, w: Variable, g: Variable, rate: Variable, decay: Variable) -> None:
    velocity = _velocity(steps, w)
    moved = steps.move(velocity, decay * velocity + g)
    steps.move(w, w - rate * moved)


@each
def _momentum_of_steps(
    steps: Steps, w: Variable, g: Variable, rate: Variable, decay: Variable
) -> None:
    velocity = _velocity(steps, w)
    steps.move(w, w + steps.move(velocity, decay * velocity - rate * g))


@each
def _momentum_of_scaled(
    steps: Steps, w: Variable, g: Variable, rate: Variable, decay: Variable
) -> None:
    velocity = _velocity(steps, w)
    steps.move(w, w - steps.move(velocity, decay * velocity + rate * g))


@each
def _momentum_of_averages(
    steps: Steps, w: Variable, g: Variable, rate: Variable, decay: Variable
) -> None:
    velocity = _velocity(steps, w)
    moved = steps.move(velocity, decay * velocity + (1 - decay) * g)
    steps.move(w, w - rate * moved)


@each
def _nesterov(steps: Steps, w: Variable, g: Variable, rate: Variable, decay: Variable) -> None:
    velocity = _velocity(steps, w)
    moved = steps.move(velocity, decay * velocity + g)
    steps.move(w, w - rate * (g + decay * moved))


@each
def _nesterov_of_steps(
    steps: Steps, w: Variable, g: Variable, rate: Variable, decay: Variable
) -> None:
    velocity = _velocity(steps, w)
    moved = steps.move(velocity, decay * velocity - rate * g)
    steps.move(w, w - rate * g + decay * moved)


def _nesterov_ahead(sign: float) -> Callable[..., Steps]:
    """Nesterov's momentum as it was first written; the velocity is added or subtracted."""

    def step(gradients: Gradients, rate: Variable, decay: Variable) -> Steps:
        steps = Steps()
        velocities = {w: _velocity(steps, w) for w, _ in gradients}
        there = {w: w + sign * (decay * velocity) for w, velocity in velocities.items()}
        for w, gradient in gradients:
            ahead = expand(gradient, lambda value: value.definition is None, there)
            moved = steps.move(velocities[w], decay * velocities[w] - sign * (rate * ahead))
            steps.move(w, w + sign * moved)
        return steps

    return step


# --- Steps of their own length -----------------------------------------------------------------


def _length(square: Expression, floor: Variable, inside: bool) -> Expression:
    """What a step is divided by; books add ε before or after they take the root."""
    return apply(SQUARE_ROOT, square + floor) if inside else apply(SQUARE_ROOT, square) + floor


def _adagrad(inside: bool) -> Callable[..., Steps]:
    """Duchi, Hazan and Singer, "Adaptive subgradient methods"."""

    @each
    def step(steps: Steps, w: Variable, g: Variable, rate: Variable, floor: Variable) -> None:
        squares = _velocity(steps, w, "sum of the squares of {}'s gradient")
        square = steps.move(squares, squares + apply(SQUARE, g))
        steps.move(w, w - rate * g / _length(square, floor, inside))

    return step


def _rmsprop(inside: bool) -> Callable[..., Steps]:
    """Hinton, lecture 6e."""

    @each
    def step(
        steps: Steps, w: Variable, g: Variable, rate: Variable, decay: Variable, floor: Variable
    ) -> None:
        squares = _velocity(steps, w, "moving average of the squares of {}'s gradient")
        square = steps.move(squares, decay * squares + (1 - decay) * apply(SQUARE, g))
        steps.move(w, w - rate * g / _length(square, floor, inside))

    return step


def _adam(corrected: bool = True, inside: bool = False) -> Callable[..., Steps]:
    """Kingma and Ba, "Adam: a method for stochastic optimization", algorithm 1.

    Args:
        corrected: whether the averages are divided by 1 − β to the power of the updates.
        inside: whether ε is added under the root.
    """

    def step(
        gradients: Gradients,
        rate: Variable,
        decay_1: Variable,
        decay_2: Variable,
        floor: Variable,
    ) -> Steps:
        steps = Steps()
        left_1: Expression = ONE
        left_2: Expression = ONE
        if corrected:
            left_1, left_2 = (
                1 - _power(steps, number, decay)
                for number, decay in enumerate((decay_1, decay_2), start=1)
            )
        for parameter, gradient in gradients:
            mean, square = _averages(steps, parameter, gradient, decay_1, decay_2)
            length = _length(square / left_2, floor, inside)
            steps.move(parameter, parameter - rate * (mean / left_1) / length)
        return steps

    return step


def _power(steps: Steps, number: int, decay: Variable) -> Variable:
    """A decay rate to the power of the number of updates, after this one."""
    words = f"β{number} to the power of the number of updates"
    power = steps.remember(Symbol(Kind.POWER, (number,)), 1.0, words)
    return steps.move(power, decay * power)


def _averages(
    steps: Steps, parameter: Variable, gradient: Variable, decay_1: Variable, decay_2: Variable
) -> tuple[Variable, Variable]:
    """The moving averages of a gradient and of its square, after this update."""
    name, of = parameter.name, symbol_of(parameter)
    mean = steps.remember(Symbol(Kind.MEAN, of=of), 0.0, f"moving average of {name}'s gradient")
    square = steps.remember(
        Symbol(Kind.VELOCITY, of=of), 0.0, f"moving average of its square, for {name}"
    )
    mean_now = steps.move(mean, decay_1 * mean + (1 - decay_1) * gradient)
    squared = apply(SQUARE, gradient)
    return mean_now, steps.move(square, decay_2 * square + (1 - decay_2) * squared)


# --- Weight decay ------------------------------------------------------------------------------


@each
def _decayed(steps: Steps, w: Variable, g: Variable, rate: Variable, penalty: Variable) -> None:
    steps.move(w, w - rate * (g + penalty * w))


@each
def _decayed_twice(
    steps: Steps, w: Variable, g: Variable, rate: Variable, penalty: Variable
) -> None:
    """As where λ·w² is added to the loss, and not half of it."""
    steps.move(w, w - rate * (g + 2 * penalty * w))


@each
def _shrunk(steps: Steps, w: Variable, g: Variable, rate: Variable, penalty: Variable) -> None:
    steps.move(w, (1 - penalty) * w - rate * g)


def biases_kept(decay: Callable[..., Steps]) -> Callable[..., Steps]:
    """Weight decay of the weights alone: biases are moved by plain gradient descent."""

    def step(gradients: Gradients, rate: Variable, *penalties: Variable) -> Steps:
        biases = [(p, g) for p, g in gradients if symbol_of(p).kind is Kind.BIAS]
        weights = [pair for pair in gradients if pair not in biases]
        both = decay(weights, rate, *penalties), sgd(biases, rate)
        return Steps(updates={**both[0].updates, **both[1].updates})

    return step


_MOMENTUM = (Symbol(Kind.MOMENTUM), 0.9, "momentum: how much of the velocity is kept")
_EPSILON = (Symbol(Kind.EPSILON), 1e-8, "keeps the division from failing")
_KEPT = "how much of the gradients' average is kept"
_KEPT_SQUARES = "how much of their squares' average is kept"

OPTIMIZERS = {
    "sgd": Optimizer("gradient descent", (), sgd),
    "momentum": Optimizer(
        "gradient descent with momentum",
        (_MOMENTUM,),
        _momentum,
        (_momentum_of_steps, _momentum_of_scaled, _momentum_of_averages),
    ),
    "adam": Optimizer(
        "Adam",
        (
            (Symbol(Kind.DECAY, (1,)), 0.9, _KEPT),
            (Symbol(Kind.DECAY, (2,)), 0.999, _KEPT_SQUARES),
            _EPSILON,
        ),
        _adam(),
        (_adam(inside=True), _adam(corrected=False), _adam(corrected=False, inside=True)),
    ),
    "nesterov": Optimizer(
        "gradient descent with Nesterov's momentum",
        (_MOMENTUM,),
        _nesterov,
        (_nesterov_of_steps,),
        (_nesterov_ahead(1.0), _nesterov_ahead(-1.0)),
    ),
    "adagrad": Optimizer("AdaGrad", (_EPSILON,), _adagrad(False), (_adagrad(True),)),
    "rmsprop": Optimizer(
        "RMSProp",
        ((Symbol(Kind.DECAY, (1,)), 0.99, _KEPT_SQUARES), _EPSILON),
        _rmsprop(False),
        (_rmsprop(True),),
    ),
    "weight-decay": Optimizer(
        "gradient descent with weight decay",
        ((Symbol(Kind.PENALTY), 0.01, "weight decay: how much of a weight is taken away"),),
        _decayed,
        (
            *(biases_kept(_decayed), _shrunk, biases_kept(_shrunk)),
            *(_decayed_twice, biases_kept(_decayed_twice)),
        ),
    ),
}
"""The optimizers of a network file."""

_SETTING_NAMES = {
    Kind.MOMENTUM: "momentum",
    Kind.DECAY: "beta",
    Kind.EPSILON: "epsilon",
    Kind.PENALTY: "weight_decay",
}


def setting_names(optimizer: str) -> tuple[str, ...]:
    """What the settings of an optimizer are called in a network file, in their order."""
    symbols = (symbol for symbol, _, _ in OPTIMIZERS[optimizer].settings)
    return tuple(f"{_SETTING_NAMES[s.kind]}{''.join(map(str, s.numbers))}" for s in symbols)
