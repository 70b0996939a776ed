"""Gradient descent at many learning rates at once."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradsheet.arguments import checked
from gradsheet.deprecation import formerly, warn_renamed
from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.optimizers import Steps
from gradsheet.networks.spec import NetworkSpec
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Array, Tape

DEFAULT_LEARNING_RATES = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
DEFAULT_UPDATES = 100
_MOST_NUMBERS = 100_000_000


@dataclass(frozen=True)
class Descent:
    """What happened while a network was trained once at each learning rate.

    Row 0 of every array is the untouched network; row k follows k updates. NaN marks a number
    too large to hold: the training diverged.

    Attributes:
        learning_rates: one for each column.
        values: for each recorded variable its values, (updates + 1, learning rates).
        loss: the values of the loss, likewise.
    """

    learning_rates: tuple[float, ...]
    values: dict[Variable, Array]
    loss: Array

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rates, under their former name."""
        warn_renamed("Descent.rates", "Descent.learning_rates")
        return self.learning_rates

    @property
    def updates(self) -> int:
        """How many times the weights were updated."""
        return len(self.loss) - 1

    def diverged_after(self) -> tuple[int | None, ...]:
        """For each rate after how many updates the loss is no number any more, None if never."""
        broken = ~np.isfinite(self.loss)
        first = broken.argmax(axis=0)
        return tuple(int(k) if broken[k, rate] else None for rate, k in enumerate(first))


@checked
def sweep(
    network: NetworkSpec,
    *,
    learning_rates: Sequence[float] | None = None,
    updates: int | None = None,
) -> Descent:
    """Train a network with its optimizer, once at each learning rate, side by side.

    Args:
        network: the network.
        learning_rates: positive, no two alike; without any the network's own, else the usual six.
        updates: how many updates; without it as many as the network says, else 100.

    Returns:
        The loss after each update, (updates + 1, learning rates).

    Raises:
        GradsheetError: as ``descend``.
    """
    learning_rates = learning_rates_of(network) if learning_rates is None else learning_rates
    return descend(build_graph(network), learning_rates, updates_of(network, updates))


def learning_rates_of(network: NetworkSpec) -> tuple[float, ...]:
    """The learning rates to train a network at, where nothing else is asked for."""
    return network.learning_rates or DEFAULT_LEARNING_RATES


def updates_of(network: NetworkSpec, updates: int | None = None) -> int:
    """How often to update its weights: as asked for, else as the network says."""
    return updates if updates is not None else network.updates or DEFAULT_UPDATES


def in_updates(count: int) -> str:
    """A number of updates in words, such as ``1 update``."""
    return f"{count} update{'s' * (count != 1)}"


@formerly(rates="learning_rates")
def descend(
    graph: NetworkGraph,
    learning_rates: Sequence[float] = DEFAULT_LEARNING_RATES,
    updates: int = DEFAULT_UPDATES,
    record: Sequence[Variable] = (),
    steps: Steps | None = None,
) -> Descent:
    """Train the network of ``graph`` as ``sweep`` does, and record more than the loss.

    All gradients of an update are taken before any weight moves.

    Args:
        graph: the network.
        learning_rates: positive, no two alike.
        updates: how many updates.
        record: variables whose values to keep, besides the loss.
        steps: what an update does, in place of the network's optimizer.

    Raises:
        GradsheetError: a rate is not a positive number or is given twice, or there is none, or
            ``updates`` is below 1, or there are too many numbers to hold.
    """
    check_learning_rates(learning_rates)
    if updates < 1:
        raise GradsheetError(f"{in_updates(updates)} asked for; give at least 1")
    size = (updates + 1) * len(learning_rates) * (1 + len(record))
    if size > _MOST_NUMBERS:
        raise GradsheetError(
            f"{size:,} numbers would have to be held, at most {_MOST_NUMBERS:,} can; ask for fewer "
            "updates or fewer learning rates"
        )
    steps = steps or graph.steps
    values: dict[Variable, Array | float] = {
        **graph.given,
        **steps.memory,
        graph.rate: np.asarray(learning_rates, float),
    }
    computed = [variable for variable in record if variable not in values]
    tape = Tape([*computed, graph.loss, *steps.updates.values()])
    loss = np.empty((updates + 1, len(learning_rates)))
    recorded = {variable: np.empty_like(loss) for variable in record}
    for row in range(updates + 1):
        values |= tape.run(values)
        loss[row] = values[graph.loss]
        for variable, kept in recorded.items():
            kept[row] = values[variable]
        values |= {old: values[new] for old, new in steps.updates.items()}
    return Descent(tuple(map(float, learning_rates)), recorded, loss)


def check_learning_rates(learning_rates: Sequence[float]) -> None:
    """Raise GradsheetError unless ``learning_rates`` are positive finite numbers, no two alike."""
    if not learning_rates:
        raise GradsheetError("no learning rate given; expected at least one, such as 0.5")
    for rate in learning_rates:
        if not (math.isfinite(rate) and rate > 0):
            raise GradsheetError(f"the learning rate {rate:g} is not possible; expected above 0")
    repeated = [rate for rate, count in Counter(learning_rates).items() if count > 1]
    if repeated:
        raise GradsheetError(f"the learning rate {repeated[0]:g} is given twice; give each once")


def losses_csv(descent: Descent) -> str:
    """The loss as CSV: a row for each number of updates, a column for each rate.

    Where a training diverged its cells say ``diverged``.
    """
    lines = [",".join(["updates", *(repr(rate) for rate in descent.learning_rates)])]
    for updates, losses in enumerate(descent.loss.tolist()):
        cells = [repr(loss) if math.isfinite(loss) else "diverged" for loss in losses]
        lines.append(",".join([str(updates), *cells]))
    return "\n".join(lines) + "\n"
