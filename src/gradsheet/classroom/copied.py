"""What two submissions share beyond chance: evidence for a conversation, never a verdict."""

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradsheet.classroom.manifest import Manifest
from gradsheet.classroom.marked import Marked

_SAME = 5e-5  # relative difference of two numbers that are one
_FEWEST_VALUES = 3  # of another's numbers
_ENOUGH = 14.0  # bits of what is shared and rare
_MOST_SHARERS = 3  # what more students share is a habit
_LONGEST = 60  # characters of a formula or text that are quoted
_REFERENCE = re.compile(r"\$?[A-Za-z]{1,3}\$?\d+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class Shared:
    """Two submissions and what they share.

    Attributes:
        first, second: whose they are: a name and an id, or the file where these are not known.
        evidence: sentences, the strongest first.
        strength: in bits; the larger, the less likely by chance.
    """

    first: str
    second: str
    evidence: tuple[str, ...]
    strength: float


def find_shared(found: Sequence[Marked], manifest: Manifest | None) -> list[Shared]:
    """The pairs that share what is rare, the strongest first."""
    submissions = [one for one in found if one.is_marked]
    evidence: dict[tuple[int, int], list[tuple[float, str]]] = defaultdict(list)
    for pair, strength, sentence in itertools.chain(
        _same_numbers(submissions),
        _others_answers(submissions, manifest),
        _same_traces(submissions),
    ):
        evidence[min(pair), max(pair)].append((strength, sentence))
    shared = []
    for (first, second), parts in evidence.items():
        strength = sum(bits for bits, _ in parts)
        if strength >= _ENOUGH:
            sentences = tuple(text for _, text in sorted(parts, key=lambda part: -part[0]))
            names = _called(submissions[first]), _called(submissions[second])
            shared.append(Shared(*names, sentences, round(strength, 1)))
    return sorted(shared, key=lambda one: (-one.strength, one.first, one.second))


def _called(one: Marked) -> str:
    if not one.id:
        return one.source
    return f"{one.name} ({one.id})" if one.name else one.id


Evidence = Iterator[tuple[tuple[int, int], float, str]]


def _same_numbers(submissions: Sequence[Marked]) -> Evidence:
    """Files with the numbers that another student was given."""
    owners = {one.id: n for n, one in enumerate(submissions) if one.made_for == one.id and one.id}
    by_code: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(submissions):
        if one.made_for:
            by_code[one.made_for].append(number)
        if one.made_for and one.made_for != one.id and one.made_for in owners:
            owner = owners[one.made_for]
            sentence = (
                f"{_called(one)} handed in a file with the numbers of {_called(submissions[owner])}"
            )
            yield (number, owner), 40.0, sentence
    for code, numbers in by_code.items():
        same = [n for n in numbers if submissions[n].id == code]
        for first, second in itertools.combinations(same, 2):
            names = f"{submissions[first].source} and {submissions[second].source}"
            yield (first, second), 40.0, f"{names} both have the numbers of {code}"


def _others_answers(submissions: Sequence[Marked], manifest: Manifest | None) -> Evidence:
    """Wrong answers that are the right ones of another student, who has other numbers."""
    if manifest is None:
        return
    exercises = [(n, one) for n, one in enumerate(submissions) if one.kind == "exercise"]
    right = {h.id: h.answers for h in manifest.handouts}
    ordered: list[list[tuple[float, int]]] = []
    for place in range(len(manifest.questions)):
        column = [(right[one.id][place], n) for n, one in exercises if one.id in right]
        ordered.append(sorted(column))
    for number, one in exercises:
        matches: dict[int, list[str]] = defaultdict(list)
        for place, answer in enumerate(one.answers):
            value = _number(answer.typed)
            if answer.is_credited or value is None or not _is_particular(value):
                continue
            for other in _near(ordered[place], value):
                if other != number:
                    matches[other].append(answer.cell)
        for other, cells in matches.items():
            if len(cells) >= _FEWEST_VALUES:
                owner = _called(submissions[other])
                sentence = (
                    f"{len(cells)} answers of {_called(one)} are wrong there and right for the "
                    f"numbers of {owner}: {', '.join(cells[:5])}{' …' if len(cells) > 5 else ''}"
                )
                yield (number, other), 8.0 * len(cells), sentence


def _near(ordered: Sequence[tuple[float, int]], value: float) -> Iterator[int]:
    for right, number in ordered:
        if abs(right - value) <= 10 * _SAME * abs(value):
            yield number


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_particular(value: float) -> bool:
    """Whether a number has enough digits to be nobody else's by chance."""
    return len(f"{abs(value):.4g}".replace(".", "").strip("0")) >= 3


def _same_traces(submissions: Sequence[Marked]) -> Evidence:
    """Formulas and texts that few have, each habit counted once."""
    sharers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, one in enumerate(submissions):
        for place, content in one.traces.items():
            if not place.startswith("value "):
                sharers[place, content].append(number)
    answering = Counter(place for one in submissions for place in one.traces)
    found: dict[tuple[int, int], dict[str, tuple[float, str]]] = defaultdict(dict)
    for (place, content), numbers in sharers.items():
        if not 2 <= len(numbers) <= _MOST_SHARERS or len(set(numbers)) < 2:
            continue
        kind = place.split(" ", 1)[0]
        total = answering[place] if kind == "formula" else len(submissions)
        bits = math.log2(max(total, len(numbers)) / len(numbers)) + _length_bits(kind, content)
        sentence = f"only they have {place.split(' ', 1)[1]}: {_quoted(kind, content)}"
        for pair in itertools.combinations(sorted(set(numbers)), 2):
            habit = f"{kind} {_shape(content) if kind == 'formula' else content}"
            if bits > found[pair].get(habit, (0.0, ""))[0]:
                found[pair][habit] = (bits, sentence)
    for pair, habits in found.items():
        strongest = sorted(habits.values(), key=lambda part: -part[0])
        for bits, sentence in strongest[:8]:
            yield pair, bits, sentence


def _length_bits(kind: str, content: str) -> float:
    """A long text of one's own is less likely twice than a short one."""
    return min(6.0, len(content) / 6) if kind == "text" else 0.0


def _shape(formula: str) -> str:
    """A formula without what differs from cell to cell: how somebody writes."""
    return _NUMBER.sub("0", _REFERENCE.sub("#", formula))


def _quoted(kind: str, content: str) -> str:
    text = f"={content}" if kind == "formula" else content
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
