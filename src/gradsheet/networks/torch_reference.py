"""A network's gradients by torch's autograd: a witness that shares no line with the expressions.

The networks that come with the package have their values recorded, so that their workbooks are
written without loading torch.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.networks.toml import PRESETS, load_network

if TYPE_CHECKING:
    from torch import Tensor

RECORD = files("gradsheet.networks") / "presets" / "autograd.json"


@dataclass(frozen=True)
class Autograd:
    """The loss of an untouched network and its gradients, in float64.

    Attributes:
        version: of torch.
        loss: the mean over the examples.
        gradients: for each trained parameter the derivative of the loss.
    """

    version: str
    loss: float
    gradients: dict[Symbol, float]


def autograd(spec: NetworkSpec) -> Autograd | None:
    """The recorded values where ``spec`` comes with the package, else torch's, computed now.

    None where they are neither recorded nor can be computed, for torch is not installed.
    """
    if spec.name in PRESETS and spec == load_network(spec.name):
        record = json.loads(RECORD.read_text("utf-8"))
        found = record["networks"][spec.name]
        gradients = {Symbol.parse(name): value for name, value in found["gradients"].items()}
        return Autograd(record["torch"], found["loss"], gradients)
    return compute(spec) if is_torch_installed() else None


def is_torch_installed() -> bool:
    """Whether ``compute`` can run."""
    try:
        import torch
    except ModuleNotFoundError:
        return False
    return bool(torch)


def compute(spec: NetworkSpec) -> Autograd:
    """Run ``spec`` forward and backward in torch, with torch's own activations and losses."""
    import torch

    parameters: dict[Symbol, Tensor] = {}

    def named(kind: Kind, values: tuple[float, ...], trained: bool) -> "Tensor":
        start = sum(symbol.kind is kind for symbol in parameters) + 1
        leaves = [
            torch.tensor(value, dtype=torch.float64, requires_grad=trained) for value in values
        ]
        parameters.update((Symbol(kind, (start + k,)), leaf) for k, leaf in enumerate(leaves))
        return torch.stack(leaves)

    signals = torch.tensor(spec.inputs, dtype=torch.float64)
    pre_activations = signals
    for layer in spec.layers:
        flat = tuple(weight for row in layer.weights for weight in row)
        pre_activations = signals @ named(Kind.WEIGHT, flat, True).reshape(layer.units, -1).T
        if layer.biases:
            pre_activations = pre_activations + named(Kind.BIAS, layer.biases, layer.train_biases)
        signals = _activations()[layer.activation](pre_activations)
    targets = torch.tensor(spec.targets, dtype=torch.float64)
    loss = _losses()[spec.loss](pre_activations, signals, targets)
    weights = [leaf for symbol, leaf in parameters.items() if symbol.kind is Kind.WEIGHT]
    loss = loss + spec.l2 / 2 * torch.stack(weights).square().sum()
    loss.backward()
    gradients = {s: float(p.grad) for s, p in parameters.items() if p.grad is not None}
    return Autograd(torch.__version__.split("+")[0], loss.item(), gradients)


def _activations() -> dict[str, Callable[["Tensor"], "Tensor"]]:
    import torch
    from torch.nn import functional as F

    return {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky-relu": F.leaky_relu,
        "gelu": F.gelu,
        "silu": F.silu,
        # torch's own softplus turns into the identity above 20
        "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        "identity": lambda x: x,
        "softmax": lambda x: torch.softmax(x, dim=-1),
    }


def _losses() -> dict[str, Callable[["Tensor", "Tensor", "Tensor"], Any]]:
    """The mean loss of pre-activations, outputs and targets, each (examples, outputs)."""
    from torch.nn import functional as F

    return {
        "half-squared-error": lambda o, a, t: F.mse_loss(a, t, reduction="sum") / 2 / len(t),
        "squared-error": lambda o, a, t: F.mse_loss(a, t, reduction="sum") / len(t),
        "mean-squared-error": lambda o, a, t: F.mse_loss(a, t),
        "binary-cross-entropy": lambda o, a, t: F.binary_cross_entropy_with_logits(o, t),
        "categorical-cross-entropy": lambda o, a, t: F.cross_entropy(o, t),
    }
