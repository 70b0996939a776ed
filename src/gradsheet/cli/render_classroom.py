"""The marks of a class for the terminal."""

from collections.abc import Sequence

from gradsheet.classroom.class_page import kinds_in_words
from gradsheet.classroom.marked import Marked
from gradsheet.errors import legible

_MOST = 20  # files that are named because they were not marked


def class_lines(rows: Sequence[Marked], scored: Sequence[Marked], shared: int) -> str:
    """How many submissions came out how, and those that could not be marked."""
    shares = [row.share for row in scored if row.is_marked]
    lines = [f"{len(rows)} row{'' if len(rows) == 1 else 's'}: {', '.join(kinds_in_words(rows))}."]
    if shares:
        lines.append(f"Mean {sum(shares) / len(shares):.1%}.")
    failed = [row for row in rows if row.kind in ("unreadable", "not marked")]
    lines += [f"  {legible(row.source)}: {legible(row.why)}" for row in failed[:_MOST]]
    if len(failed) > _MOST:
        lines.append(f"  and {len(failed) - _MOST} more; see marks.csv")
    if shared:
        pairs = "1 pair shares" if shared == 1 else f"{shared} pairs share"
        lines.append(f"{pairs} more than chance explains; the evidence is on class.html.")
    return "\n".join(lines)
