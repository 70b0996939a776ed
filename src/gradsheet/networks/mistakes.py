"""The mistakes that people make in the backward pass, as wrong gradients of a given network.

Each is a small change of the right derivation: one local derivative is taken for another.
They are those found in published course workbooks, where the loss fell all the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gradsheet.networks.graph import LayerPass, NetworkGraph
from gradsheet.networks.optimizers import Steps
from gradsheet.symbolic.expression import Apply, Expression, Variable, expand, variables
from gradsheet.symbolic.operations import ADD, total

Edits = dict[Variable, Expression]


@dataclass(frozen=True)
class Mistake:
    """One wrong way to compute the gradients of some parameters; those of the others are right.

    Attributes:
        name: what was done, in a few words.
        done: the same in a sentence, true of any network.
        parameters: whose gradients are wrong.
        edits: what was taken for which named value of the backward pass.
    """

    name: str
    done: str
    parameters: tuple[Variable, ...]
    edits: Edits


@dataclass(frozen=True)
class Kind:
    """One kind of mistake.

    Attributes:
        name: what is done, in a few words.
        needs: what a network must have for it to arise.
        done: the same in a sentence, true of any network.
        edits: of a network, the parameters whose gradients go wrong, and for each what takes the
            place of which local derivative; None where it cannot arise.
    """

    name: str
    needs: str
    done: str
    edits: Callable[[NetworkGraph], tuple[Iterable[Variable], Edits] | None]


def find_mistakes(graph: NetworkGraph) -> list[Mistake]:
    """The mistakes that can be made in ``graph``, each at one place."""
    mistakes = []
    for kind in KINDS:
        if found := kind.edits(graph):
            parameters = tuple(p for p in found[0] if p in graph.backward.gradients)
            mistakes.append(Mistake(kind.name, kind.done, parameters, found[1]))
    return [mistake for mistake in mistakes if mistake.parameters]


def gradients(
    graph: NetworkGraph, mistake: Mistake | None = None, shared: Iterable[Variable] = ()
) -> dict[Variable, Expression]:
    """The gradient of each parameter as an expression over given, remembered and forward values.

    What a weight is after the update may occur in it as ``w5'``.

    Args:
        graph: the network.
        mistake: the mistake that was made, if any.
        shared: gradients of the backward pass that may be used as they are; where the mistake
            changes one, it is written out.
    """
    edits = mistake.edits if mistake else {}
    known = {*graph.given, *graph.forward, graph.rate, *graph.steps.updates.values()}
    seen = dict.fromkeys(edits, True)
    known |= {variable for variable in shared if not _meets(variable, seen)}
    return {
        parameter: expand(
            gradient,
            known.__contains__,
            edits if mistake and parameter in mistake.parameters else None,
        )
        for parameter, gradient in zip(graph.parameters, graph.gradients, strict=True)
    }


def steps_with(
    graph: NetworkGraph, mistake: Mistake | None = None, shared: Iterable[Variable] = ()
) -> Steps:
    """The network's optimizer with the gradients of ``mistake``; see ``gradients``.

    It remembers the same variables as ``graph.steps``.
    """
    wrong = gradients(graph, mistake, shared)
    pairs = zip(graph.parameters, graph.gradients, strict=True)
    replaced: Edits = {gradient: wrong[parameter] for parameter, gradient in pairs}
    steps = Steps(memory=graph.steps.memory)
    for old, new in graph.steps.updates.items():  # each after those that it uses
        definition = expand(new.definition or new, lambda variable: True, replaced)
        replaced[new] = steps.updates[old] = replace(new, definition=definition)
    return steps


def _meets(variable: Variable, seen: dict[Variable, bool]) -> bool:
    """Whether an edited variable is part of what ``variable`` is made of; ``seen`` remembers."""
    if variable not in seen:
        parts = variables(variable.definition) if variable.definition else ()
        seen[variable] = any(_meets(part, seen) for part in parts)
    return seen[variable]


# --- The kinds -------------------------------------------------------------------------------


def _hidden(graph: NetworkGraph, units: int) -> int | None:
    """The last hidden layer of at least so many units, 0-based."""
    for number in reversed(range(len(graph.layers) - 1)):
        if len(graph.layers[number].units) >= units:
            return number
    return None


def _passes(graph: NetworkGraph, number: int) -> Iterator[LayerPass]:
    return (example.layers[number] for example in graph.examples)


def _signals(graph: NetworkGraph) -> Iterator[tuple[LayerPass, tuple[Variable, ...]]]:
    """For each example the output layer and what flows into it."""
    for example in graph.examples:
        before = example.layers[-2].activations if len(example.layers) > 1 else example.inputs
        yield example.layers[-1], before


def _wrong_unit(graph: NetworkGraph) -> tuple[Iterable[Variable], Edits] | None:
    number = _hidden(graph, units=2)
    if number is None:
        return None
    edits: Edits = {}
    for layer in _passes(graph, number):
        right = _derivative(graph, layer, 1)
        wrong = _derivative(graph, layer, 0)
        if right is None or wrong is None or not any(variables(right.definition or right)):
            return None
        edits[right] = wrong
    return graph.layers[number].weights[1], edits


def _derivative(graph: NetworkGraph, layer: LayerPass, unit: int) -> Variable | None:
    """The derivative of a unit's activation function."""
    pre_activation, activation = layer.units[unit]
    return graph.backward.local_derivatives.get((activation, pre_activation))


def _pre_activation_for_activation(graph: NetworkGraph) -> tuple[Iterable[Variable], Edits] | None:
    """The last weight into the first output unit."""
    if len(graph.layers) < 2 or graph.spec.layers[-2].activation == "identity":
        return None
    weight = graph.layers[-1].weights[0][-1]
    edits: Edits = {}
    for example in graph.examples:
        *_, before, last = example.layers
        local = graph.backward.local_derivatives[last.pre_activations[0], weight]
        edits[local] = before.pre_activations[-1]
    return [weight], edits


def _bracket(graph: NetworkGraph) -> tuple[Iterable[Variable], Edits] | None:
    """(A + B)·σ′, written A + B·σ′."""
    number = _hidden(graph, units=1)
    if number is None:
        return None
    edits: Edits = {}
    for layer in _passes(graph, number):
        gradients = graph.backward.gradients
        summed = gradients[layer.activations[0]].definition
        if not (isinstance(summed, Apply) and summed.operation is ADD):
            return None
        derivative = _derivative(graph, layer, 0)
        if derivative is None:
            return None
        *first, last = summed.arguments
        edits[gradients[layer.pre_activations[0]]] = total([*first, last * derivative])
    return graph.layers[number].weights[0], edits


def _swapped(graph: NetworkGraph) -> tuple[Iterable[Variable], Edits] | None:
    pair = graph.layers[-1].weights[-1][:2]
    if len(pair) < 2:
        return None
    gradients = graph.backward.gradients
    return pair, {gradients[pair[0]]: gradients[pair[1]], gradients[pair[1]]: gradients[pair[0]]}


def _neighbor(graph: NetworkGraph) -> tuple[Iterable[Variable], Edits] | None:
    row = graph.layers[-1].weights[0]
    if len(row) < 2:
        return None
    edits: Edits = {}
    for layer, signals in _signals(graph):
        edits[graph.backward.local_derivatives[layer.pre_activations[0], row[1]]] = signals[0]
    return [row[1]], edits


def _updated(graph: NetworkGraph) -> tuple[Iterable[Variable], Edits] | None:
    number = _hidden(graph, units=1)
    if number is None:
        return None
    edits: Edits = {}
    for example in graph.examples:
        signal = example.layers[number].activations[0]
        above_all, rows = (
            example.layers[number + 1].pre_activations,
            graph.layers[number + 1].weights,
        )
        for above, row in zip(above_all, rows, strict=True):
            moved = graph.steps.updates[row[0]]
            if (above, signal) in graph.backward.local_derivatives:
                edits[graph.backward.local_derivatives[above, signal]] = moved
    return graph.layers[number].weights[0], edits


KINDS = (
    Kind(
        "local derivative of the wrong unit",
        "a nonlinear hidden layer of two units",
        "The derivative of the activation is taken at the first unit, where the second one's "
        "belongs.",
        _wrong_unit,
    ),
    Kind(
        "pre-activation in place of its activation",
        "a nonlinear hidden layer",
        "The last factor is the pre-activation of the unit below, where its activation belongs.",
        _pre_activation_for_activation,
    ),
    Kind(
        "misplaced bracket: the local derivative multiplies the last term only",
        "a hidden layer with two units above it",
        "Each unit above adds a term; the derivative of the activation belongs to their sum.",
        _bracket,
    ),
    Kind(
        "two gradients swapped",
        "two weights into one unit",
        "Each of the two weights is moved by the gradient of the other.",
        _swapped,
    ),
    Kind(
        "neighbor's signal in the last factor",
        "two weights into one unit",
        "The last factor is the signal of the first weight, where that of the second belongs.",
        _neighbor,
    ),
    Kind(
        "weight updated before its old value was used",
        "a hidden layer",
        "The weights above are updated first, and the error is passed back through the new ones.",
        _updated,
    ),
)
