"""The steps of a derivation in the order a person takes them: forward, backward, the update."""

from collections.abc import Iterator

from gradsheet.networks.graph import Example, NetworkGraph
from gradsheet.symbolic.expression import Variable
from gradsheet.workbook import texts
from gradsheet.workbook.exercise import is_known_factor
from gradsheet.workbook.exercise_levels import Level

Section = tuple[str, str, list[Variable]]
"""A heading, the kind of its values, and they."""


def sections(graph: NetworkGraph) -> Iterator[Section]:
    """The steps in the order a person takes them, under headings."""
    example = graph.examples[0]
    parameters = [p for layer in graph.layers for p in (*layer.flat_weights, *layer.biases)]
    given = [
        *example.targets,
        *example.inputs,
        *parameters,
        graph.rate,
        *graph.settings,
        *graph.penalty,
    ]
    yield texts.GIVEN, "input", given
    for number, layer_pass in enumerate(example.layers, start=1):
        yield texts.forward_layer(number), "unit", list(layer_pass.values)
    yield texts.FORWARD_LOSS, "error", [*example.judged, *graph.regularizer, graph.loss]
    gradients, locals_by = graph.backward.gradients, graph.backward.local_derivatives_by
    judged = (*example.losses, *example.errors, *graph.regularizer)
    start = _once(step for error in judged for step in _way(graph, error))
    if start:
        yield texts.BACKWARD_LOSS, "error", start
    for number in reversed(range(len(graph.layers))):
        steps = _once(_unit_steps(graph, example, number))
        if steps:
            yield texts.backward_units(number + 1), "delta", steps
        layer = graph.layers[number]
        trained = [p for p in (*layer.flat_weights, *layer.biases) if p in gradients]
        ours = {*example.layers[number].pre_activations, *graph.regularizer}
        if trained:
            yield (
                texts.backward_weights(number + 1),
                "gradient",
                _once(
                    step
                    for p in trained
                    for step in (
                        *(f for f in locals_by[p] if _node(graph, f) in ours),
                        gradients[p],
                    )
                ),
            )
    memory = graph.steps.memory
    if memory:
        yield texts.MEMORY, "memory", list(memory)
    yield texts.UPDATE, "weight", list(graph.steps.updates.values())


def _unit_steps(graph: NetworkGraph, example: Example, number: int) -> Iterator[Variable]:
    """Back through the outputs, then through what they share, then the pre-activations."""
    layer = example.layers[number]
    if layer.shared:
        for value in (*layer.activations, *reversed(layer.shared), *layer.pre_activations):
            yield from _way(graph, value)
        return
    for unit in layer.units:
        for value in reversed(unit):
            yield from _way(graph, value)


def _way(graph: NetworkGraph, value: Variable) -> Iterator[Variable]:
    """The local derivatives by a value, and its gradient, where the loss depends on it."""
    gradients = graph.backward.gradients
    if value in gradients:
        found = graph.backward.local_derivatives_by.get(value, [])
        yield from (local for local in found if _counts(graph, local))
        yield gradients[value]


def _counts(graph: NetworkGraph, local: Variable) -> bool:
    node = _node(graph, local)
    return node is graph.loss or node in graph.backward.gradients


def _node(graph: NetworkGraph, local: Variable) -> Variable:
    """The value that a local derivative is of."""
    return graph.backward.nodes[local]


def _once(steps: Iterator[Variable]) -> list[Variable]:
    return list(dict.fromkeys(steps))


def known_variables(graph: NetworkGraph, level: Level) -> list[Variable]:
    """Given and forward values of which gradients are made; where those are asked for, none."""
    if level in (Level.FORWARD, Level.MISTAKE):
        return []
    steps = [step for _, _, section in sections(graph) for step in section]
    until = steps[: steps.index(graph.loss)]
    return [variable for variable in until if is_known_factor(variable)]
