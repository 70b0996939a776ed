"""The rules explained: on the terminal, on one page each of the documentation, and their index."""

import textwrap
from collections.abc import Iterator

from gradsheet.audit.lessons import LESSONS
from gradsheet.audit.lessons.lesson import Lesson
from gradsheet.audit.rules import FAMILIES, RULES, Rule

_WIDTH = 80
_PAGES = "docs/audit-rules"


def page_of(rule: Rule) -> str:
    """Where the documentation explains a rule: ``docs/audit-rules/GS601.md``."""
    return f"{_PAGES}/{rule.code}.md"


def chapters(rule: Rule) -> Iterator[tuple[str, str]]:
    """What there is to say about a rule, after what it is: headings and paragraphs."""
    lesson = LESSONS[rule]
    yield "Example", lesson.example
    yield "Does the loss still fall?", lesson.loss
    yield "How to fix it", lesson.fix


def with_colon(heading: str) -> str:
    """A heading in front of its text; a question has its sign already."""
    return heading if heading.endswith("?") else f"{heading}:"


def formulas_of(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """The formulas of the example: what they are, and the formulas."""
    for name, formula in (("written", lesson.written), ("right", lesson.right)):
        if formula:
            yield name, formula


def explanation(rule: Rule) -> str:
    """One rule for the terminal: what it is, then its chapters."""
    parts = [f"{rule.code}: {rule.title} ({rule.severity}; {rule.family})", rule.explanation]
    for heading, text in chapters(rule):
        parts.append(f"{with_colon(heading)} {text}")
        if heading == "Example":
            parts += _indented(rule)
    return "\n\n".join("\n".join(_wrapped(part)) for part in parts)


def _wrapped(text: str) -> list[str]:
    if text.startswith(" "):
        return text.splitlines()
    return textwrap.wrap(text, _WIDTH)


def _indented(rule: Rule) -> list[str]:
    """The formulas of the example, one above the other."""
    lines = []
    for name, formula in formulas_of(LESSONS[rule]):
        lines += textwrap.wrap(
            f"{name:7}  {formula}", _WIDTH, initial_indent="  ", subsequent_indent=" " * 11
        )
    return ["\n".join(lines)] if lines else []


# --- The documentation -----------------------------------------------------------------------


def rule_page(rule: Rule) -> str:
    """The page of one rule, as Markdown."""
    kind = "A remark, which is not counted as a mistake" if _is_remark(rule) else "A mistake"
    parts = [f"# {rule.code}: {rule.title}", f"*{kind}. {rule.family}.*", rule.explanation]
    for heading, text in chapters(rule):
        parts += [f"## {heading}", text]
        if heading == "Example" and (lines := list(formulas_of(LESSONS[rule]))):
            shown = "\n".join(f"{name:7}  {formula}" for name, formula in lines)
            parts.append(f"```text\n{shown}\n```")
    parts.append("[All rules](../audit-rules.md) · [Audit a workbook](../audit.md)")
    return "\n\n".join(parts) + "\n"


def rules_page() -> str:
    """The index: every rule, family by family, with a link to its page."""
    parts = [
        "# The rules of the audit",
        "Every finding of `gradsheet audit` has a code that never changes its meaning. Each rule "
        "has a page: what it is, an example, whether the loss still falls, and how to fix it. "
        "`gradsheet audit --explain CODE` prints the same. A remark is not counted as a mistake.",
    ]
    for prefix, family in FAMILIES.items():
        parts.append(f"## {prefix}: {family}")
        rules = [rule for rule in RULES.values() if rule.code.startswith(prefix)]
        parts.append("\n".join(map(_entry, rules)))
    return "\n\n".join(parts) + "\n"


def rules_table() -> str:
    """The codes and titles of all rules as a Markdown table."""
    rows = [
        f"| [{rule.code}](audit-rules/{rule.code}.md) | {rule.title} | {rule.severity} | "
        f"{rule.family} |"
        for rule in RULES.values()
    ]
    return "\n".join(("| code | finding | severity | family |", "|---|---|---|---|", *rows))


def _entry(rule: Rule) -> str:
    remark = " (remark)" if _is_remark(rule) else ""
    return f"- [{rule.code}](audit-rules/{rule.code}.md): {rule.title}{remark}"


def _is_remark(rule: Rule) -> bool:
    return rule.severity == "remark"
