"""The page: sound HTML, inert text, every mistake told, readable by eye and ear."""

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from gradsheet.audit import rules
from gradsheet.audit.findings import Audit
from gradsheet.audit.report.page import report_page
from gradsheet.audit.report.page_script import SCRIPT
from gradsheet.audit.unaudited import Unaudited
from tests.audit.samples import (
    RIGHT,
    WRITTEN,
    audit,
    mistake,
    remark,
    strange,
    table,
)

CLASS = [
    audit("right.xlsx"),
    audit("two.xlsx", mistake("Z29"), mistake()),
    audit("one.xlsx", mistake(rule=rules.SWAPPED), rest=[remark("Sheet2", "B2", "pasted values")]),
    Audit(Path("none.xlsx"), (), ()),
]
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """A page taken apart; a tag that is not closed in its place is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.pieces: list[tuple[tuple[str, ...], str]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.pieces.append((tuple(self.open), data))

    def text(self, *inside: str) -> list[str]:
        """The text of each piece that stands inside all of these tags."""
        return [text for tags, text in self.pieces if set(inside) <= set(tags)]

    def told(self) -> str:
        return " ".join(" ".join(self.text("body")).split())

    def values(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.mark.parametrize("audits", [CLASS[:1], CLASS[1:2], CLASS[3:], CLASS, []])
def test_it_is_sound_and_needs_nothing_else(audits: list[Audit]) -> None:
    text = report_page(audits)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert dict(page.tags)["html"] == {"lang": "en"}
    assert page.text("head", "title")[0].startswith("Audit of")
    assert not {"link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not re.search(r"https?:|url\(|@import|\bsrc=|fetch|XMLHttp|import\(", text)
    assert text.count("{") == text.count("}")
    assert page.text("script") == ([SCRIPT] if len(audits) != 1 else [])
    [policy] = [p for p in page.values("content") if p.startswith("default-src 'none'")]
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_without_the_script_the_page_is_whole() -> None:
    page = Page(report_page(CLASS))
    [controls] = [a for tag, a in page.tags if a.get("id") == "controls"]
    assert "hidden" in controls
    assert not [a for tag, a in page.tags if "hidden" in a and a is not controls]
    asked = re.findall(r'byId\("(\w+)"\)|"(\w+)"(?=[,\]] ?.*addEventListener)', SCRIPT)
    assert {name for pair in asked for name in pair if name} <= set(page.values("id"))


@pytest.mark.parametrize("audits", [CLASS[1:2], CLASS])
def test_its_headings_have_an_order_and_its_links_a_goal(audits: list[Audit]) -> None:
    page = Page(report_page(audits))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))
    names = page.values("id")
    assert len(set(names)) == len(names)
    assert {link.removeprefix("#") for link in page.values("href")} <= set(names)


def test_every_mistake_and_remark_is_told() -> None:
    found = [
        mistake(f"{letters}29", rule, f"told {letters}")
        for letters, rule in (
            ("Z", rules.WRONG_LOCAL_DERIVATIVE),
            ("AA", rules.SWAPPED),
            ("AA", rules.BRACKET),
        )
    ]
    rest = [remark("Sheet2", "B2", "pasted values"), mistake("Q7", rules.SIGN, "outside")]
    told = Page(report_page([audit("a.xlsx", *found, remark("Sheet1", "W28", "odd"), rest=rest)]))
    for text in ("Z29", "AA29", "E∂w4", "told Z", "told AA", "GS306 misplaced bracket", "odd",
                 "pasted values", "Sheet2!B2", "outside", "62 cells", "what E∂w4 is",
                 "4 mistakes"):  # fmt: skip
        assert text in told.told(), text


def test_a_table_is_described() -> None:
    told = Page(report_page([audit("a.xlsx")])).told()
    for text in ("A28:AE90", "2 sigmoid hidden units", "0.5 in F27", "61", "all right: 3 columns"):
        assert text in told
    bare = dataclasses.replace(table(), rate=None, rate_cell=None)
    assert "not found" in Page(report_page([Audit(Path("a"), (bare,), ())])).told()


def test_columns_stand_in_their_order_each_with_its_verdict() -> None:
    page = Page(report_page([audit("a.xlsx", mistake())]))
    told = " ".join("|".join(page.text("li", "body")).split())
    places = [told.index(f"{letter}|{mark}") for letter, mark in
              (("A", "•"), ("B", "✓"), ("Z", "✓"), ("AA", "✗"), ("AB", "?"))]  # fmt: skip
    assert places == sorted(places)
    classes = [attributes.get("class") for tag, attributes in page.tags if tag == "li"]
    assert classes == ["given", "right", "right", "wrong", "not-checked"]
    assert page.text("ol", "a") == ["E∂w4"]


def test_a_mistake_above_the_table_is_none_of_the_column_below() -> None:
    rate = dataclasses.replace(mistake("AA27"), column="", role=None)
    page = Page(report_page([audit("a.xlsx", rate)]))
    assert "Sheet1!AA27" in page.told()
    assert not page.text("ol", "a")


def test_formulas_are_whole_and_only_what_differs_is_marked() -> None:
    page = Page(report_page([audit("a.xlsx", mistake())]))
    assert "".join(page.text("article", "dd", "code")) == WRITTEN + RIGHT
    assert page.text("del") == ["w5", "a_h1", "a_h1"]
    assert page.text("ins") == ["w6", "a_h2", "a_h2"]


def test_long_formulas_are_compared_from_both_ends() -> None:
    written = "(" * 4000 + "x+1" + ")" * 4000
    found = mistake(written=written, right=written.replace("x", "y"))
    page = Page(report_page([audit("a.xlsx", found)]))
    assert page.text("del") == ["x"]
    assert "".join(page.text("article", "dd", "code")) == written + written.replace("x", "y")


def test_a_formula_without_its_counterpart_is_shown_plainly() -> None:
    page = Page(report_page([audit("a.xlsx", mistake(right=""))]))
    assert page.text("article", "dd", "code") == [WRITTEN]
    assert not page.text("del")


# --- A class ---------------------------------------------------------------------------------


def test_the_overview_counts_files_and_mistakes() -> None:
    unread = Unaudited(Path("odd.xlsx"), "unreadable", "it is empty")
    page = Page(report_page([*CLASS, unread]))
    told = page.told()
    for text in ("1 ! unreadable", "1 ✓ right", "2 ✗ with mistakes", "1 ? not read in full"):
        assert text in told
    body = [text for text in page.text("tbody") if text.strip()]
    assert body == [
        *("right.xlsx", "✓ all right", "0"),
        *("two.xlsx", "✗ mistakes", "2", "2"),
        *("one.xlsx", "✗ mistakes", "1", "1"),
        *("none.xlsx", "? not read in full"),
        *("odd.xlsx", "! unreadable: it is empty"),
    ]
    foot = [text for text in page.text("tfoot") if text.strip()]
    assert foot == ["mistakes", "3", "2", "1", "files with it", "2", "1", "1"]


def test_the_heat_map_is_a_table_with_headers() -> None:
    page = Page(report_page(CLASS))
    scopes = [attributes["scope"] for tag, attributes in page.tags if tag == "th"]
    assert scopes.count("col") == 2 + 2 + 1
    assert scopes.count("row") == len(CLASS) + 2
    shades = [value for value in page.values("class") if "heat" in value]
    assert sorted(shades) == ["kind heat2", "kind heat4"]


def test_a_row_knows_what_it_is_filtered_and_sorted_by() -> None:
    rows = [a for tag, a in Page(report_page(CLASS)).tags if tag == "tr" and "data-file" in a]
    assert [row["data-outcome"] for row in rows] == ["right", "wrong", "wrong", "partly read"]
    assert [row["data-rules"] for row in rows] == ["", "GS601", "GS101 GS604", ""]
    assert [row["data-mistakes"] for row in rows] == ["0", "2", "1", "0"]


def test_tables_that_are_alike_are_shown_once() -> None:
    found = audit("a.xlsx", mistake())
    [first] = found.tables
    other = dataclasses.replace(first, sheet="lr 2", rate=2.0, findings=())
    page = Page(report_page([dataclasses.replace(found, tables=(first, other))]))
    assert page.text("h3")[0] == "Sheet1, lr 2: A28:AE90"
    assert "0.5, 2 in F27" in page.told()
    assert page.text("ol", "a") == ["E∂w4"]


def test_one_file_has_no_overview() -> None:
    assert not Page(report_page(CLASS[1:2])).text("table")


# --- What files can hold ---------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></title></code><b>",
    "<!-- ",
    "]]>&lt;&amp;&#60;",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_file_stays_text(text: str) -> None:
    plain, page = Page(report_page([strange("x")] * 2)), Page(report_page([strange(text)] * 2))

    def bones(page: Page) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(a)) for tag, a in page.tags if tag not in ("del", "ins")]

    assert bones(page) == bones(plain)
    assert "".join(page.text()).count(text) >= 40
    assert all(link.startswith("#") for link in page.values("href"))


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_file_stays_text_in_a_notebook(text: str) -> None:
    plain, page = Page(strange("x")._repr_html_()), Page(strange(text)._repr_html_())
    assert [tag for tag, _ in page.tags if tag not in ("del", "ins")] == [
        tag for tag, _ in plain.tags if tag not in ("del", "ins")
    ]
    assert "".join(page.text()).count(text) >= 40


def test_control_characters_are_dropped() -> None:
    page = report_page([strange("a\x00\x1b[31m\x85\u202e\ud800b")])
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]", page)
    assert page.encode()


# --- To the eye ------------------------------------------------------------------------------


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    lines = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * lines[0] + 0.7152 * lines[1] + 0.0722 * lines[2]


def test_every_ink_stands_out_from_its_paper() -> None:
    text = report_page(CLASS)
    schemes = re.findall(r":root\{(.*?)\}", text)
    assert len(schemes) == 2
    for scheme in schemes:
        colors = dict(re.findall(r"--([\w-]+):(#\w{6});", scheme))
        names = {name.rpartition("-")[0] for name in colors}
        assert len(names) > 10
        papers = {name: [colors[f"{name}-paper"]] for name in names}
        papers["quiet"].append(colors["page-paper"])
        papers["link"].append(colors["page-paper"])
        for name in names:
            for paper in papers[name]:
                dark, light = sorted(map(luminance, (colors[f"{name}-ink"], paper)))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, name
        assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= colors.keys()
