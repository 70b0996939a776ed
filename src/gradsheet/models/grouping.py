"""Which nodes share a sheet, and what each sheet copies from others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradsheet.models.capture.capture import Captured
from gradsheet.models.capture.scope import LOSS
from gradsheet.models.graph import Graph, Ids, Node, Operand, Where
from gradsheet.models.primitives.convolution import Convolution
from gradsheet.models.primitives.elementwise import Elementwise
from gradsheet.models.primitives.extremum import Extremum
from gradsheet.models.primitives.leaves import Constant, Copy, Input, Parameter
from gradsheet.models.primitives.linear_map import LinearMap
from gradsheet.models.primitives.product import Product
from gradsheet.models.primitives.softmax import Softmax

_HEAVY = (Convolution, Product, Softmax, Extremum, LinearMap)
"""Each of these begins a sheet of its own, outside of torch's own layers."""

_LARGE = 600
"""Elements of a sheet from which on a heavy node begins another."""

_UNROLLED = 6_000
"""Elements of the calls of one module that are still put on one sheet."""


@dataclass(eq=False)
class Group:
    """The nodes of one sheet.

    Attributes:
        where: the module that they belong to.
        nodes: those that are computed, in order; copies from other sheets among them.
        leaves: parameters, constants and the target, which have their cells here.
        reads: the indices of the groups that are copied from; −1 is the input.
    """

    where: Where
    nodes: list[Node] = field(default_factory=list)
    leaves: list[Node] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)

    @property
    def computed(self) -> list[Node]:
        """The nodes but for the copies."""
        return [node for node in self.nodes if not isinstance(node.primitive, Copy)]


@dataclass(eq=False)
class Grouped:
    """A model as sheets.

    Attributes:
        graph: with the copies.
        groups: in the order of the data.
        inputs, parameters: as in ``Captured``, of this graph.
        output, loss, shown: elements of this graph.
        home: the index of the group of each node; −1 of an input.
    """

    graph: Graph
    groups: list[Group]
    inputs: list[Node]
    parameters: dict[str, Node]
    output: Ids
    loss: Ids | None
    shown: Ids | None
    home: dict[Node, int]


def group(captured: Captured) -> Grouped:
    """The sheets of a model."""
    live = _live(captured)
    computed = [node for node in captured.graph.nodes if node in live and not _given(node)]
    learning = {node for node in computed if _reads_parameters(captured.graph, node)}
    groups = _split(_merged(computed, learning))
    if captured.loss is not None and not any(g.where.path == LOSS for g in groups):
        groups.append(Group(Where(LOSS, "Loss", 0, True)))
    return _Copier(captured, groups).run()


def _given(node: Node) -> bool:
    return node.primitive.is_leaf


def _live(captured: Captured) -> set[Node]:
    """The nodes that the output or the loss depends on."""
    graph = captured.graph
    wanted = [ids for ids in (captured.output, captured.loss, captured.shown) if ids is not None]
    live = {n for ids in wanted for n in np.unique(graph.owners(ids)).tolist()}
    for index in range(len(graph.nodes) - 1, -1, -1):
        if index in live:
            for sources in graph.sources(graph.nodes[index]):
                live.update(sources.tolist())
    return {graph.nodes[index] for index in live}


# --- which nodes belong together -----------------------------------------------------------------


def _merged(nodes: Sequence[Node], learning: set[Node]) -> list[tuple[Where, list[Node]]]:
    """Runs of nodes of one call; the calls of a module that is called repeatedly as one run."""
    runs: list[tuple[Where, list[Node]]] = []
    for node in nodes:
        if runs and runs[-1][0] == node.where:
            runs[-1][1].append(node)
        else:
            runs.append((node.where, [node]))
    for first, last in _repeats(runs, learning):
        inside = [node for _, part in runs[first : last + 1] for node in part]
        if sum(node.size for node in inside) <= _UNROLLED:
            where = replace(runs[first][0], standard=True)
            after = [node for _, part in runs[last + 1 :] for node in part]
            return [*runs[:first], (where, inside), *_merged(after, learning)]
    return runs


def _repeats(
    runs: Sequence[tuple[Where, list[Node]]], learning: set[Node]
) -> Iterable[tuple[int, int]]:
    """The first and last run of modules with parameters that are called repeatedly."""
    seen: dict[str, list[int]] = {}
    for index, (where, nodes) in enumerate(runs):
        if where.path and where.path != LOSS and not learning.isdisjoint(nodes):
            seen.setdefault(where.path, []).append(index)
    calls = {
        path: found for path, found in seen.items() if len({runs[k][0].call for k in found}) > 1
    }
    spans = sorted({(found[0], found[-1]) for found in calls.values()})
    return sorted(spans, key=lambda s: (s[0], -s[1]))


def _reads_parameters(graph: Graph, node: Node) -> bool:
    return any(
        isinstance(graph.nodes[n].primitive, Parameter)
        for sources in graph.sources(node)
        for n in sources.tolist()
    )


def _split(runs: Iterable[tuple[Where, list[Node]]]) -> list[Group]:
    """A group for each run; outside of torch's own layers several for a long one."""
    groups: list[Group] = []
    for where, nodes in runs:
        current = Group(where)
        size, heavy = 0, False
        for node in nodes:
            is_heavy = isinstance(node.primitive, _HEAVY)
            full = size > _LARGE or (heavy and not where.path)
            if current.nodes and not where.standard and is_heavy and full:
                groups.append(current)
                current, size, heavy = Group(where), 0, False
            current.nodes.append(node)
            size += node.size
            heavy = heavy or is_heavy
        groups.append(current)
    return groups


# --- what they copy ------------------------------------------------------------------------------


class _Copier:
    """Builds the graph again, group by group, with a copy of all that comes from other sheets."""

    def __init__(self, captured: Captured, groups: list[Group]) -> None:
        self.old, self.captured, self.groups = captured.graph, captured, groups
        self.graph = Graph()
        self.ids = np.full(self.old.elements, -1, dtype=np.int64)
        self.home: dict[Node, int] = {}
        self.node: dict[Node, Node] = {}
        self.copies: dict[tuple[int, tuple[int, ...], bytes], Node] = {}

    def run(self) -> Grouped:
        """All groups."""
        inputs = [self._leaf(node, -1) for node in self.captured.inputs if not _is_target(node)]
        result = [Group(old.where) for old in self.groups]
        for index, (old, new) in enumerate(zip(self.groups, result, strict=True)):
            for node in old.nodes:
                self._add(node, index, new)
        parameters = {
            name: self.node[node]
            for name, node in self.captured.parameters.items()
            if node in self.node
        }
        targets = [
            self.node[node]
            for node in self.captured.inputs
            if _is_target(node) and node in self.node
        ]
        self._end(result)
        self._stop(self.captured.loss)
        return Grouped(
            self.graph,
            result,
            inputs + targets,
            parameters,
            self.ids[self.captured.output],
            None if self.captured.loss is None else self.ids[self.captured.loss],
            None if self.captured.shown is None else self.ids[self.captured.shown],
            self.home,
        )

    def _end(self, groups: list[Group]) -> None:
        """The constants and inputs that the model returns as they are."""
        captured = self.captured
        for ids in (captured.output, captured.loss, captured.shown):
            if ids is not None:
                for index in np.unique(self.old.owners(ids)).tolist():
                    if self.old.nodes[index] not in self.node:
                        groups[-1].leaves.append(self._leaf(self.old.nodes[index], len(groups) - 1))

    def _leaf(self, node: Node, home: int) -> Node:
        new = self.graph.add(node.primitive, (), node.shape, node.where, node.name, node.flows)
        self.ids[node.first : node.first + node.size] = new.ids.ravel()
        self.home[new], self.node[node] = home, new
        return new

    def _add(self, node: Node, index: int, into: Group) -> None:
        """A node and all that it reads."""
        operands = [self._operand(o, node, index, into) for o in node.operands]
        new = self.graph.add(node.primitive, operands, node.shape, node.where, node.name)
        self.ids[node.first : node.first + node.size] = new.ids.ravel()
        self.home[new], self.node[node] = index, new
        into.nodes.append(new)

    def _operand(self, operand: Operand, node: Node, index: int, into: Group) -> Operand:
        owners = [self.old.nodes[n] for n in np.unique(self.old.owners(operand.ids))]
        for owner in owners:
            if (owner not in self.node and owner.primitive.is_leaf) or (
                isinstance(owner.primitive, Constant) and self._elsewhere(owner, index)
            ):
                into.leaves.append(self._leaf(owner, index))
        flows = operand.flows and any(self.node[owner].flows for owner in owners)
        here = Operand(self.ids[operand.ids], flows, operand.dtype)
        if not any(self._elsewhere(owner, index) for owner in owners):
            return here
        return self._copied(here, node, index, into, owners)

    def _elsewhere(self, owner: Node, index: int) -> bool:
        if isinstance(owner.primitive, Constant) and owner.primitive.is_number:
            return False
        return self.home[self.node[owner]] != index

    def _copied(
        self, operand: Operand, node: Node, index: int, into: Group, owners: Sequence[Node]
    ) -> Operand:
        ids = operand.ids
        if isinstance(node.primitive, Elementwise):
            ids = _unstretched(ids)
        key = (index, ids.shape, ids.tobytes() + bytes([operand.flows]))
        if key not in self.copies:
            name = _copy_name(owners)
            reads = Operand(ids, operand.flows, operand.dtype)
            copy = self.graph.add(Copy(name), [reads], ids.shape, into.where, name, operand.flows)
            self.home[copy] = index
            into.nodes.append(copy)
            self.copies[key] = copy
            for owner in owners:
                home = self.home[self.node[owner]]
                if home != index and home not in into.reads:
                    into.reads.append(home)
        return Operand(self.copies[key].ids, operand.flows, operand.dtype)

    def _stop(self, loss: Ids | None) -> None:
        """Gradients only where the loss can be reached."""
        graph = self.graph
        reached: set[int] = set()
        if loss is not None:
            reached.update(np.unique(graph.owners(self.ids[loss])).tolist())
        for index in range(len(graph.nodes) - 1, -1, -1):
            node = graph.nodes[index]
            if index in reached and node.flows:
                for operand in node.operands:
                    if operand.flows:
                        reached.update(np.unique(graph.owners(operand.ids)).tolist())
        for index, node in enumerate(graph.nodes):
            node.flows = node.flows and index in reached
        for node in graph.nodes:
            node.operands = tuple(
                replace(o, flows=o.flows and node.flows and self._reaches(o.ids))
                for o in node.operands
            )

    def _reaches(self, ids: Ids) -> bool:
        return any(self.graph.nodes[n].flows for n in np.unique(self.graph.owners(ids)))


def _is_target(node: Node) -> bool:
    return isinstance(node.primitive, Input) and node.primitive.is_target


def _copy_name(owners: Sequence[Node]) -> str:
    named = [o for o in owners if isinstance(o.primitive, Parameter | Input)]
    return named[0].name if len(named) == len(owners) == 1 else "input"


def _unstretched(ids: Ids) -> Ids:
    """The elements without dimensions along which they only repeat."""
    for dim in range(ids.ndim):
        if ids.shape[dim] > 1:
            first = ids.take([0], axis=dim)
            if np.array_equal(np.broadcast_to(first, ids.shape), ids):
                ids = first
    return ids
