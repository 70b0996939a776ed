"""The parts of an .xlsx, edited as text: whatever is not meant stays as it is, byte for byte.

A library that reads and writes the whole would drop what it does not know, and with it text boxes
and pictures. So a parser says only where an element stands, and the change is made there.
"""

import posixpath
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from gradsheet.errors import GradsheetError
from gradsheet.files import reading

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "[Content_Types].xml"
_MOST_BYTES = 1_000_000_000  # of a whole workbook, unpacked
_MOST_OF_PART = 300_000_000
_MOST_PARSED = 64 << 20  # of a part: a tag without an end costs the square of what follows it


@dataclass(slots=True)
class Element:
    """Where an element stands in its part.

    Attributes:
        prefix: of its name, with the colon; empty where it has none.
        start: of its first tag.
        inside: where its content starts.
        inside_end: where its content ends.
        end: of its last tag. One without content has but one tag: all three are its end.
    """

    prefix: str
    name: str
    attributes: dict[str, str]
    start: int
    inside: int
    inside_end: int = 0
    end: int = 0
    children: list["Element"] = field(default_factory=list)

    def all(self, *names: str) -> list["Element"]:
        """The children with one of these names."""
        return [child for child in self.children if child.name in names]

    def first(self, name: str) -> "Element | None":
        """The first child with this name; None where there is none."""
        return next(iter(self.all(name)), None)


_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_ATTRIBUTE = re.compile(rb"""\s+([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')""")


def parsed(
    content: bytes, deepest: int, is_open: Callable[[Element], bool] = lambda _: True
) -> Element:
    """The root of a part, with its descendants down to a depth.

    Args:
        content: of the part.
        deepest: how many levels below the root.
        is_open: whether the children of an element are wanted.

    Raises:
        ValueError: the part is very large, declares a document type or is in 16-bit units.
        ExpatError: it is no sound XML.
    """
    if len(content) > _MOST_PARSED:
        raise ValueError(f"a part has {len(content):,} bytes")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError("a part is not in UTF-8")
    parser = expat.ParserCreate()
    open_elements = [Element("", "", {}, 0, 0)]
    depth, limit = 0, deepest + 1

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, limit
        depth += 1
        if depth <= limit:
            start = parser.CurrentByteIndex
            tag = _TAG.match(content, start)
            prefix, colon, local = name.rpartition(":")
            inside = tag.end() if tag else start
            element = Element(prefix + colon, local, attributes, start, inside)
            open_elements[-1].children.append(element)
            open_elements.append(element)
            if not is_open(element):
                limit = depth

    def finish(name: str) -> None:
        nonlocal depth, limit
        depth -= 1
        if depth < limit:
            limit = deepest + 1
            element = open_elements.pop()
            element.inside_end = element.end = element.inside
            if content[element.inside - 2 : element.inside] != b"/>":
                element.inside_end = parser.CurrentByteIndex
                element.end = content.index(b">", element.inside_end) + 1

    def refuse(*_: object) -> None:
        raise ValueError("a part declares a document type")

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)
    return open_elements[0].children[0]


@dataclass
class Text:
    """A part and its edits; positions are those of the part as it was read."""

    content: bytes
    deepest: int
    edits: list[tuple[int, int, bytes]] = field(default_factory=list)
    is_open: Callable[[Element], bool] = lambda _: True

    def __post_init__(self) -> None:
        self.root = parsed(self.content, self.deepest, self.is_open)

    def insert(self, position: int, new: bytes) -> None:
        """Add something before the byte at ``position``."""
        self.edits.append((position, position, new))

    def change(self, element: Element, **attributes: str | None) -> None:
        """Set attributes of an element, or leave them out where they are None."""
        self.edits.append((element.start, element.inside, self.tag(element, **attributes)))

    def tag(self, element: Element, **attributes: str | None) -> bytes:
        """The first tag of an element with other attributes."""
        return _with(self.content[element.start : element.inside], **attributes)

    def append(self, element: Element, new: bytes, **attributes: str | None) -> None:
        """Add to the end of an element, and set attributes of it; once an element only."""
        if element.end > element.inside:
            self.change(element, **attributes)
            self.insert(element.inside_end, new)
        else:
            name = f"</{element.prefix}{element.name}>".encode()
            tag = self.tag(element, **attributes).removesuffix(b"/>").rstrip() + b">"
            self.edits.append((element.start, element.end, tag + new + name))

    def edited(self) -> bytes:
        """The part with all changes made."""
        pieces, done = [], 0
        for start, end, new in sorted(self.edits, key=lambda edit: edit[:2]):
            pieces += [self.content[done:start], new]
            done = end
        return b"".join([*pieces, self.content[done:]])


def _with(tag: bytes, **attributes: str | None) -> bytes:
    """A first tag with some attributes set, or left out where they are None."""
    left = {name.encode(): value for name, value in attributes.items()}

    def replaced(found: re.Match[bytes]) -> bytes:
        if found[1] not in left:
            return found[0]
        value = left.pop(found[1])
        return b"" if value is None else b' %s="%s"' % (found[1], value.encode())

    tag = _ATTRIBUTE.sub(replaced, tag)
    new = b"".join(b' %s="%s"' % (n, v.encode()) for n, v in left.items() if v is not None)
    closing = b"/>" if tag.endswith(b"/>") else b">"
    return tag.removesuffix(closing).rstrip() + new + closing


# --- The file --------------------------------------------------------------------------------


@contextmanager
def opened_package(path: Path) -> Iterator["Package"]:
    """The parts of the .xlsx at ``path``.

    Raises:
        GradsheetError: the file cannot be read, is encrypted or damaged, or is no .xlsx.
    """
    remedy = "open it in a spreadsheet program and save it as .xlsx"
    sound = reading(path, "a sound .xlsx without a password", remedy)
    with sound, zipfile.ZipFile(path) as archive:
        yield Package(archive)


class Package:
    """The parts of a workbook, and those of them that were changed or added."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._changed: dict[str, bytes] = {}
        # The names of parts make no difference between capital and small letters.
        self._infos = {info.filename.lower(): info for info in archive.infolist()}
        if sum(info.file_size for info in self._infos.values()) > _MOST_BYTES:
            raise GradsheetError(
                f"{archive.filename} unpacks to more than {_MOST_BYTES // 10**9} GB; make it "
                "smaller"
            )
        if any(info.flag_bits & 1 for info in self._infos.values()):
            raise zipfile.BadZipFile("encrypted")

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._changed or part.lower() in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter([info.filename for info in self._infos.values()])

    def __getitem__(self, part: str) -> bytes:
        if (changed := self._changed.get(part.lower())) is not None:
            return changed
        info = self._infos[part.lower()]
        if info.file_size > _MOST_OF_PART:
            raise ValueError(f"a part has {info.file_size:,} bytes")
        return self._archive.read(info)

    def __setitem__(self, part: str, content: bytes) -> None:
        self._changed[part.lower()] = content
        if part.lower() not in self._infos:
            info = zipfile.ZipInfo(part)
            info.compress_type = zipfile.ZIP_DEFLATED
            self._infos[part.lower()] = info

    def write(self, file: Path | BinaryIO) -> None:
        """Write all parts in their order, new ones last."""
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as copy:
            for name, info in self._infos.items():
                new = zipfile.ZipInfo(info.filename, info.date_time)
                new.compress_type = min(info.compress_type, zipfile.ZIP_DEFLATED)
                if name in self._changed:
                    copy.writestr(new, self._changed[name])
                    continue
                with self._archive.open(info) as source, copy.open(new, "w") as goal:
                    shutil.copyfileobj(source, goal)

    def sheets(self) -> dict[str, str]:
        """For each sheet of cells the part that holds it."""
        [book] = self.related("", "officeDocument").values()
        parts = self.related(book, "worksheet")
        found = parsed(self[book], 2).first("sheets")
        return {
            sheet.attributes["name"]: parts[relation]
            for sheet in (found.children if found else ())
            if (relation := relation_of(sheet)) in parts
        }

    def related(self, part: str, kind: str) -> dict[str, str]:
        """The parts to which a part has a relation of a kind, by the name of the relation."""
        if (file := _relations_of(part)) not in self:
            return {}
        return {
            relation.attributes["Id"]: _resolved(part, relation.attributes["Target"])
            for relation in parsed(self[file], 1).children
            if relation.attributes["Type"].endswith(f"/{kind}")
            and relation.attributes.get("TargetMode") != "External"
        }

    def relate(self, part: str, kind: str, other: str) -> str:
        """Add a relation between two parts and return its name."""
        file = _relations_of(part)
        if file not in self:
            self[file] = HEAD + f'<Relationships xmlns="{_RELATIONS}"/>'.encode()
        text = Text(self[file], 1)
        taken = {relation.attributes["Id"] for relation in text.root.children}
        name = _free("rId{}", taken)
        target = posixpath.relpath(other, posixpath.dirname(part))
        text.append(
            text.root,
            f'<{text.root.prefix}Relationship Id="{name}" Type="{OFFICE}/{kind}" '
            f'Target="{target}"/>'.encode(),
        )
        self[file] = text.edited()
        return name

    def add(self, pattern: str, content: bytes, content_type: str) -> str:
        """Add a part under the first free name and say what it is."""
        name = _free(pattern, self)
        self[name] = content
        text = Text(self[_TYPES], 1)
        known = {child.attributes.get("Extension", "").lower() for child in text.root.children}
        # Spreadsheet programs declare .vml once for all; .xml is shared by parts of many types.
        if name.endswith(".vml") and "vml" not in known:
            one, position = 'Default Extension="vml"', text.root.inside
        else:
            one, position = f'Override PartName="/{name}"', text.root.inside_end
        text.insert(position, f'<{text.root.prefix}{one} ContentType="{content_type}"/>'.encode())
        self[_TYPES] = text.edited()
        return name


def _free(pattern: str, taken: "Package | set[str]") -> str:
    number = 1
    while pattern.format(number) in taken:
        number += 1
    return pattern.format(number)


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolved(part: str, target: str) -> str:
    """The part behind a target as it is seen from ``part``."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")


def relation_of(element: Element) -> str:
    """The name of the relation that an element refers to, whatever prefix it has."""
    found = (value for name, value in element.attributes.items() if name.endswith(":id"))
    return next(found, "")
