"""Records what a model computes, as torch's operations come by.

The model runs as it is, once, on the example. A dispatch mode sees every operation of torch below
autograd. Each storage of memory has the numbers of its elements beside it: a view shares them, an
operation in place writes them, and so all spellings of a movement cost nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from gradsheet.errors import GradsheetError, reason
from gradsheet.models.capture import complex_numbers
from gradsheet.models.capture.builder import FIXED, UNKNOWN, Builder, Value
from gradsheet.models.capture.complex_numbers import as_real
from gradsheet.models.capture.custom import Saved, gradient_node, with_own_gradient
from gradsheet.models.capture.pointwise import pointwise
from gradsheet.models.capture.rules import MOVES, RULES, UNRELATED
from gradsheet.models.capture.scope import Scope
from gradsheet.models.graph import Graph, Ids

_SCALARS = frozenset({"_local_scalar_dense", "equal", "is_nonzero", "is_same_size"})
"""What makes a Python value of a tensor."""

_SIZED_BY_VALUES = frozenset({"nonzero", "_unique", "_unique2", "unique_dim", "unique_consecutive"})
"""Operations whose result has as many numbers as the values say."""

REFUSED = -3
"""Likewise, of an element that an operation without formulas computes."""


@dataclass
class Elements:
    """The numbers of the elements of every storage."""

    found: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def of(self, tensor: Tensor) -> Tensor:
        """The numbers of a tensor's elements: a view, to be written to as well.

        A complex number has two, those of its parts, in a last dimension.
        """
        storage = tensor.untyped_storage()
        key, size = storage._cdata, tensor.element_size() // (2 if tensor.is_complex() else 1)
        if key not in self.found:
            count = storage.nbytes() // size
            numbers = torch.full((count,), UNKNOWN, dtype=torch.int64)
            self.found[key] = (tensor.detach(), numbers)  # kept: its address is not given again
        numbers = self.found[key][1]
        parts = storage.nbytes() // size // max(1, len(numbers))
        if parts > 1:  # numbers, seen as several smaller ones
            numbers = numbers.repeat_interleave(parts)
            self.found[key] = (tensor.detach(), numbers)
        if tensor.is_complex():
            sizes, strides = (*tensor.size(), 2), (*(2 * s for s in tensor.stride()), 1)
            return torch.as_strided(numbers, sizes, strides, 2 * tensor.storage_offset())
        return torch.as_strided(numbers, tensor.size(), tensor.stride(), tensor.storage_offset())

    def knows(self, tensor: Tensor) -> bool:
        """Whether some element of a tensor depends on the model's inputs or parameters."""
        return tensor.untyped_storage()._cdata in self.found and bool(
            (self.of(tensor) != UNKNOWN).any()
        )


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """Builds a graph from the operations of a running model."""

    def __init__(self, graph: Graph, scope: Scope) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.elements = Elements()
        self.scope = scope
        self.builder = Builder(graph, scope)
        self.names: dict[int, str] = {}
        self._refused: dict[int, str] = {}
        self._leaves: set[int] = set()
        self._stopped: frozenset[int] = frozenset()
        self._resolved: dict[int, Tensor] = {}
        self._written_to: Tensor | None = None

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: torch would import its compiler only to stay out of the way of this class."""
        return False

    def leaf(self, tensor: Tensor, ids: Ids) -> None:
        """Give the elements of an input or a parameter their numbers."""
        self.elements.of(tensor).copy_(torch.from_numpy(ids))
        self._leaves.add(id(tensor))

    def with_own_gradient(self, function: Any, args: Sequence[Any], result: Any) -> Any:
        """The result of a custom function with the gradient that its own backward pass gives.

        Where that is no function of single numbers, it is the result as it is.
        """
        is_new = function.setup_context is not torch.autograd.Function.setup_context
        given, inputs = (None, args) if is_new else (args[0], args[1:])
        read = [k for k, a in enumerate(inputs) if isinstance(a, Tensor) and a.is_floating_point()]
        values = [self._value(inputs[k]) for k in read]
        single = isinstance(result, Tensor) and result.is_floating_point()
        if not single or not any(value.flows for value in values):
            return result
        output = self.builder.whole(self._value(result))
        first = len(self.builder.graph.nodes)
        node = gradient_node(self.builder, tuple(result.shape))
        gradient = torch.ones(result.shape, dtype=torch.float64)
        self.elements.of(gradient).copy_(torch.from_numpy(node.ids))
        try:
            back = function.backward(Saved(function, given, inputs, result), gradient)
            parts = back if isinstance(back, tuple) else (back,)
            found = [None if parts[k] is None else self._value(parts[k]) for k in read]
        except Exception:  # whatever it needs of torch's context
            self.builder.graph.take_back(first)
            return result
        name = function.__name__
        value = with_own_gradient(self.builder, name, values, output, found, first, node)
        if value is None:
            return result
        copied = result.clone()
        self.elements.of(copied).copy_(torch.from_numpy(value.ids))
        return copied

    def ids(self, tensor: Tensor) -> Ids:
        """The elements of a result of the model; what depends on nothing becomes a constant."""
        return self.builder.whole(self._value(tensor)).ids

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operation and record it."""
        given = kwargs or {}
        tensors = [t for t in _flat((args, given)) if isinstance(t, Tensor)]
        tracked = [t for t in tensors if self.elements.knows(t)]
        name = func._schema.name.split("::")[1]
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.scope.drawn.setdefault(self.scope.where.path)
        if func._schema.is_mutable and _writes_first(func, given):
            return self._mutate(func, name, args, given, bool(tracked))
        if tracked and name in _SCALARS and name != "is_same_size":
            self._decide(tracked, name)
        known = name in MOVES or name in RULES or name in UNRELATED or name in _SCALARS
        known = known or name in complex_numbers.RULES
        if tracked and not known and (steps := _steps_of(func)) is not None:
            return self._in_steps(steps, tensors, args, given)
        if tracked and not known and name in _SIZED_BY_VALUES:
            return self._sized_by_values(func, name, tracked, args, given)
        result = func(*args, **given)
        if name == "clone" and (args[0].is_conj() or args[0].is_neg()) and self._flows(args[0]):
            self._resolved[id(result)] = result
        if tracked and name not in UNRELATED and name not in _SCALARS:
            shared = {t.untyped_storage()._cdata for t in tensors}
            outputs = [t for t in _flat(result) if isinstance(t, Tensor)]
            if any(t.untyped_storage()._cdata not in shared for t in outputs):
                if name in MOVES or name in RULES or name in complex_numbers.RULES:
                    self._store(outputs, self._lowered(name, args, given), shared, name)
                else:
                    self._mark(outputs, f"torch's {name}")
        return result

    def _sized_by_values(
        self, func: Any, name: str, tracked: Sequence[Tensor], args: Any, given: dict[str, Any]
    ) -> Any:
        """Run an operation whose result has a size by values, which decide what is computed.

        Of computed numbers it may be told where they are not 0, but not what they are.
        """
        result = func(*args, **given)
        values = [Value(self.elements.of(t).numpy(), False, t.dtype) for t in tracked]
        if all(map(self.builder.fix, values)):
            return result
        if name == "nonzero":
            self.scope.decided.setdefault(self.scope.where.path)
        else:
            outputs = [t for t in _flat(result) if isinstance(t, Tensor)]
            self._mark(
                outputs,
                f"torch's {name}, whose size depends on the values of the input (use all numbers "
                "and a mask instead),",
            )
        return result

    def _decide(self, tensors: Sequence[Tensor], name: str) -> None:
        """A number of a tensor becomes one of Python: whole inputs are fixed, others are stated."""
        for tensor in tensors:
            ids = self.elements.of(tensor).numpy()
            is_truth = tensor.dtype == torch.bool or name != "_local_scalar_dense"
            if is_truth or not self.builder.fix(Value(ids, False, tensor.dtype)):
                self.scope.decided.setdefault(self.scope.where.path)

    def _in_steps(
        self, steps: Callable[..., Any], tensors: Sequence[Tensor], args: Any, given: dict[str, Any]
    ) -> Any:
        """Run an operation as the operations that torch itself says it is made of."""
        before = self._stopped
        ends = [t.untyped_storage()._cdata for t in tensors if not self._flows(t)]
        self._stopped = before | frozenset(ends)
        try:
            with self, self.scope.without_gradients():
                return steps(*args, **given)
        finally:
            self._stopped = before

    def _flows(self, tensor: Tensor) -> bool:
        """Whether the gradient flows back through a tensor."""
        if tensor.requires_grad:  # one that the model makes a leaf is where its gradient ends
            return not tensor.is_leaf or id(tensor) in self._leaves
        if id(tensor) in self._resolved:  # torch conjugates below autograd what it had noted to be
            return True
        if tensor is self._written_to:  # by .data: what its elements had flows on to who reads them
            return self.builder.reaches(self.elements.of(tensor).numpy())
        if not self.scope.custom or tensor.untyped_storage()._cdata in self._stopped:
            return False
        return self.builder.reaches(self.elements.of(tensor).numpy())

    def _mark(self, outputs: Sequence[Tensor], what: str) -> None:
        """Refuse what has no formulas when it is used, not before."""
        where = self.scope.place()
        for tensor in outputs:
            self.elements.of(tensor).fill_(REFUSED)
            self._refused[tensor.untyped_storage()._cdata] = f"{where}: {what}"

    def _mutate(
        self, func: Any, name: str, args: tuple[Any, ...], given: dict[str, Any], tracked: bool
    ) -> Any:
        """Run and record an operation in place."""
        target = given.get("out", args[0] if args else None)
        if not isinstance(target, Tensor):
            return func(*args, **given)
        plain = name.removesuffix("_")
        found = None
        if torch.Tag.inplace_view in func.tags:
            return func(*args, **given)
        if tracked and plain not in UNRELATED:
            others = {key: value for key, value in given.items() if key != "out"}
            self._written_to = target
            try:
                found = self._lowered(plain, args, others)
            finally:
                self._written_to = None
        result = func(*args, **given)
        if found is not None:
            self._store([target], found, set(), name)
        elif self.elements.knows(target):
            self.elements.of(target).fill_(UNKNOWN)
        return result

    def _store(self, outputs: Sequence[Tensor], found: Any, shared: set[int], name: str) -> None:
        values = list(found) if isinstance(found, tuple | list) else [found]
        for number, (tensor, value) in enumerate(zip(outputs, values, strict=False), start=1):
            if value is FIXED or tensor.untyped_storage()._cdata in shared:
                continue
            if value is None:
                self._mark([tensor], f"result {number} of torch's {name}")
                continue
            if tensor.is_conj() and value.dtype.is_complex:
                value = complex_numbers.conjugate(self.builder, value)
            place = self.elements.of(tensor)
            ids = np.broadcast_to(value.ids, tuple(place.shape)).copy()
            place.copy_(torch.from_numpy(ids))

    def _lowered(self, name: str, args: tuple[Any, ...], given: dict[str, Any]) -> Any:
        """The result of an operation: elements that are moved, or those of new nodes."""
        values = tree_map_only(Tensor, self._value, (args, given))
        if complex_numbers.involves_complex(name, list(_flat(values))):
            return self._by_rule(
                lambda builder, *a, **k: complex_numbers.lowered(builder, name, a, k),
                name,
                *values,
            )
        move: Callable[..., Any] | None = MOVES.get(name)
        if move is not None:
            return self._by_rule(move, name, *values)
        if name not in RULES:
            raise GradsheetError(f"{self.scope.place()}: torch's {name} has no formulas yet")
        return self._by_rule(RULES[name], name, *values)

    def _by_rule(
        self, rule: Callable[..., Any], name: str, args: Sequence[Any], given: dict[str, Any]
    ) -> Any:
        """What a rule gives; torch has more forms of an operation than its rule may know."""
        try:
            return rule(self.builder, *args, **given)
        except (TypeError, ValueError, IndexError, AssertionError) as error:
            raise GradsheetError(
                f"{self.scope.place()}: this form of torch's {name} has no formulas yet "
                f"({reason(error)})"
            ) from error

    def _value(self, tensor: Tensor) -> Value:
        ids = self.elements.of(tensor).numpy().copy()
        if (ids == REFUSED).any():
            what = self._refused.get(tensor.untyped_storage()._cdata, "an operation")
            raise GradsheetError(f"{what} has no formulas yet")
        flows = self._flows(tensor)
        constant = as_real(tensor.detach()).clone() if (ids == UNKNOWN).any() else None
        floats = tensor.is_floating_point() or tensor.is_complex()
        example = tensor.detach() if floats else tensor.detach().clone()
        name = self.names.get(tensor.untyped_storage()._cdata, "")
        value = Value(ids, flows and floats, tensor.dtype, constant, name, example)
        if not (tensor.is_conj() or tensor.is_neg()) or value.is_constant:
            return value
        if tensor.is_conj():  # torch has only noted that it is to be conjugated, or negated
            return complex_numbers.conjugate(self.builder, value)
        return pointwise("neg")(self.builder, value)


def _steps_of(func: Any) -> Callable[..., Any] | None:
    """Torch's own decomposition of an operation into simpler ones, if there is any."""
    from torch._decomp import decomposition_table  # slow to import, and rarely needed

    found: Callable[..., Any] | None = decomposition_table.get(func)
    return found


def _writes_first(func: Any, given: dict[str, Any]) -> bool:
    """Whether an operation writes its result into an argument; others write beside it."""
    first = func._schema.arguments[0].alias_info
    return "out" in given or bool(first is not None and first.is_write)


def _flat(tree: Any) -> Iterator[Any]:
    """The leaves of nested lists, tuples and dictionaries."""
    if isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, list | tuple):
        yield tree
        return
    for part in tree:
        yield from _flat(part)


@contextmanager
def plain_paths() -> Iterator[None]:
    """Keep torch from fusing what it can compute in plain steps."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
