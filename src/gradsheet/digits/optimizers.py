"""The optimizers of a recipe: parameter groups, learning rates, and their state in a checkpoint."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gradsheet.digits.muon import Muon
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.zoo import Network

# AdamW's part of the recipe's rate where Muon has the rest: it updates what is no hidden matrix.
_ADAM_SHARE = 0.5

# The tensors that each optimizer keeps for a parameter.
_STATE: dict[type[torch.optim.Optimizer], tuple[str, ...]] = {
    torch.optim.SGD: ("momentum_buffer",),
    torch.optim.AdamW: ("step", "exp_avg", "exp_avg_sq"),
    Muon: ("momentum_buffer",),
}


def make_optimizers(model: Network, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """The optimizers that together update every parameter of ``model`` once a step.

    Weights of convolutions and of the linear layer decay; biases and batch norms do not. Muon
    updates the weights of the convolutions, AdamW beside it the linear layer, biases and norms.
    """
    weights = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "sgd":
        groups = [_group(weights, decay), _group(others, 0.0)]
        return [torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum)]
    if recipe.optimizer == "adamw":
        groups = [_group(weights, decay), _group(others, 0.0)]
        return [torch.optim.AdamW(groups, lr=rate, fused=True)]
    hidden = [weight for weight in weights if weight is not model.linear.weight]
    rest = [
        _group([model.linear.weight], decay, _ADAM_SHARE),
        _group(others, 0.0, _ADAM_SHARE),
    ]
    return [Muon([_group(hidden, decay)], rate), torch.optim.AdamW(rest, lr=rate, fused=True)]


def _group(parameters: Sequence[Tensor], decay: float, share: float = 1.0) -> dict[str, Any]:
    """Parameters with a weight decay and their share of the recipe's learning rate."""
    return {"params": list(parameters), "weight_decay": decay, "share": share}


def update_weights(optimizers: Sequence[torch.optim.Optimizer], learning_rate: float) -> None:
    """Take one step with the gradients that the parameters hold."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * group["share"]
        optimizer.step()


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Load the state of every parameter from tensors named ``INDEX.NAME``, such as ``3.exp_avg``.

    Raises:
        KeyError: a tensor is missing.
        ValueError: a tensor has another shape than its parameter.
    """
    names = _STATE[type(optimizer)]
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for index, parameter in enumerate(parameters):
        state[index] = {name: tensors[f"{index}.{name}"] for name in names}
        if any(value.shape not in (parameter.shape, ()) for value in state[index].values()):
            raise ValueError(f"the optimizer's state {index} has another shape")
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
