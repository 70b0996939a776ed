"""The loss of connectionist temporal classification: all alignments, step by step."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradsheet.models.capture.builder import Builder, Value
from gradsheet.models.capture.pointwise import pointwise


def _ctc(
    builder: Builder,
    log_probabilities: Value,
    targets: Value,
    lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    *_: Any,
) -> Any:
    """−ln of the sum over alignments for each sequence (N), of log-probabilities (T, N, C)."""
    x = builder.whole(log_probabilities)
    steps, counts = (_whole_numbers(builder, given) for given in (lengths, target_lengths))
    labels = builder.decisive(targets, "labels that depend on the input")
    found, start = [], 0
    for n, (length, count) in enumerate(zip(steps, counts, strict=True)):
        row = labels[n] if labels.dim() == 2 else labels[start:]
        start += count
        label = row[:count].tolist()
        found.append(_sequence(builder, x.moved(x.ids[:length, n]), label, blank).ids)
    return Value(np.stack(found), x.flows), None


def _whole_numbers(builder: Builder, given: Any) -> list[int]:
    if isinstance(given, Value):
        given = builder.decisive(given, "lengths that depend on the input").tolist()
    return [int(n) for n in given]


def _sequence(builder: Builder, x: Value, label: Sequence[int], blank: int) -> Value:
    """Of one sequence (T, C): the logarithms of what reaches each place of the label.

    Between the labels, before and after them are blanks; a step stays, goes on, or leaves out a
    blank between two labels that differ.
    """
    places = [blank, *(k for c in label for k in (c, blank))]
    reached = x.moved(x.ids[0, places[:2]])
    for t in range(1, len(x.ids)):
        ways = [
            [s for s in (*_skipped(places, s), s - 1, s) if 0 <= s < reached.ids.size]
            for s in range(min(len(places), reached.ids.size + 2))
        ]
        ways = [found for found in ways if found]
        so_far = _joined(builder, reached, ways)
        reached = pointwise("add")(builder, so_far, x.moved(x.ids[t, places[: len(ways)]]))
    last = reached.ids[len(places) - 2 :] if len(places) > 1 else reached.ids
    if reached.ids.size < len(places) - 1 or not last.size:
        raise builder.refuse("a sequence that is too short for its labels")
    total = _joined(builder, reached.moved(last), [list(range(last.size))])
    return pointwise("neg")(builder, total.moved(total.ids[0]))


def _skipped(places: Sequence[int], s: int) -> list[int]:
    return [s - 2] if s >= 2 and places[s] != places[0] and places[s] != places[s - 2] else []


def _joined(builder: Builder, x: Value, ways: Sequence[Sequence[int]]) -> Value:
    """Ln of the sum of exp(x) over each of several lists of places."""
    ids = np.array([x.ids[way[0]] for way in ways])
    for k in range(1, max(map(len, ways))):
        several = [place for place, way in enumerate(ways) if len(way) > k]
        more = np.array([x.ids[ways[place][k]] for place in several])
        ids[several] = pointwise("logaddexp")(builder, x.moved(ids[several]), x.moved(more)).ids
    return x.moved(ids)


RULES: dict[str, Callable[..., Any]] = {"_ctc_loss": _ctc}
