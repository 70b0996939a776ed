"""What several tests need: random networks, and how far two sets of cells are apart."""

import random
from itertools import pairwise

from gradsheet.networks.losses import LOSSES
from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.networks.spec import SOFTMAX, LayerSpec, NetworkSpec
from gradsheet.symbolic.operations import ACTIVATIONS

Numbers = tuple[float, ...]


def random_network(seed: int) -> NetworkSpec:
    """1 to 3 layers of 1 to 4 units, of any activation, loss, optimizer and kind of bias.

    1 to 4 examples.
    """
    draw = random.Random(seed)
    activations = sorted(ACTIVATIONS)
    sizes = [draw.randint(1, 4) for _ in range(draw.randint(2, 4))]
    loss = draw.choice(sorted(LOSSES))
    layers = []
    for number, (inputs, units) in enumerate(pairwise(sizes), start=1):
        last = number == len(sizes) - 1
        activation = draw.choice([*activations, SOFTMAX] if last else activations)
        biases = draw.choice((0, 1, units))
        layers.append(
            LayerSpec(
                weights=tuple(_numbers(draw, inputs, 1.5) for _ in range(units)),
                activation=(LOSSES[loss].activation if last else "") or activation,
                biases=_numbers(draw, biases, 1),
                train_biases=draw.random() < 0.7,
            )
        )
    count = draw.choice((1, 1, 2, 4))
    shares = bool(LOSSES[loss].activation)
    targets = tuple(_numbers(draw, sizes[-1], 1) for _ in range(count))
    optimizer = draw.choice(sorted(OPTIMIZERS))
    return NetworkSpec(
        inputs=tuple(_numbers(draw, sizes[0], 2) for _ in range(count)),
        targets=tuple(tuple(abs(t) for t in row) if shares else row for row in targets),
        layers=tuple(layers),
        loss=loss,
        optimizer=optimizer,
        name=f"random-{seed}",
    )


def _numbers(draw: random.Random, count: int, size: float) -> Numbers:
    return tuple(draw.uniform(-size, size) for _ in range(count))
