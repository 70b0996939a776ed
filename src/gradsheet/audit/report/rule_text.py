"""The rules explained: one on the terminal, all of them as a page of the documentation."""

import textwrap

from gradsheet.audit.rules import FAMILIES, RULES, Rule

_WIDTH = 80


def explanation(rule: Rule) -> str:
    """One rule for the terminal: code, title, severity, family, then a paragraph."""
    head = f"{rule.code}: {rule.title} ({rule.severity}; {rule.family})"
    return "\n\n".join("\n".join(textwrap.wrap(text, _WIDTH)) for text in (head, rule.explanation))


def rules_page() -> str:
    """Every rule as Markdown, family by family."""
    parts = [
        "# The rules of the audit",
        "Every finding of `gradsheet audit` has a code that never changes its meaning. "
        "`gradsheet audit --explain CODE` prints an entry of this page. A remark is not counted "
        "as a mistake.",
    ]
    for prefix, family in FAMILIES.items():
        parts.append(f"## {prefix}: {family}")
        parts += [_entry(rule) for rule in RULES.values() if rule.code.startswith(prefix)]
    return "\n\n".join(parts) + "\n"


def rules_table() -> str:
    """The codes and titles of all rules as a Markdown table."""
    rows = [
        f"| {rule.code} | {rule.title} | {rule.severity} | {rule.family} |"
        for rule in RULES.values()
    ]
    return "\n".join(("| code | finding | severity | family |", "|---|---|---|---|", *rows))


def _entry(rule: Rule) -> str:
    remark = " (remark)" if rule.severity == "remark" else ""
    return f"### {rule.code}: {rule.title}{remark}\n\n{rule.explanation}"
