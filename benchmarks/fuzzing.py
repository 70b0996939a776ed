"""Coverage-guided fuzzing of the readers of TOML, formulas and workbooks, with atheris.

    pip install atheris
    python benchmarks/fuzzing.py --minutes 20 -o results/fuzzing.json

Each reader gets inputs that atheris makes of sound ones, guided by which branches they reach. Any
error but the reader's own is a find; so are 10 s of the processor for an input and 2 GB. The inputs
that reached something new are kept in --folder, from which a later run goes on, and those found,
one a place and kind of error, in --folder/READER-found.
"""

import argparse
import io
import json
import re
import resource
import subprocess
import sys
import time
import traceback
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the sound inputs are those of the tests

_SLOW, _MEGABYTES, _LONGEST = 10, 2048, 4000  # processor seconds, memory, bytes of an input
_PATIENCE = 1200  # seconds after which an input is taken to hang
_PARTS = (
    "xl/worksheets/sheet1.xml",
    "xl/workbook.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/_rels/workbook.xml.rels",
    "[Content_Types].xml",
)

Reader = Callable[[bytes], None]


# --- Readers ----------------------------------------------------------------------------------


def toml_reader() -> Reader:
    """A network from text."""
    from gradsheet.errors import GradsheetError
    from gradsheet.networks.toml import parse_network

    def read(data: bytes) -> None:
        with suppress(GradsheetError):
            parse_network(data.decode("utf-8", "replace"), "n.toml")

    return read


def formula_reader() -> Reader:
    """A formula, the cells that it reads, and the expression that it is."""
    from gradsheet.spreadsheet.addresses import CellIndex
    from gradsheet.spreadsheet.formula import references, to_expression
    from gradsheet.spreadsheet.functions import FormulaError
    from gradsheet.spreadsheet.parser import parse
    from gradsheet.symbolic.expression import Variable

    at = CellIndex(5, 5)

    def read(data: bytes) -> None:
        with suppress(FormulaError):
            tree = parse(data.decode("utf-8", "replace"), at, {"rate": "$B$1"})
            references(tree)
            to_expression(tree, at, lambda sheet, cell: Variable(f"{sheet}!{cell}"))

    return read


def xlsx_reader() -> Reader:
    """A workbook one of whose parts the input is; the first byte chooses which, or the archive."""
    from gradsheet.errors import GradsheetError
    from gradsheet.spreadsheet.reader import read_book

    parts, folder = sound_parts(), TemporaryDirectory()  # as long as the process runs
    path = Path(folder.name) / "b.xlsx"

    def read(data: bytes) -> None:
        chosen = data[0] % (len(_PARTS) + 1) if data else 0
        if chosen == len(_PARTS):
            path.write_bytes(data[1:])
        else:
            path.write_bytes(archive({**parts, _PARTS[chosen]: data[1:]}))
        with suppress(GradsheetError):
            read_book(path)

    read.folder = folder  # type: ignore[attr-defined]
    return read


READERS: dict[str, Callable[[], Reader]] = {
    "toml": toml_reader,
    "formula": formula_reader,
    "xlsx": xlsx_reader,
}


def sound_parts() -> dict[str, bytes]:
    """The parts of a small workbook of formulas."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet, other = book.add_worksheet(), book.add_worksheet("lr 0.5")
        book.define_name("rate", "=Sheet1!$B$1")
        sheet.write_row("A1", ["a text", 0.5, True])
        sheet.write_formula("A2", "=B1*SUM(C1:C3)", None, 1.25)
        sheet.write_array_formula("A3:B3", "{=TRANSPOSE(B1:B2)}", None, 2)
        sheet.write_formula("A4", '=IF(A2>rate,"x","y")', None, "x")
        sheet.merge_range("D1:E2", "merged")
        other.write_formula("A1", "='Sheet1'!A2", None, 1.25)
        book.add_chart({"type": "line"}).add_series({"values": "=Sheet1!$B$1:$B$3"})
    with zipfile.ZipFile(out) as made:
        return {name: made.read(name) for name in made.namelist()}


def archive(parts: dict[str, bytes]) -> bytes:
    """A workbook of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for name, part in parts.items():
            book.writestr(zipfile.ZipInfo(name), part)
    return out.getvalue()


def seeds(reader: str) -> list[bytes]:
    """Sound inputs."""
    from tests.hostile.mutations import ODD_FORMULAS

    if reader == "toml":
        from tests.hostile.subjects import networks

        return [subject.files["n.toml"] for subject in networks()]
    if reader == "formula":
        odd = [text for text in ODD_FORMULAS if len(text) < _LONGEST]
        return [text.encode() for text in (*odd, *_FORMULAS)]
    parts = sound_parts()
    chosen = [bytes([n]) + parts[name] for n, name in enumerate(_PARTS) if name in parts]
    return [*chosen, bytes([len(_PARTS)]) + archive(parts)]


_FORMULAS = (
    "SUMPRODUCT($B$2:$B$4,C2:C4)+B$5",
    "1/(1+EXP(-'lr 0.5'!A1))",
    "IF(AND(A1>0,B1<>2),MAX(A1:B3),TANH(-A1%))",
    "LET(x,A1^2,x*(1-x))-rate",
    'IFERROR(LN(A1),"—")&TEXT(B1,"0.0")',
    "MMULT(A1:B2,TRANSPOSE({1,2;3,4}))",
    "INDEX(A1:C3,2,1)+OFFSET(A1,1,1)",
    "CHISQ.DIST.RT(A1^2,1)*ROUND(2.5E-3,2)",
)
_WORDS = {
    "toml": "[ ] { } = ' # . inputs targets [[layers]] weights bias activation sigmoid loss "
    "optimizer updates seed units 1e308 nan inf 0x1",
    "formula": "( ) * + - / ^ & % : ; , { } < > = @ # ! ' $ SUM( IF( LET( MMULT( OFFSET( INDEX( "
    "TRUE 1E9 A1 $B$2 A:A 1:1 Sheet1! 'a b'! #REF! EXP( rate AVERAGE( CHOOSE( TRANSPOSE( ROUND(",
    "xlsx": "<f> </f> <v> </v> <c <row r= t= s= si= ref= shared array <mergeCell <definedName "
    "<sheet name= <si><t> &amp; <!DOCTYPE > A1:B2 1048576",
}


# --- One reader, in a process of its own ------------------------------------------------------


def fuzz(reader: str, seconds: int, folder: Path) -> None:
    """Give a reader inputs for so long; unforeseen errors are kept and do not end it."""
    import atheris

    with atheris.instrument_imports(include=["gradsheet"]):
        read = READERS[reader]()
    kept, known = folder / f"{reader}-found", set()
    kept.mkdir(parents=True, exist_ok=True)

    def keep(what: str, data: bytes) -> None:
        if what not in known:
            known.add(what)
            (kept / what).write_bytes(data)

    def once(data: bytes) -> None:
        start = time.process_time()
        try:
            read(data)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            keep(f"{type(error).__name__}-{Path(frame.filename).stem}-{frame.lineno}", data)
        if time.process_time() - start > _SLOW:
            keep("slow", data)

    words = folder / f"{reader}.dict"
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in _WORDS[reader].split()))
    limits = [
        f"-max_total_time={seconds}",
        f"-timeout={_PATIENCE}",
        "-report_slow_units=1200",
        f"-rss_limit_mb={_MEGABYTES}",
    ]
    options = [*limits, f"-max_len={_LONGEST}", f"-dict={words}", "-print_final_stats=1"]
    places = [f"-artifact_prefix={kept}/", str(folder / reader)]
    atheris.Setup([sys.argv[0], *options, *places], once)
    atheris.Fuzz()


def _quoted(word: str) -> str:
    """A word as libFuzzer's dictionaries have it."""
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def result_of(reader: str, seconds: int, folder: Path) -> dict[str, Any]:
    """What came of fuzzing one reader."""
    corpus = folder / reader
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(reader)):
        (corpus / f"seed-{number}").write_bytes(seed[:_LONGEST])
    command = [sys.executable, __file__, "--reader", reader, "--seconds", str(seconds)]
    start, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.run(
        [*command, "--folder", str(folder)], stderr=subprocess.PIPE, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = process.stderr
    (folder / f"{reader}.log").write_text(said)
    coverage = re.findall(r"cov: (\d+) ft: (\d+)", said)
    executed = re.findall(r"number_of_executed_units: +(\d+)|^#(\d+)", said, re.MULTILINE)
    found = sorted(path.name for path in (folder / f"{reader}-found").iterdir())
    return {
        "seconds": round(time.monotonic() - start),
        "processor seconds": round(after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime),
        "inputs": max((int(a or b) for a, b in executed), default=0),
        "branches": int(coverage[-1][0]) if coverage else 0,
        "features": int(coverage[-1][1]) if coverage else 0,
        "exit code": process.returncode,
        "found": found,
    }


def main() -> None:
    """Fuzz one reader after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="for each reader")
    parser.add_argument("--folder", type=Path, default=Path("runs/fuzzing"), help="of the inputs")
    parser.add_argument("--only", choices=READERS, help="one reader")
    parser.add_argument("-o", "--output", type=Path, help="the JSON file to write")
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        fuzz(options.reader, options.seconds, options.folder)
        return
    from training import command_line, machine, versions

    before = json.loads(options.output.read_text()) if _is_there(options.output) else {}
    readers = before.get("readers", {})
    for reader in [options.only] if options.only else READERS:
        readers[reader] = result_of(reader, round(60 * options.minutes), options.folder)
        print(reader, json.dumps(readers[reader]), flush=True)
        if options.output:
            about = {"command": command_line(), "machine": machine()}
            found = {**about, "versions": versions(("atheris",)), "readers": readers}
            options.output.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(any(row["found"] for row in readers.values()))


def _is_there(path: Path | None) -> bool:
    return path is not None and path.is_file()


if __name__ == "__main__":
    main()
