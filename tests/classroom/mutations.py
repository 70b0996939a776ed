"""Damaged and strange versions of a workbook, each reproducible."""

import random
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

_STRANGE = (
    b"",
    b"=",
    b"1E999",
    b"-",
    b"NaN",
    b"\xff\xfe",
    b"&amp;" * 50,
    b"]]>",
    b"9" * 400,
    b"=" * 9000,
    b"((((" * 500,
    "∂E/∂w".encode() * 20,
)


def mutated(source: Path, folder: Path, count: int) -> Iterator[Path]:
    """So many mutated copies of an .xlsx, one at a time under one name."""
    original = source.read_bytes()
    with zipfile.ZipFile(source) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    for number in range(count):
        drawn = random.Random(number)
        path = folder / f"mutated{drawn.choice(('.xlsx', '.xlsx', '.ods', '.xlsm'))}"
        if number % 4 == 0:
            path.write_bytes(_bytes(original, drawn))
        else:
            _write(path, _parts(parts, drawn))
        yield path
        path.unlink()


def _bytes(content: bytes, drawn: random.Random) -> bytes:
    """The file itself cut off, or some bytes of it changed."""
    if drawn.random() < 0.3:
        return content[: drawn.randrange(len(content))]
    changed = bytearray(content)
    for _ in range(drawn.choice((1, 10, 200))):
        changed[drawn.randrange(len(changed))] = drawn.randrange(256)
    return bytes(changed)


def _parts(parts: dict[str, bytes], drawn: random.Random) -> dict[str, bytes]:
    """The parts with one of them left out, emptied or changed."""
    changed = dict(parts)
    sheets = [name for name in parts if name.startswith("xl/worksheets/sheet")]
    name = drawn.choice(sheets if drawn.random() < 0.7 else list(parts))
    way = drawn.randrange(5)
    if way == 0:
        del changed[name]
    elif way == 1:
        changed[name] = parts[name][: drawn.randrange(len(parts[name]) + 1)]
    elif way == 2:
        changed[name] = drawn.choice(_STRANGE)
    else:
        found = list(re.finditer(rb"<[vft][^>]*>([^<]+)</|=\"([^\"]*)\"", parts[name]))
        content = parts[name]
        for match in sorted(drawn.sample(found, min(len(found), 5)), key=lambda m: -m.start()):
            start, end = match.span(1 if match[1] is not None else 2)
            content = content[:start] + drawn.choice(_STRANGE) + content[end:]
        changed[name] = content
    return changed


def _write(path: Path, parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
