"""Loss functions, as expressions over the targets and the outputs of one example."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gradsheet.symbolic.expression import Expression, Number, Variable, apply
from gradsheet.symbolic.operations import LOGARITHM, RELU, SOFTPLUS, SQUARE, total


@dataclass(frozen=True)
class Output:
    """An output unit, as a loss sees it.

    Attributes:
        pre_activation: ``o``.
        activation: the output ``a_o``.
        log_sum: of a softmax, ``L = ln Σ exp(o)``, so that ``ln a_o`` is ``o - L``.
    """

    pre_activation: Variable
    activation: Variable
    log_sum: Variable | None


@dataclass(frozen=True)
class Loss:
    """How far the outputs are from the targets.

    Attributes:
        words: what it is, for people.
        error: of one target and its output.
        total: of all errors of an example: what is minimized, averaged over the examples.
        activation: what the output layer must have, where the loss has a meaning with one only.
    """

    words: str
    error: Callable[[Expression, Output], Expression]
    total: Callable[[Sequence[Expression]], Expression]
    activation: str = ""

    def described(self, outputs: int) -> str:
        """What it is, for people; of a single output without a word of a sum or a mean."""
        return self.words if outputs > 1 else self.words.partition(", ")[0]


def _mean(errors: Sequence[Expression]) -> Expression:
    return total(errors) / len(errors)


def _squared_difference(target: Expression, output: Output) -> Expression:
    return apply(SQUARE, target - output.activation)


def _absolute_difference(target: Expression, output: Output) -> Expression:
    difference = target - output.activation
    return apply(RELU, difference) + apply(RELU, -difference)


def _binary_cross_entropy(target: Expression, output: Output) -> Expression:
    # With a = σ(o) this is -t·ln a - (1 - t)·ln(1 - a), and it holds where a rounds to 0 or 1.
    return apply(SOFTPLUS, output.pre_activation) - target * output.pre_activation


def _categorical_cross_entropy(target: Expression, output: Output) -> Expression:
    if output.log_sum is None:
        raise ValueError("the categorical cross-entropy needs a softmax")
    return target * (output.log_sum - output.pre_activation)  # -t·ln a, also where a rounds to 0


LOSSES = {
    "half-squared-error": Loss(
        "half the squared difference, summed over the outputs",
        lambda target, output: 0.5 * _squared_difference(target, output),
        total,
    ),
    "squared-error": Loss(
        "the squared difference, summed over the outputs", _squared_difference, total
    ),
    "mean-squared-error": Loss(
        "the squared difference, averaged over the outputs", _squared_difference, _mean
    ),
    "binary-cross-entropy": Loss(
        "−t·ln a − (1 − t)·ln(1 − a), averaged over the outputs",
        _binary_cross_entropy,
        _mean,
        "sigmoid",
    ),
    "categorical-cross-entropy": Loss(
        "−t·ln a, summed over the outputs", _categorical_cross_entropy, total, "softmax"
    ),
}


# --- The same losses as others scale them ------------------------------------------------------


@dataclass(frozen=True)
class Convention:
    """A loss with its factors where a book or a sheet puts them.

    Attributes:
        form: what is summed: ``square``, ``difference`` (errors t − a, squared in the sum),
            ``negative-difference``, ``binary``, ``categorical`` or ``absolute``.
        error: the factor of each error.
        total: the factor of their sum.
    """

    form: str
    error: float
    total: float


_FORMS: dict[str, tuple[str, Callable[[Expression, Output], Expression], str]] = {
    "square": ("the squared difference", _squared_difference, ""),
    "difference": ("the squared difference", lambda t, output: t - output.activation, ""),
    "negative-difference": ("the squared difference", lambda t, output: output.activation - t, ""),
    "binary": ("−t·ln a − (1 − t)·ln(1 − a)", _binary_cross_entropy, "sigmoid"),
    "categorical": ("−t·ln a", _categorical_cross_entropy, "softmax"),
    "absolute": ("the absolute difference", _absolute_difference, ""),
}
FORMS = tuple(_FORMS)


def error_of(form: str) -> Callable[[Expression, Output], Expression]:
    """The error of a target and its output, without a factor."""
    return _FORMS[form][1]


# What a reference computes without a logarithm of 0, as it is written on paper.
_ON_PAPER: dict[str, Callable[[Expression, Expression], Expression]] = {
    "binary": lambda t, a: -(t * apply(LOGARITHM, a)) - (1 - t) * apply(LOGARITHM, 1 - a),
    "categorical": lambda t, a: -(t * apply(LOGARITHM, a)),
}


def error_on_paper(form: str) -> Callable[[Expression, Expression], Expression] | None:
    """The error of a target and an activation as books write it, where ``error_of`` differs."""
    return _ON_PAPER.get(form)


@lru_cache(maxsize=64)
def conventions(outputs: int) -> dict[str, Convention]:
    """Every loss with so many outputs, the usual ones by their own names and first."""
    n = float(outputs)
    found = {
        "half-squared-error": Convention("square", 0.5, 1.0),
        "squared-error": Convention("square", 1.0, 1.0),
        "mean-squared-error": Convention("square", 1.0, 1 / n),
        "binary-cross-entropy": Convention("binary", 1.0, 1 / n),
        "categorical-cross-entropy": Convention("categorical", 1.0, 1.0),
    }
    known = set(found.values())
    for name, convention in _further(n):
        if convention not in known:
            known.add(convention)
            found[name] = convention
    return found


def _further(n: float) -> Iterator[tuple[str, Convention]]:
    of_sums = {"sum": 1.0, "mean": 1 / n, "half-sum": 0.5, "half-mean": 0.5 / n}
    for form in FORMS:
        for name, factor in of_sums.items():
            yield f"{form}-{name}", Convention(form, 1.0, factor)
    for form in ("square", "binary", "categorical"):
        yield f"{form}-shares", Convention(form, 1 / n, 1.0)
    yield "square-half-shares", Convention("square", 0.5 / n, 1.0)
    yield "square-mean-of-halves", Convention("square", 0.5, 1 / n)
    yield "square-quarters", Convention("square", 0.25, 1.0)


@lru_cache(maxsize=256)
def loss_named(name: str, outputs: int) -> Loss:
    """The loss with a name in ``conventions``."""
    return LOSSES[name] if name in LOSSES else _scaled(conventions(outputs)[name], outputs)


def _scaled(convention: Convention, outputs: int) -> Loss:
    words, error, activation = _FORMS[convention.form]
    squares_later = "difference" in convention.form

    def total_of(errors: Sequence[Expression]) -> Expression:
        terms = [apply(SQUARE, e) for e in errors] if squares_later else errors
        return Number(convention.total) * total(terms)

    return Loss(
        _words(words, convention, outputs),
        lambda target, output: Number(convention.error) * error(target, output),
        total_of,
        activation,
    )


def _words(summed: str, convention: Convention, outputs: int) -> str:
    """What a loss is, for people: ``half the squared difference, averaged over the outputs``."""
    factor, mean = convention.error * convention.total, 1 / outputs
    half = factor == 0.5 or (factor != mean and factor == 0.5 * mean)
    averaged = factor not in (1.0, 0.5) and outputs > 1
    summing = "averaged" if averaged else "summed"
    share = "half " if half else "a quarter of " if factor == 0.25 and outputs == 1 else ""
    return f"{share}{summed}, {summing} over the outputs"
