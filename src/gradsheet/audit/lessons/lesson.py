"""What a lesson is."""

from dataclasses import dataclass

from gradsheet.audit.rules import Rule


@dataclass(frozen=True)
class Lesson:
    """What a page teaches about a rule, besides what the rule is.

    Attributes:
        example: a case of it in words.
        loss: whether the loss still falls, and why.
        fix: what to do about it.
        written: the formula of the example as somebody wrote it; empty where there is none.
        right: the same formula as it should be.
    """

    example: str
    loss: str
    fix: str
    written: str = ""
    right: str = ""


Lessons = dict[Rule, Lesson]


def lesson(example: str, *, loss: str, fix: str, written: str = "", right: str = "") -> Lesson:
    """A lesson whose texts may be broken into lines anywhere."""
    example, loss, fix = (" ".join(text.split()) for text in (example, loss, fix))
    return Lesson(example, loss, fix, written, right)
