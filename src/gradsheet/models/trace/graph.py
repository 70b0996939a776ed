"""The graph of a model's operations, captured by ``torch.fx``."""

from typing import Any

import torch
from torch import Tensor, fx, nn

from gradsheet.errors import GradsheetError, reason


def capture(model: nn.Module, example: Tensor) -> fx.Graph:
    """The operations of ``model``, without those whose results it does not use.

    Raises:
        GradsheetError: the model cannot be captured.
    """
    try:
        graph = fx.symbolic_trace(model).graph
    except Exception as error:  # a model may raise anything while it is traced
        raise GradsheetError(
            f"{type(model).__name__} cannot be traced by torch.fx ({reason(error)}); use a model "
            "whose operations do not depend on the values of its input"
        ) from error
    graph.eliminate_dead_code()
    _insert_sizes(model, graph, example)
    return graph


class _Sizes(fx.Interpreter):
    """Runs a graph and records sizes: ``x.size(0)``, ``x.shape``."""

    def __init__(self, model: nn.Module, graph: fx.Graph) -> None:
        super().__init__(fx.GraphModule(model, graph))
        self.sizes: dict[str, int | torch.Size] = {}

    def run_node(self, node: fx.Node) -> Any:
        """Run one node."""
        result = super().run_node(node)
        if isinstance(result, int | torch.Size):
            self.sizes[node.name] = result
        return result


def _insert_sizes(model: nn.Module, graph: fx.Graph, example: Tensor) -> None:
    """Replace computed sizes by numbers, as in ``x.view(x.size(0), -1)``."""
    run = _Sizes(model, graph)
    try:
        run.run(example.detach().clone().unsqueeze(0))
    except Exception:  # the tracer reports it, with the layer's path
        return

    def replaced(argument: fx.Node) -> Any:
        return run.sizes.get(argument.name, argument)

    for node in graph.nodes:
        node.args, node.kwargs = fx.map_arg((node.args, node.kwargs), replaced)
    graph.eliminate_dead_code()


def input_nodes(arguments: Any) -> list[fx.Node]:
    """The nodes among arguments, in order, each as often as it is used."""
    found: list[fx.Node] = []
    fx.map_arg(arguments, lambda node: found.append(node) or node)  # type: ignore[func-returns-value]
    return found
