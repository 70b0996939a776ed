"""The page of a class: how the scores are distributed, what was hard, what was shared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gradsheet.audit.report.html import Html, element, joined
from gradsheet.classroom.copied import Shared
from gradsheet.classroom.feedback import document
from gradsheet.classroom.marked import Kind, Marked

_HARDEST, _COMMONEST = 12, 15
_TENTHS = 10
_COUNTED = ("exercise", "free-form")


def class_page(rows: Sequence[Marked], counting: Iterable[Marked], shared: Sequence[Shared]) -> str:
    """All of a class on one page.

    Args:
        rows: every submission, and the students without one.
        counting: for each student the one that counts; those of nobody known count, too.
        shared: pairs of submissions that share what is rare.
    """
    scored = [row for row in counting if row.is_marked]
    title = "Marks of the class"
    return document(
        title,
        element("h1", title),
        _summary(rows, scored),
        *_distribution(scored),
        *_hardest(scored),
        *_commonest(scored),
        *_shared(shared),
        _table(rows),
    )


def kinds_in_words(rows: Sequence[Marked]) -> list[str]:
    """How many submissions are of each kind, such as ``3 exercises``."""
    counts = Counter(row.kind for row in rows)
    words: dict[Kind, str] = {
        "exercise": "exercise",
        "free-form": "free-form sheet",
        "not marked": "not marked",
        "unreadable": "unreadable",
        "missing": "missing",
    }
    return [
        f"{counts[kind]} {name}{'s' if kind in _COUNTED and counts[kind] > 1 else ''}"
        for kind, name in words.items()
        if counts[kind]
    ]


def _summary(rows: Sequence[Marked], scored: Sequence[Marked]) -> Html:
    parts = kinds_in_words(rows)
    shares = sorted(row.share for row in scored)
    if shares:
        middle = (shares[len(shares) // 2] + shares[(len(shares) - 1) // 2]) / 2
        parts.append(f"mean {sum(shares) / len(shares):.0%}, median {middle:.0%}")
    return element("p", ", ".join(parts) + ".")


def _bars(lines: Iterable[tuple[str, int, str]]) -> Html:
    """A line for each: a name, a bar as long as its count, and a text."""
    found = list(lines)
    most = max((count for _, count, _ in found), default=0) or 1
    cells: list[Html] = []
    for name, count, text in found:
        look = "some" if count else "none"
        bar = element("i", "", style=f"width:{100 * count / most:.1f}%", class_=look)
        cells += [element("span", name), element("span", bar), element("span", text)]
    return element("div", *cells, class_="bars")


def _distribution(scored: Sequence[Marked]) -> Iterator[Html]:
    if not scored:
        return
    counts = Counter(min(int(_TENTHS * row.share + 1e-9), _TENTHS - 1) for row in scored)
    lines = [
        (f"{10 * tenth}–{10 * tenth + 10}%", counts[tenth], str(counts[tenth]))
        for tenth in reversed(range(_TENTHS))
    ]
    yield element("h2", "Scores")
    yield _bars(lines)


def _hardest(scored: Sequence[Marked]) -> Iterator[Html]:
    right: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for row in scored:
        for answer in row.answers:
            key = (answer.cell, answer.name)
            every[key] += 1
            right[key] += answer.is_credited
    hardest = sorted(every, key=lambda key: right[key] / every[key])[:_HARDEST]
    if not hardest:
        return
    lines = [
        (f"{name} ({cell})", right[cell, name], f"{right[cell, name]} of {every[cell, name]} right")
        for cell, name in hardest
    ]
    yield element("h2", "The hardest cells")
    yield _bars(lines)


def _commonest(scored: Sequence[Marked]) -> Iterator[Html]:
    """Each kind of mistake, how often it was made, and where most often."""
    where: dict[str, Counter[str]] = {}
    for row in scored:
        for answer in row.answers:
            if not answer.is_credited and answer.typed:
                where.setdefault(answer.words, Counter())[answer.name] += 1
        for one in row.deductions:
            where.setdefault(one.title, Counter())[""] += 1
    if not where:
        return
    commonest = sorted(where, key=lambda words: (-where[words].total(), words))[:_COMMONEST]
    lines = []
    for words in commonest:
        (name, count), *_ = where[words].most_common(1)
        # Made once everywhere it has no place of its own.
        most = f", {count} of them in {name}" if name and 1 < count < where[words].total() else ""
        lines.append((words, where[words].total(), f"{where[words].total()}{most}"))
    yield element("h2", "The commonest mistakes")
    yield _bars(lines)


def _shared(shared: Sequence[Shared]) -> Iterator[Html]:
    yield element("h2", "Shared beyond chance")
    if not shared:
        yield element("p", "Nothing.", class_="quiet")
        return
    yield element(
        "p",
        "Evidence, not a verdict: what these submissions have in common and nearly no other has. "
        "Students who work together share things, too.",
    )
    for one in shared:
        yield element(
            "article",
            element("h3", f"{one.first} and {one.second}"),
            element("ul", *(element("li", sentence) for sentence in one.evidence)),
            class_="card",
        )


def _table(rows: Sequence[Marked]) -> Html:
    head = element(
        "tr", *(element("th", name) for name in ("name", "id", "points", "of", "%", "remarks"))
    )
    lines = [_row(row) for row in rows]
    table = element("table", element("thead", head), element("tbody", *lines))
    return joined(
        (element("h2", "Every submission"), element("div", table, class_="scroll", tabindex="0"))
    )


def _row(row: Marked) -> Html:
    remarks = "; ".join(filter(None, (row.why, *row.remarks)))
    if row.source and not row.name:
        remarks = f"{row.source}: {remarks}" if remarks else row.source
    points = (
        (f"{row.points:g}", f"{row.out_of:g}", f"{row.share:.0%}")
        if row.is_marked
        else ("", "", "")
    )
    return element(
        "tr",
        element("td", row.name or (row.uploader.name if row.uploader else "") or "–", class_="who"),
        element("td", row.id, class_="s"),
        *(element("td", text, class_="n") for text in points),
        element("td", remarks, class_="w"),
    )
