"""One part read element by element: no tree of a hostile file is ever built."""

from collections.abc import Callable, Mapping
from typing import NoReturn, Self
from xml.parsers import expat

from gradsheet.spreadsheet.reader.archive import PIECE, SAVE, Parts, RefusedError, broken, quoted

_DEEPEST = 100  # elements within one another
_LONGEST_TAG = 1 << 20  # bytes; expat reads an unfinished tag again with every piece
_MOST_WORDS = 10_000  # different names of elements and attributes; expat never forgets one

Attributes = dict[str, str]


def natural(text: str, longest: int = 9) -> int:
    """The number that at most ``longest`` decimal digits write; -1 where they are something else.

    ``int`` takes more: signs, blanks, digits of other scripts, and time for a million of them.
    """
    is_natural = text.isascii() and text.isdecimal() and len(text) <= longest
    return int(text) if is_natural else -1


class PartReader:
    """Reads one part and calls a handler at the start and the end of elements, by local name.

    Attributes:
        root: the name the outermost element has to have.
        path: the open elements, from an empty name outside the root to the innermost one; an
            element is still in it while its end is handled.
        text: the text since it was last cleared.
    """

    root = ""

    def __init__(
        self,
        starts: Mapping[str, Callable[[Attributes], None]],
        ends: Mapping[str, Callable[[], None]],
    ) -> None:
        self.path = [""]
        self.text: list[str] = []
        self._starts = starts
        self._ends = ends

    def read(self, parts: Parts, name: str) -> Self:
        """Read the whole part ``name``."""
        words: dict[str, str] = {}
        parser = self._parser(words)
        fed = 0
        try:
            for piece in parts.pieces(name):
                parts.budget.spend("tags", piece.count(b"<"))
                parser.Parse(piece, False)
                fed += len(piece)
                if fed - parser.CurrentByteIndex > _LONGEST_TAG or len(words) > _MOST_WORDS:
                    raise RefusedError(
                        f"no spreadsheet program writes a part like its {quoted(name)}; {SAVE}"
                    )
            parser.Parse(b"", True)
        except (expat.ExpatError, UnicodeDecodeError) as error:
            raise broken(name, error) from error
        return self

    def clear(self, _: Attributes) -> None:
        """Forget the text; the element that starts here is read by its own."""
        self.text.clear()

    def written(self) -> str:
        """The text since it was last cleared."""
        return "".join(self.text)

    def _parser(self, words: dict[str, str]) -> expat.XMLParserType:
        parser = expat.ParserCreate(intern=words)
        parser.buffer_text = True
        parser.buffer_size = PIECE
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.XmlDeclHandler = _check_encoding
        parser.StartElementHandler, parser.EndElementHandler = self._element_handlers()
        parser.CharacterDataHandler = self.text.append
        return parser

    def _element_handlers(self) -> tuple[Callable[[str, Attributes], None], Callable[[str], None]]:
        """What is called for every element; functions with all they need at hand are fastest."""
        path, check_depth = self.path, self._check_depth
        start_of, end_of = self._starts.get, self._ends.get

        def start(name: str, attributes: Attributes) -> None:
            if ":" in name:
                name = name.rpartition(":")[2]
            path.append(name)
            if not 2 < len(path) <= _DEEPEST:
                check_depth(name)
            if (handler := start_of(name)) is not None:
                handler(attributes)

        def end(_: str) -> None:
            if (handler := end_of(path[-1])) is not None:
                handler()
            path.pop()

        return start, end

    def _check_depth(self, name: str) -> None:
        if len(self.path) > _DEEPEST:
            raise RefusedError(f"its elements lie too deep within one another; {SAVE}")
        if name != self.root:
            raise RefusedError(
                f"it is not a workbook: a part begins with {quoted(name)} and not with "
                f"{self.root!r}; {SAVE}"
            )


def _refuse_doctype(*_: object) -> NoReturn:
    """Entities, the way to make much of little, need a DOCTYPE, and a workbook has none."""
    raise RefusedError(f"it declares a document type, which no workbook does; {SAVE}")


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    """Those that expat knows itself: any other would be looked up among Python's codecs."""
    if (encoding or "utf-8").lower() not in ("utf-8", "utf-16", "us-ascii", "iso-8859-1"):
        raise RefusedError(f"it is written in {quoted(encoding or '')}; {SAVE}")
