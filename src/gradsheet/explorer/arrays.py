"""NumPy's names, as far as the audit uses them, in plain Python: for a browser, which has no NumPy.

Arrays hold floats, whole numbers or truths in one list, row by row, in no, one or two dimensions.
What is computed, NaN and infinity included, is what NumPy computes; ``install`` puts this module in
its place. The tests of the audit pass on it.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

_INF, _NAN = math.inf, math.nan
Shape = tuple[int, ...]

_raising = False
"""Whether a result that is not finite, of numbers that are, raises FloatingPointError."""


class NDArray:
    """An array: its elements row by row, and its shape."""

    __slots__ = ("data", "shape")

    def __init__(self, data: list[Any], shape: Shape) -> None:
        self.data, self.shape = data, shape

    def __class_getitem__(cls, item: object) -> type["NDArray"]:
        return cls

    @property
    def T(self) -> "NDArray":  # noqa: N802 (NumPy's name)
        """Rows as columns."""
        rows, columns = self.shape
        return NDArray([x for k in range(columns) for x in self.data[k::columns]], (columns, rows))

    @property
    def size(self) -> int:
        """How many elements there are."""
        return len(self.data)

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return len(self.shape)

    def tolist(self) -> Any:
        """The elements as nested lists, or the one there is."""
        if not self.shape:
            return self.data[0]
        return [x.tolist() if isinstance(x, NDArray) else x for x in self]

    def item(self) -> Any:
        """The only element."""
        (element,) = self.data
        return element

    def reshape(self, *shape: int) -> "NDArray":
        """The same elements in another shape."""
        return NDArray(self.data, shape)

    def all(self, axis: int | None = None) -> Any:
        """Whether all are true, of all elements or along an axis."""
        return self._reduced(all, axis)

    def any(self, axis: int | None = None) -> Any:
        """Whether one is true, of all elements or along an axis."""
        return self._reduced(any, axis)

    def sum(self, axis: int | None = None) -> Any:
        """The sum, of all elements or along an axis."""
        return self._reduced(sum, axis)

    def argmax(self, axis: int | None = None) -> Any:
        """The index of the first largest element."""
        return self._reduced(lambda x: max(range(len(x)), key=x.__getitem__), axis)

    def max(self, initial: float | None = None) -> Any:
        """The largest element; NaN where one is NaN."""
        return _extreme(self.data, max, initial)

    def min(self, initial: float | None = None) -> Any:
        """The smallest element; NaN where one is NaN."""
        return _extreme(self.data, min, initial)

    def _reduced(self, function: Callable[[list[Any]], Any], axis: int | None) -> Any:
        if axis is None or len(self.shape) < 2:
            return function(self.data)
        rows, columns = self.shape
        if axis in (-1, 1):
            parts = [self.data[k * columns : (k + 1) * columns] for k in range(rows)]
        else:
            parts = [self.data[k::columns] for k in range(columns)]
        return NDArray(list(map(function, parts)), (len(parts),))

    # --- Elements ----------------------------------------------------------------------------

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(self.shape[0]))

    def __getitem__(self, index: Any) -> Any:
        if len(self.shape) == 1 and isinstance(index, int):
            return self.data[index]
        if isinstance(index, tuple):
            rows, column = index
            return self[rows][column] if isinstance(rows, int) else self.T[column][rows]
        whole = range(self.shape[0])
        if isinstance(index, int):
            width = self.shape[1]
            start = whole[index] * width
            return NDArray(self.data[start : start + width], self.shape[1:])
        if isinstance(index, slice) and len(self.shape) == 1:
            data = self.data[index]
            return NDArray(data, (len(data),))
        if isinstance(index, slice):
            chosen: Iterable[int] = whole[index]
        else:
            chosen = index.data if isinstance(index, NDArray) else index
            if any(isinstance(one, bool) for one in chosen):
                chosen = [k for k, keep in enumerate(chosen) if keep]
        found = [self[k] for k in chosen]
        return array(found) if found else NDArray([], (0, *self.shape[1:]))

    def __setitem__(self, index: int, value: Any) -> None:
        if len(self.shape) == 1:
            self.data[index] = float(value)
        else:
            width = self.shape[1]
            new = broadcast_to(value, width).data
            self.data[index * width : (index + 1) * width] = new

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    __hash__ = None  # type: ignore[assignment]  # as NumPy's


def _extreme(data: list[Any], choose: Callable[..., Any], initial: float | None) -> Any:
    numbers = data if initial is None else [initial, *data]
    return next((x for x in numbers if x != x), None) or choose(numbers)


# --- Making arrays ---------------------------------------------------------------------------


def array(values: Any, dtype: type | None = None) -> NDArray:
    """An array of a number, of numbers, of rows, or of another array."""
    if isinstance(values, float):
        found = NDArray([values], ())
    elif isinstance(values, NDArray):
        found = NDArray(list(values.data), values.shape)
    elif hasattr(values, "shape") and hasattr(values, "tolist"):  # NumPy's own, in tests
        found = array(values.tolist())
    elif isinstance(values, list | tuple | range):
        items = list(values)
        if items and isinstance(items[0], list | tuple | NDArray):
            found = stack([array(item) for item in items])
        else:
            found = NDArray(
                [x.item() if isinstance(x, NDArray) else x for x in items], (len(items),)
            )
    else:
        found = NDArray([values], ())
    return found if dtype is None else NDArray(list(map(dtype, found.data)), found.shape)


def asarray(values: Any, dtype: type | None = None) -> NDArray:
    """The same; an array that needs no change is not copied."""
    if type(values) is float and dtype in (None, float):
        return NDArray([values], ())
    if isinstance(values, NDArray):
        first = values.data[0] if values.data else None
        if dtype is None or type(first) is dtype:
            return values
    return array(values, dtype)


def stack(rows: Sequence[NDArray]) -> NDArray:
    """Arrays of one shape, one below the other."""
    return NDArray([x for row in rows for x in row.data], (len(rows), *rows[0].shape))


def concatenate(parts: Iterable[NDArray]) -> NDArray:
    """Arrays of one dimension, one after the other."""
    data = [x for part in parts for x in part.data]
    return NDArray(data, (len(data),))


def full(shape: int | Shape, value: float) -> NDArray:
    """An array of equal elements."""
    whole = (shape,) if isinstance(shape, int) else shape
    return NDArray([value] * math.prod(whole), whole)


def full_like(other: NDArray, value: float) -> NDArray:
    """Equal elements in another array's shape."""
    return full(other.shape, value)


def empty(shape: int | Shape) -> NDArray:
    """An array to be filled."""
    return full(shape, 0.0)


def empty_like(other: NDArray) -> NDArray:
    """An array to be filled, in another's shape."""
    return empty(other.shape)


def zeros_like(other: NDArray) -> NDArray:
    """Zeros in another array's shape."""
    return full_like(other, 0.0)


def ones(shape: int | Shape) -> NDArray:
    """An array of ones."""
    return full(shape, 1.0)


def linspace(first: float, last: float, count: int) -> NDArray:
    """Numbers at equal distances."""
    step = (last - first) / (count - 1)
    return NDArray([*(first + k * step for k in range(count - 1)), last], (count,))


def geomspace(first: float, last: float, count: int) -> NDArray:
    """Numbers at equal ratios."""
    exponents = linspace(math.log10(first), math.log10(last), count).data
    return NDArray([first, *(10.0**x for x in exponents[1:-1]), last], (count,))


def broadcast_to(values: Any, shape: int | Shape) -> NDArray:
    """An array repeated up to a shape."""
    whole = (shape,) if isinstance(shape, int) else tuple(shape)
    given = asarray(values)
    return given if given.shape == whole else NDArray(expanded(given, whole), whole)


@lru_cache(maxsize=1024)
def common_shape(shapes: tuple[Shape, ...]) -> Shape:
    """The shape that arrays of these shapes broadcast to."""
    longest = max(shapes, key=len)
    if all(shape in (longest, ()) for shape in shapes):
        return longest
    padded = [(1,) * (len(longest) - len(shape)) + shape for shape in shapes]
    return tuple(map(max, zip(*padded, strict=True)))


def expanded(given: NDArray, shape: Shape) -> list[Any]:
    """The elements of an array in a shape that it broadcasts to."""
    if given.shape == shape:
        return given.data
    if len(given.data) == 1:
        return given.data * math.prod(shape)
    if given.shape == shape[1:]:
        return given.data * shape[0]
    if given.shape == (shape[0], 1):
        return [x for x in given.data for _ in range(shape[1])]
    if given.shape == (1, *shape[1:]):
        return given.data * shape[0]
    raise ValueError(f"shape {given.shape} does not broadcast to {shape}")
