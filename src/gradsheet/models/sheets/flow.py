"""The graph of a model as lines of text: a point for each sheet, a rail for each shortcut."""

from collections.abc import Sequence

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_RAILS = {
    0: " ",
    _UP | _DOWN: "│",
    _LEFT | _RIGHT: "─",
    _DOWN | _LEFT: "┐",
    _UP | _LEFT: "┘",
    _UP | _DOWN | _LEFT: "┤",
    _DOWN | _LEFT | _RIGHT: "┬",
    _UP | _LEFT | _RIGHT: "┴",
    _UP | _DOWN | _LEFT | _RIGHT: "┼",
}
ABOVE, OTHERS = "●", "○"
"""The points of a sheet that reads the one above it, and of one that does not."""


def flow(reads: Sequence[Sequence[int]]) -> list[str]:
    """The lines of a graph, from the rows above that each row reads; the first reads none.

    What is read further down than in the next row has a rail from the row that computes it, with an
    arrow to each row that reads it.
    """
    readers: dict[int, list[int]] = {}
    for row, sources in enumerate(reads):
        for source in sources:
            if source < row - 1:
                readers.setdefault(source, []).append(row)
    lanes = _lanes(readers)
    sides = [[0] * (2 * (max(lanes.values(), default=-1) + 2)) for _ in reads]
    arrows = {row for rows in readers.values() for row in rows}
    for source, rows in readers.items():
        place = 2 * lanes[source] + 2
        last = max(rows)
        for row in range(source, last + 1):
            here = sides[row]
            here[place] |= (_UP if row > source else 0) | (_DOWN if row < last else 0)
            if row == source or row in rows:
                here[place] |= _LEFT
                for crossed in range(1, place):
                    here[crossed] |= _LEFT | _RIGHT
    lines = []
    for row, here in enumerate(sides):
        rails = "".join(_RAILS.get(side, "┼") for side in here[1:])
        if row in arrows:
            rails = "◂" + rails[1:]
        point = ABOVE if row == 0 or row - 1 in reads[row] else OTHERS
        lines.append((point + rails).rstrip())
    return lines


def _lanes(readers: dict[int, list[int]]) -> dict[int, int]:
    """A lane for the rail of each source, as far left as no other is."""
    ends: list[int] = []
    found = {}
    for source in sorted(readers):
        lane = next((k for k, end in enumerate(ends) if end < source), len(ends))
        if lane == len(ends):
            ends.append(0)
        ends[lane] = max(readers[source])
        found[source] = lane
    return found
