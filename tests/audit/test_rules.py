"""The table of rules: codes that stay, and the pages made from it."""

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gradsheet.audit.lessons import LESSONS
from gradsheet.audit.report.rule_text import (
    explanation,
    page_of,
    rule_page,
    rules_page,
    rules_table,
)
from gradsheet.audit.rules import FAMILIES, RULES, rule_of
from gradsheet.errors import GradsheetError
from gradsheet.networks.mistakes import KINDS

DOCS = Path(__file__).parents[2] / "docs"
Golden = Callable[[str, str], None]


def test_codes_and_titles_are_unlike_each_other() -> None:
    assert len({rule.title for rule in RULES.values()}) == len(RULES)
    assert list(RULES) == sorted(RULES)
    for code, rule in RULES.items():
        assert rule.code == code
        assert re.fullmatch(r"GS[1-9]\d\d", code)
        assert code[:3] in FAMILIES
        assert not re.match(r"(an?|the) |.*\.$", rule.title)


@pytest.mark.parametrize("code", RULES)
def test_every_rule_is_explained(code: str) -> None:
    text = explanation(RULES[code])
    assert text.startswith(f"{code}: {RULES[code].title} (")
    assert len(RULES[code].explanation.split()) >= 20
    assert RULES[code].explanation.endswith(".")
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("code", RULES)
def test_every_rule_is_taught(code: str) -> None:
    lesson = LESSONS[RULES[code]]
    for text in (lesson.example, lesson.loss, lesson.fix):
        assert text.endswith((".", "…"))
        assert "  " not in text
    assert len(lesson.example.split()) >= 5
    assert not lesson.right or lesson.written != lesson.right


@pytest.mark.parametrize("code", RULES)
def test_the_documentation_has_a_page_for_every_rule(code: str, golden: Golden) -> None:
    golden(f"../../{page_of(RULES[code])}", rule_page(RULES[code]))


def test_the_documentation_has_no_page_without_a_rule() -> None:
    assert sorted(path.stem for path in (DOCS / "audit-rules").iterdir()) == list(RULES)


def test_the_documentation_explains_every_rule(golden: Golden) -> None:
    golden("../../docs/audit-rules.md", rules_page())


def test_the_documentation_lists_every_rule(golden: Golden) -> None:
    page = (DOCS / "audit.md").read_text(encoding="utf-8")
    start, end = page.index("<!-- rules:"), page.index("<!-- end of rules -->")
    head = page[start:].splitlines()[0]
    golden("../../docs/audit.md", f"{page[:start]}{head}\n{rules_table()}\n{page[end:]}")


def test_a_rule_that_comes_from_another_process_is_the_same() -> None:
    for rule in RULES.values():
        assert pickle.loads(pickle.dumps(rule)) is rule


def test_a_rule_is_found_by_its_code() -> None:
    assert rule_of(" gs601 ") is RULES["GS601"]
    with pytest.raises(GradsheetError, match=r"no audit rule 'GS000'; expected a code from GS101"):
        rule_of("GS000")


def test_a_mistake_of_the_workbook_has_the_name_of_its_rule() -> None:
    """The sheet of common mistakes may add a few words."""
    titles = tuple(rule.title for rule in RULES.values())
    assert all(kind.name.startswith(titles) for kind in KINDS)
