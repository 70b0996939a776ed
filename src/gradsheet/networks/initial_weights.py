"""Weights drawn at random from a seed, by the schemes of Glorot and of He."""

import math
import random

_BOUNDS = {
    "xavier": lambda inputs, units: math.sqrt(6 / (inputs + units)),
    "he": lambda inputs, units: math.sqrt(6 / inputs),
}
SCHEMES = tuple(_BOUNDS)
"""Xavier (Glorot and Bengio 2010) and He (He et al. 2015), both uniform about 0."""

_HE_ACTIVATIONS = ("relu", "leaky-relu", "gelu", "silu", "softplus")
_DIGITS = 4  # decimals, so that a sheet can be checked by hand


def usual_scheme(activation: str) -> str:
    """The scheme that books advise with an activation."""
    return "he" if activation in _HE_ACTIVATIONS else "xavier"


def draw_weights(
    scheme: str, inputs: int, units: int, draw: random.Random
) -> tuple[tuple[float, ...], ...]:
    """Random weights of a layer, (units, inputs), rounded to four decimals."""
    bound = _BOUNDS[scheme](inputs, units)
    return tuple(
        tuple(round(draw.uniform(-bound, bound), _DIGITS) for _ in range(inputs))
        for _ in range(units)
    )
