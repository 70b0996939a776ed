"""Segmentation: which parts of the ink form a digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gradsheet.digits.ink import Grid, Ink, Mask

_SMALLEST = 0.4  # height of a digit, of that of the tallest
_SPECK = 0.02  # area of a part, of that of the largest
_OVERLAP = 0.5  # of the narrower of two parts, side by side: one above the other
_MOST_PARTS = 100  # noise has thousands
_GRAIN = 0.3  # of all ink: where no part of so many has more, it is grain
_SHORTEST = 0.04  # height of a digit, of the shorter side
_SQUARED = 8  # ends at the picture's edge: no digit has as many
_FLAT = 0.08  # height of a line, of its length
_WIDEST = 3.0  # width of a digit, of its height


@dataclass(frozen=True)
class Part:
    """A connected part of the ink, or several that form a digit: its pixels lie in a box.

    Attributes:
        labels: the numbers of its connected parts.
        top, bottom, left, right: the box, in pixels, ends excluded.
        area: number of pixels of ink.
    """

    labels: tuple[int, ...]
    top: int
    bottom: int
    left: int
    right: int
    area: int

    @property
    def height(self) -> int:
        """Height of the box in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width of the box in pixels."""
        return self.right - self.left

    def joined(self, other: "Part") -> "Part":
        """Both as one."""
        return Part(
            self.labels + other.labels,
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
            self.area + other.area,
        )

    def is_above_or_below(self, other: "Part") -> bool:
        """Whether the two stand in one column, near enough to belong together."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        gap = max(self.top, other.top) - min(self.bottom, other.bottom)
        near = gap < 0.25 * max(self.height, other.height)
        return near and shared > _OVERLAP * min(self.width, other.width)


def find_digits(ink: Ink) -> list[Grid]:
    """The depth of each digit's ink, cut to its box: row by row, from left to right."""
    rest = _without_lines(ink.mask)
    lines = int(np.count_nonzero(ink.mask) - np.count_nonzero(rest))
    labels, count = ndimage.label(rest, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    parts = [
        Part((number,), rows.start, rows.stop, columns.start, columns.stop, int(area))
        for number, ((rows, columns), area) in enumerate(
            zip(ndimage.find_objects(labels), areas, strict=True), 1
        )
    ]
    shortest = _SHORTEST * min(rest.shape)
    whole = _large(shortest, _joined(_inside(_grown(parts, lines), ink.mask.shape)))
    return [_cut(ink.depth, labels, part) for part in _in_reading_order(whole)]


def _cut(depth: Grid, labels: NDArray[np.int32], part: Part) -> Grid:
    box = slice(part.top, part.bottom), slice(part.left, part.right)
    cut: Grid = np.where(np.isin(labels[box], part.labels), depth[box], 0)
    return cut


def _grown(parts: list[Part], lines: int) -> list[Part]:
    """The parts without specks, the largest first; none where there is nothing but grain.

    Args:
        parts: all of them.
        lines: area of the printed lines.
    """
    largest = max((part.area for part in parts), default=0)
    is_grain = largest < _GRAIN * sum(part.area for part in parts)
    if len(parts) > _MOST_PARTS and is_grain:
        return []
    least = max(8, _SPECK * max(largest, lines))
    grown = [part for part in parts if part.area >= least]
    return sorted(grown, key=lambda part: -part.area)[:_MOST_PARTS]


def _without_lines(mask: Mask) -> Mask:
    """The ink less what is printed on ruled or squared paper: lines from edge to edge."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    sides = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    runs = np.concatenate([side[np.flatnonzero(np.diff(side, prepend=0))] for side in sides])
    crossings = np.bincount(runs, minlength=labels.max() + 1)
    crossings[0] = 0
    lines = [
        number
        for number in np.flatnonzero(crossings > 1)
        if crossings[number] >= _SQUARED or _is_line(labels, int(number))
    ]
    rest: Mask = mask & ~np.isin(labels, lines)
    return rest


def _is_line(labels: NDArray[np.int32], number: int) -> bool:
    """Whether a part goes from edge to edge and is hardly higher than a stroke is wide."""
    rows, columns = (np.flatnonzero((labels == number).any(axis=axis)) for axis in (1, 0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    across = width == labels.shape[1] and height < _FLAT * width
    return bool(across or (height == labels.shape[0] and width < _FLAT * height))


def _inside(parts: list[Part], shape: tuple[int, ...]) -> list[Part]:
    """The parts clear of the picture's edge, where some of them are as tall as those at it.

    What reaches over the edge is the table, a thumb, a shadow, or half a digit.
    """
    height, width = shape
    clear = [
        part
        for part in parts
        if part.top > 0 and part.left > 0 and part.bottom < height and part.right < width
    ]
    tallest = max((part.height for part in clear), default=0)
    return clear if tallest >= max(0.15 * height, 10) else parts


def _joined(parts: list[Part]) -> list[Part]:
    """Parts one above the other as one digit: the bar of a 5, a broken stroke.

    The parts come with the largest first.
    """
    whole: list[Part] = []
    for part in parts:
        home = next((other for other in whole if part.is_above_or_below(other)), None)
        if home is None:
            whole.append(part)
        else:
            whole[whole.index(home)] = home.joined(part)
    return whole


def _large(shortest: float, parts: list[Part]) -> list[Part]:
    tallest = max((part.height for part in parts), default=0)
    return [
        part
        for part in parts
        if part.height >= max(shortest, _SMALLEST * tallest) and part.width <= _WIDEST * part.height
    ]


def _in_reading_order(parts: list[Part]) -> list[Part]:
    """Row by row, and in each from left to right; a row begins below the middle of the last."""
    ordered: list[Part] = []
    rest = sorted(parts, key=lambda part: part.top)
    while rest:
        middle = (rest[0].top + rest[0].bottom) / 2
        row = [part for part in rest if part.top <= middle]
        ordered += sorted(row, key=lambda part: part.left)
        rest = [part for part in rest if part.top > middle]
    return ordered
