"""HTML elements. Text becomes HTML here only, and whatever is not HTML already is escaped."""

import html
from collections.abc import Iterable

from gradsheet.errors import legible

_WITHOUT_END = ("br", "input")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *content: str, **attributes: str) -> Html:
    """An element. Content that is not HTML already is escaped, and so are the attributes."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(legible(value))}"'
        for name, value in attributes.items()
    )
    end = "" if tag in _WITHOUT_END else f"</{tag}>"
    return Html(f"<{tag}{given}>{joined(content)}{end}")


def joined(content: Iterable[str]) -> Html:
    """Pieces one after the other."""
    return Html(
        "".join(part if isinstance(part, Html) else html.escape(legible(part)) for part in content)
    )


def paragraph(text: str, look: str) -> Html:
    """A paragraph of a class; without text nothing."""
    return element("p", text, class_=look) if text else Html()


def unseen(text: str) -> Html:
    """Text for those who hear the page."""
    return element("span", text, class_="unseen")


def definitions(pairs: Iterable[tuple[str, str]], look: str) -> Html:
    """A list of terms with a description each."""
    parts = [part for name, fact in pairs for part in (element("dt", name), element("dd", fact))]
    return element("dl", *parts, class_=look)
