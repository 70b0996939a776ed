"""A network with one wrong step in its backward pass, to be found by those who learn."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.mistakes import Edits, find_mistakes
from gradsheet.symbolic.differentiate import Backward
from gradsheet.symbolic.expression import Apply, Expression, Variable, apply
from gradsheet.symbolic.tape import evaluate

_APART = 0.02  # how far a wrong value must be from the right one, of that


@dataclass(frozen=True)
class Planted:
    """A network with a mistake.

    Attributes:
        graph: the network, whose backward pass holds it.
        step: the wrong step.
        right: the value that it should have.
    """

    graph: NetworkGraph
    step: Variable
    right: float


def plant(graph: NetworkGraph, seed: int) -> Planted:
    """Plant one of the mistakes that people make, chosen by the seed.

    Raises:
        GradsheetError: the network has no step in which one could be made.
    """
    candidates = list(_candidates(graph))
    random.Random(seed).shuffle(candidates)
    for edits in candidates:
        wrong, step = _Rebuilt(graph, edits).graph(), next(iter(edits))
        planted = Planted(wrong, _same(wrong, step), evaluate([step], graph.given)[step])
        if _is_visible(planted):
            return planted
    raise GradsheetError(
        "no mistake can be planted in this network; use one with a hidden layer of two units"
    )


def _is_visible(planted: Planted) -> bool:
    shown = evaluate([planted.step], planted.graph.given)[planted.step]
    return abs(shown - planted.right) > _APART * abs(planted.right)


def _candidates(graph: NetworkGraph) -> Iterator[Edits]:
    """The edits of one step, the first example's first, and of its like in other examples."""
    shown = _shown(graph)
    for mistake in find_mistakes(graph):
        edits = dict(mistake.edits)
        changed = [step for step in edits if step in shown]
        if len(changed) == 1 and next(iter(edits)) is changed[0] and not _uses_rate(graph, edits):
            yield edits
    for step in graph.backward.local_derivatives.values():
        node = graph.backward.nodes[step]
        if node in graph.examples[0].errors and step.definition is not None:
            yield {step: -step.definition}


def _shown(graph: NetworkGraph) -> frozenset[Variable]:
    """The steps of the backward pass that the derivation lays out: those of the first example."""
    first = {value for layer in graph.examples[0].layers for value in layer.values}
    first |= {*graph.examples[0].judged, *graph.parameters}
    backward = graph.backward
    steps = {local for local, node in backward.nodes.items() if node in first}
    return frozenset(steps | {backward.gradients[v] for v in first if v in backward.gradients})


def _uses_rate(graph: NetworkGraph, edits: Edits) -> bool:
    """Whether an edit needs what an update computes."""
    return any(_meets(expression, graph.rate) for expression in edits.values())


def _meets(expression: Expression, variable: Variable) -> bool:
    if isinstance(expression, Apply):
        return any(_meets(part, variable) for part in expression.arguments)
    return expression is variable


def _same(graph: NetworkGraph, step: Variable) -> Variable:
    """The step of this name."""
    backward = graph.backward
    every = (*backward.local_derivatives.values(), *backward.gradients.values())
    return next(variable for variable in every if variable.name == step.name)


class _Rebuilt:
    """The backward pass with some steps defined otherwise, and all that is computed from them."""

    def __init__(self, graph: NetworkGraph, edits: Edits) -> None:
        self._graph, self._edits = graph, edits
        self._known: dict[Variable, Variable] = {}

    def graph(self) -> NetworkGraph:
        """The network with this backward pass."""
        backward, graph = self._graph.backward, replace(self._graph)
        graph.__dict__["backward"] = Backward(
            {key: self._variable(step) for key, step in backward.local_derivatives.items()},
            {key: self._variable(step) for key, step in backward.gradients.items()},
        )
        return graph

    def _variable(self, variable: Variable) -> Variable:
        if variable not in self._known:
            old = self._edits.get(variable, variable.definition)
            new = old and self._expression(old)
            same = new is variable.definition
            self._known[variable] = variable if same else replace(variable, definition=new)
        return self._known[variable]

    def _expression(self, expression: Expression) -> Expression:
        if isinstance(expression, Variable):
            return self._variable(expression)
        if not isinstance(expression, Apply):
            return expression
        parts = [self._expression(part) for part in expression.arguments]
        if all(new is old for new, old in zip(parts, expression.arguments, strict=True)):
            return expression
        return apply(expression.operation, *parts)
