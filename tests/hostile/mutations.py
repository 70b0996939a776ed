"""Damage to bytes, texts, JSON, XML, archives, pictures and tensors, drawn from a generator."""

import html
import io
import json
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]

ODD_NUMBERS = (
    *("0", "-0.0", "-1", "1", "1e308", "-1e308", "1e999", "5e-324", "nan", "inf", "-inf", "0x10"),
    *("2147483648", "4294967295", "-9223372036854775809", "18446744073709551616", "1e-7", "1_000"),
    *("999999999999", "9" * 400, "9" * 5000, "0." + "1" * 3000, "1.5.2", "NaN", "١٢", "true"),
)
ODD_TEXTS = (
    *("", " ", "\x1b[31mred\x1b[0m", "\x07", "\u202egnp", "\ud800", "\x00", "=1+1", "é" * 200),
    *("@SUM(A1)", "<script>", "../../etc", "/dev/zero", "a" * 70_000, "%s%n", "{0}", "\n\n\r", "∂"),
    *("None", "str", "utf-7", "cp037", "ABCDEFGH1", "A1048577", "$A$0", "XFD1:A1", "#REF!", "\\"),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**64, 10**400, 1e308, float("nan"), float("inf"), 0.5),
    *("", "many", "\x1b[2J", "x" * 10_000, [], {}, [[]], [1, "a"], {"a": {"b": 1}}, [0] * 5000),
)
ODD_FORMULAS = (
    *("A1", "1/0", "A1:A1048576", "SUM(A:XFD)", "1+" * 4000 + "1", "(" * 3000 + "1" + ")" * 3000),
    *("EXP(EXP(EXP(9)))", "10^308*10^308", "IF(", "-" * 5000 + "1", '"' + "x" * 9000, "{1,2;3}"),
    *(
        "OFFSET(A1,1E9,1E9)",
        "INDIRECT(A1)",
        "LET(x,1,x)",
        "Sheet9!A1",
        "'a''b'!A1",
        "#REF!",
    ),
    *("9^9^9", "A1 B1", "A1,B1", "1E400", "ROUND(1,1E9)", "CHOOSE(1E300,1)", "@A1", "A1#"),
)


def mutate_bytes(content: bytes, draw: Random) -> bytes:
    """Bits turned, bytes cut out, doubled, put in, or the end cut off."""
    if not content:
        return bytes(draw.randrange(256) for _ in range(draw.randint(1, 40)))
    data = bytearray(content)
    start = draw.randrange(len(data))
    length = draw.choice([1, 2, 4, 16, 256, 4096])
    kind = draw.randrange(7)
    if kind == 0:
        for _ in range(draw.choice([1, 3, 20])):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    elif kind == 1:
        data[start] = draw.choice([0, 1, 0x7F, 0x80, 0xFF, 0x1B, 0x0A])
    elif kind == 2:
        del data[start : start + length]
    elif kind == 3:
        data[start:start] = bytes(draw.randrange(256) for _ in range(min(length, 256)))
    elif kind == 4:
        data[start:start] = data[start : start + length] * draw.choice([1, 2, 10])
    elif kind == 5:
        del data[start:]
    else:
        word = draw.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF, 10**6])
        data[start : start + 4] = struct.pack(draw.choice("<>") + "I", word)
    return bytes(data)


def mutate_text(content: bytes, draw: Random) -> bytes:
    """Numbers, words, lines and brackets of a text exchanged for odd ones; sometimes any bytes."""
    if draw.random() < 0.1:
        return mutate_bytes(content, draw)
    text = content.decode("utf-8", "surrogateescape")
    kind = draw.randrange(6)
    if kind == 0:
        text = _replaced(text, r"-?\d+(?:\.\d+)?", draw.choice(ODD_NUMBERS), draw)
    elif kind == 1:
        quoted = json.dumps(draw.choice(ODD_TEXTS), ensure_ascii=draw.random() < 0.5)
        text = _replaced(text, r'"[^"\n]*"', quoted, draw)
    elif kind == 2:
        text = _replaced(text, r"[A-Za-z_]+", draw.choice((*ODD_TEXTS, *ODD_NUMBERS)), draw)
    elif kind == 3:
        odd = draw.choice(_ODD_BRACKETS)
        text = _replaced(text, r"[][{}=,\n]", odd, draw)
    else:
        lines = text.split("\n")
        at, count = draw.randrange(len(lines)), draw.choice([1, 2, 5])
        part = lines[at : at + count]
        lines[at : at + count] = part * draw.choice([0, 0, 2, 3, 2000]) if kind == 4 else []
        if kind == 5:
            other = draw.randrange(len(lines) + 1)
            lines[other:other] = part
        text = "\n".join(lines)
    return text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")


_ODD_BRACKETS = ("[" * 500, "]", "{", "}" * 3, "[[layers]]\n", "\n" * 60_000, "a." * 9000)


def _replaced(text: str, pattern: str, odd: str, draw: Random) -> str:
    """The text with one match of the pattern, chosen by chance, exchanged for ``odd``."""
    matches = list(re.finditer(pattern, text))
    if not matches:
        return text + odd
    found = draw.choice(matches)
    return text[: found.start()] + odd + text[found.end() :]


def mutate_json(content: bytes, draw: Random) -> bytes:
    """A value, a key or a list of a JSON document made odd; sometimes its text."""
    try:
        value = json.loads(content)
    except ValueError:
        return mutate_text(content, draw)
    if draw.random() < 0.15:
        return mutate_text(content, draw)
    places = list(_places(value))
    if not places:
        return json.dumps(draw.choice(ODD_VALUES)).encode()
    parent, key = draw.choice(places)
    kind = draw.randrange(5)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, dict):
        parent[draw.choice(ODD_TEXTS).replace("\ud800", "?")] = parent.pop(key)
    elif kind == 2 and isinstance(parent[key], list):
        parent[key] = parent[key] * draw.choice([2, 1000])
    elif kind == 3:
        parent[key] = [parent[key]]
    else:
        parent[key] = draw.choice(ODD_VALUES)
    return json.dumps(value).encode()


def _places(value: Any) -> Any:
    """Every container of a document with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def mutate_xml(content: bytes, draw: Random) -> bytes:
    """Attributes, texts, elements and the declaration of an XML part made odd."""
    if draw.random() < 0.1:
        return mutate_bytes(content, draw)
    text = content.decode("utf-8", "surrogateescape")
    kind = draw.randrange(9)
    odd = _escaped(draw.choice((*ODD_TEXTS, *ODD_NUMBERS)), draw)
    if kind in (0, 1):
        text = _replaced(text, r'(?<==")[^"]*(?=")', odd, draw)
    elif kind == 2:
        text = _replaced(text, r"(?<=>)[^<>]+(?=<)", odd, draw)
    elif kind in (3, 4):
        formula = _escaped(draw.choice(ODD_FORMULAS), draw)
        pattern = r"(?<=<f>)[^<]*(?=</f>)" if kind == 3 else r'(?<=formula="of:=)[^"]*(?=")'
        text = _replaced(text, pattern, formula, draw)
    elif kind == 5:
        text = _replaced(text, r"<[a-z:]+[^<>]*/>|<(\w+)[^<>]*>[^<>]*</\1>", "", draw)
    elif kind == 6:
        if matches := list(re.finditer(r"<[a-z:]+[^<>]*/>|<(\w+)[^<>]*>[^<>]*</\1>", text)):
            found = draw.choice(matches)
            text = text[: found.end()] + found[0] * draw.choice([1, 3, 1000]) + text[found.end() :]
    elif kind == 7:
        declared = draw.choice(ODD_TEXTS).replace("\ud800", "").replace('"', "")
        text = f'<?xml version="1.0" encoding="{declared}"?>' + re.sub(r"^<\?xml[^>]*\?>", "", text)
    else:
        text = _replaced(text, r"(?=<[a-z])", draw.choice(_XML_BOMBS), draw)
    return text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")


_XML_BOMBS = (
    '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;">]>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    "<x>" * 20_000,
    "<!--" + "-" * 1000,
    "<![CDATA[",
    "&undefined;",
    "<c r='A1' t='s'><v>99999</v></c>",
    "<sheet name='a' sheetId='1'/>" * 999,
)


def _escaped(text: str, draw: Random) -> str:
    if draw.random() < 0.1:
        return text
    return html.escape(text.replace("\x00", ""))


def mutate_archive(content: bytes, draw: Random) -> bytes:
    """A part of a zip archive made odd, dropped, renamed or doubled; sometimes the archive."""
    if draw.random() < 0.15:
        return mutate_bytes(content, draw)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:  # damaged before
        return mutate_bytes(content, draw)
    if not parts:  # a damage before this one dropped the only part
        return mutate_bytes(content, draw)
    at = draw.randrange(len(parts))
    name, part = parts[at]
    kind = draw.randrange(12)
    if kind == 0:
        del parts[at]
    elif kind == 1:
        parts[at] = draw.choice([t for t in ODD_TEXTS if "\ud800" not in t and len(t) < 300]), part
    elif kind == 2:
        parts.append((draw.choice(parts)[0], part))
    elif kind == 3 and draw.random() < 0.2:
        parts[at] = name, part[: len(part) // 2] + b" " * 100_000_000
    else:
        parts[at] = name, mutate_xml(part, draw)
    out = io.BytesIO()
    packing = draw.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
    with zipfile.ZipFile(out, "w") as new, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may come twice
        for name, part in parts:
            large = len(part) > 10_000_000
            how = zipfile.ZIP_DEFLATED if large else packing
            new.writestr(zipfile.ZipInfo(name or "x"), part, how, 1 if large else None)
    return out.getvalue()


def mutate_png(content: bytes, draw: Random) -> bytes:
    """A chunk of a PNG made odd, with the right check sum; sometimes any bytes."""
    if not content.startswith(b"\x89PNG") or draw.random() < 0.3:
        return mutate_bytes(content, draw)
    chunks, at = [], 8
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return mutate_bytes(content, draw)
    kind, number = draw.randrange(5), draw.randrange(len(chunks))
    name, data = chunks[number]
    if kind == 0 and chunks[0][0] == b"IHDR" and len(chunks[0][1]) == 13:
        sizes = [draw.choice([0, 1, 28, 3000, 20_000, 2**31 - 1, 2**32 - 1]) for _ in range(2)]
        chunks[0] = b"IHDR", struct.pack(">II", *sizes) + chunks[0][1][8:]
    elif kind == 1:
        chunks[0] = chunks[0][0], mutate_bytes(chunks[0][1], draw)
    elif kind == 2:
        text = zlib.compress(bytes(draw.choice([10, 10**6, 10**8])))
        chunks.insert(1, (draw.choice([b"zTXt", b"iCCP"]), b"a\0\0" + text))
    elif kind == 3:
        chunks.insert(number, (draw.choice([b"PLTE", b"tRNS", b"IEND", b"acTL", name]), data))
    else:
        chunks[number] = name, mutate_bytes(data, draw)
    parts = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return content[:8] + b"".join(parts)


def mutate_safetensors(content: bytes, draw: Random) -> bytes:
    """The header of a file of tensors made odd, with its right length; sometimes any bytes."""
    length = int.from_bytes(content[:8], "little")
    if draw.random() < 0.3 or not 0 < length < len(content):
        return mutate_bytes(content, draw)
    header = content[8 : 8 + length]
    if draw.random() < 0.3:
        kinds = rb'"(F32|I64|F64)"'
        odd = draw.choice([b'"F16"', b'"BF16"', b'"F8_E4M3"', b'"BOOL"', b'"U64"', b'"X"', b'"I8"'])
        header = re.sub(kinds, odd, header, count=draw.choice([0, 1]))
    else:
        header = mutate_json(header, draw)
    data = content[8 + length :]
    return len(header).to_bytes(8, "little") + header + data


def mutate_idx(content: bytes, draw: Random) -> bytes:
    """A size in the header of an IDX file made odd, its numbers, or its packing."""
    kind = draw.randrange(5)
    if kind == 0 and len(content) > 8:
        at = draw.choice([0, 4, 8, 12])
        word = draw.choice([0, 1, 27, 28, 255, 0x803, 0x801, 0xFFFFFFFF, 0x80000000, 10_000])
        return content[:at] + struct.pack(">I", word) + content[at + 4 :]
    if kind == 1:
        return _gzip(content, draw)
    if kind == 2:
        return content[:16] + bytes(draw.randrange(256) for _ in content[16:400]) + content[400:]
    return mutate_bytes(content, draw)


def _gzip(content: bytes, draw: Random) -> bytes:
    """Packed, perhaps damaged, perhaps a bomb."""
    if draw.random() < 0.1:
        content += bytes(300_000_000)
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    packed = packer.compress(content) + packer.flush()
    return mutate_bytes(packed, draw) if draw.random() < 0.5 else packed
