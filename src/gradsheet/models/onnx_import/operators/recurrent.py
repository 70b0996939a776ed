"""RNN, GRU and LSTM, a step at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gradsheet.errors import GradsheetError

Activations = Sequence[Callable[[Tensor], Tensor]]
State = tuple[Tensor, ...]
Step = Callable[[int, Tensor, State], State]

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "tanh": torch.tanh,
}


def rnn(
    x: Tensor,
    weight: Tensor,
    recurrent: Tensor,
    bias: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    layout: int = 0,
    activations: list[str] | None = None,
) -> tuple[Tensor, ...]:
    """The plain network: h = f(W·x + R·h + b)."""
    directions, size = len(weight), recurrent.shape[-1]
    functions = _functions(activations, ["Tanh"], directions)
    biases = _biases(bias, directions, size, x)

    def step(d: int, x: Tensor, state: State) -> State:
        w, r = biases[d].chunk(2)
        return (functions[d][0](x @ weight[d].T + w + state[0] @ recurrent[d].T + r),)

    return _unroll(x, sequence_lens, direction, layout, [initial_h], size, step)


def gru(
    x: Tensor,
    weight: Tensor,
    recurrent: Tensor,
    bias: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    layout: int = 0,
    linear_before_reset: int = 0,
    activations: list[str] | None = None,
) -> tuple[Tensor, ...]:
    """Gated: h = (1 − z)·h̃ + z·h, with an update gate z and a reset gate r."""
    directions, size = len(weight), recurrent.shape[-1]
    functions = _functions(activations, ["Sigmoid", "Tanh"], directions)
    biases = _biases(bias, directions, 3 * size, x)

    def step(d: int, x: Tensor, state: State) -> State:
        (f, g), (h,) = functions[d], state
        wb, rb = biases[d].chunk(2)
        wz, wr, wh = (x @ weight[d].T + wb).chunk(3, -1)
        (rz, rr, rh), (bz, br, bh) = recurrent[d].chunk(3), rb.chunk(3)
        z, r = f(wz + h @ rz.T + bz), f(wr + h @ rr.T + br)
        if linear_before_reset:
            candidate = g(wh + r * (h @ rh.T + bh))
        else:
            candidate = g(wh + (r * h) @ rh.T + bh)
        return ((1 - z) * candidate + z * h,)

    return _unroll(x, sequence_lens, direction, layout, [initial_h], size, step)


def lstm(
    x: Tensor,
    weight: Tensor,
    recurrent: Tensor,
    bias: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    initial_c: Tensor | None = None,
    peepholes: Tensor | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    layout: int = 0,
    input_forget: int = 0,
    activations: list[str] | None = None,
) -> tuple[Tensor, ...]:
    """With a cell: c = f·c + i·c̃ and h = o·tanh(c); i, o and f are gates."""
    directions, size = len(weight), recurrent.shape[-1]
    functions = _functions(activations, ["Sigmoid", "Tanh", "Tanh"], directions)
    biases = _biases(bias, directions, 4 * size, x)

    def step(d: int, x: Tensor, state: State) -> State:
        (gate, g, last), (h, c) = functions[d], state
        wb, rb = biases[d].chunk(2)
        i, o, f, candidate = (x @ weight[d].T + wb + h @ recurrent[d].T + rb).chunk(4, -1)
        if peepholes is not None:
            pi, po, pf = peepholes[d].chunk(3)
            i, f = i + pi * c, f + pf * c
        i = gate(i)
        f = 1 - i if input_forget else gate(f)
        c = f * c + i * g(candidate)
        o = gate(o if peepholes is None else o + po * c)
        return o * last(c), c

    return _unroll(x, sequence_lens, direction, layout, [initial_h, initial_c], size, step)


def _functions(given: list[str] | None, default: list[str], directions: int) -> list[Activations]:
    """The activations of each direction."""
    names = [name.lower() for name in given or default * directions]
    unknown = [name for name in names if name not in _ACTIVATIONS]
    if unknown:
        raise GradsheetError(f"with the activation {unknown[0]}")
    size = len(default)
    return [[_ACTIVATIONS[n] for n in names[d * size :][:size]] for d in range(directions)]


def _biases(bias: Tensor | None, directions: int, size: int, x: Tensor) -> Tensor:
    return x.new_zeros(directions, 2 * size) if bias is None else bias


def _unroll(
    x: Tensor,
    lengths: Tensor | None,
    direction: str,
    layout: int,
    initial: list[Tensor | None],
    size: int,
    step: Step,
) -> tuple[Tensor, ...]:
    """The outputs of all steps and the last state, of x (steps, batch, inputs).

    With ``layout`` the batch comes first everywhere. Beyond the length of a sequence its state
    stays, and its outputs are 0.
    """
    x = x.transpose(0, 1) if layout else x
    steps, batch = x.shape[:2]
    backward = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]
    outputs, last = [], []
    for d, reverse in enumerate(backward):
        state = tuple(
            x.new_zeros(batch, size) if given is None else given[:, d] if layout else given[d]
            for given in initial
        )
        found = []
        for t in reversed(range(steps)) if reverse else range(steps):
            following = step(d, x[t], state)
            if lengths is None:
                state, output = following, following[0]
            else:
                inside = (lengths > t)[:, None]
                pairs = zip(following, state, strict=True)
                state = tuple(torch.where(inside, new, old) for new, old in pairs)
                output = torch.where(inside, following[0], 0.0)
            found.append(output)
        outputs.append(torch.stack(found[::-1] if reverse else found))
        last.append(state)
    y = torch.stack(outputs, 1)
    finals = [torch.stack(parts, 1 if layout else 0) for parts in zip(*last, strict=True)]
    return (y.permute(2, 0, 1, 3) if layout else y), *finals


OPERATORS: dict[str, Callable[..., Any]] = {"GRU": gru, "LSTM": lstm, "RNN": rnn}
