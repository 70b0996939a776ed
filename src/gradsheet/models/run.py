"""Runs a graph in torch: the value of every node, and the gradient of the loss by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradsheet.models.graph import Gather, Graph, Ids, Node, Operand, gather

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Numbers:
    """What a graph computes.

    Attributes:
        values: of every element.
        gradients: ∂L/∂element; of what the loss does not depend on 0.
    """

    values: Array
    gradients: Array

    def of(self, ids: Ids) -> Array:
        """The values of elements."""
        return self.values[ids]

    def loss_by(self, ids: Ids) -> Array:
        """The gradients with respect to elements."""
        return self.gradients[ids]


class Runner:
    """Runs a graph, as often as it is asked, with other leaves."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._plans = [[gather(graph, operand) for operand in n.operands] for n in graph.nodes]

    def run(self, leaves: Mapping[Node, Tensor], loss: Ids | None) -> Numbers:
        """The numbers for these inputs and parameters.

        Args:
            leaves: the tensor of each input and parameter.
            loss: its element; None without a loss.
        """
        with torch.inference_mode(False), torch.enable_grad():
            results = self._forward(leaves)
            if loss is not None:
                self._backward(results, loss)
        return Numbers(self._flat(results), self._gradients(results))

    def _forward(self, leaves: Mapping[Node, Tensor]) -> list[Tensor | None]:
        results: list[Tensor | None] = []
        for node, plans in zip(self.graph.nodes, self._plans, strict=True):
            results.append(_result(node, plans, results, leaves))
        return results

    def _backward(self, results: Sequence[Tensor | None], loss: Ids) -> None:
        total = gather(self.graph, Operand(loss, True, torch.float64))(results)
        if total.requires_grad:
            total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped

    def _flat(self, results: Sequence[Tensor | None]) -> Array:
        found = np.empty(self.graph.elements)
        for node, result in zip(self.graph.nodes, results, strict=True):
            assert result is not None
            numbers = result.detach().to(torch.float64).numpy()
            found[node.first : node.first + node.size] = numbers.ravel()
        return found

    def _gradients(self, results: Sequence[Tensor | None]) -> Array:
        found = np.zeros(self.graph.elements)
        for node, result in zip(self.graph.nodes, results, strict=True):
            if result is not None and result.grad is not None:
                found[node.first : node.first + node.size] = result.grad.numpy().ravel()
        return found


def _result(
    node: Node,
    plans: Sequence[Gather],
    results: Sequence[Tensor | None],
    leaves: Mapping[Node, Tensor],
) -> Tensor:
    """The result of a node, which keeps its gradient."""
    if node in leaves:
        return leaves[node].detach().clone().requires_grad_(node.flows)
    operands = [plan(results) for plan in plans]
    for place, operand in enumerate(node.operands):
        if not operand.flows:
            operands[place] = operands[place].detach()
    found = node.primitive.compute(*operands)
    # A copy leaves out the dimensions along which a tensor is only repeated.
    same = found.numel() == node.size
    found = found.reshape(node.shape) if same else found.broadcast_to(node.shape).clone()
    if found.requires_grad:
        found.retain_grad()
    return found
