"""The one copy of Pyodide and of IronCalc that the package holds (make explorer).

``python -m gradsheet.explorer.python_runtime explorer/node_modules/pyodide FOLDER`` packs what
``npm ci`` fetched. Of Python's standard library what no audit can need is left out.
"""

import gzip
import io
import sys
import zipfile
from pathlib import Path

PARTS = ("pyodide.asm.wasm", "pyodide.asm.mjs", "python_stdlib.zip")

# fmt: off
_LEFT_OUT = frozenset((
    "_aix_support", "_android_support", "_apple_support", "_ios_support", "_osx_support",
    "_pydatetime", "_pydecimal", "_pyio", "_pyrepl", "bdb", "cProfile", "calendar", "cmd",
    "compileall", "configparser", "ctypes", "curses", "dbm", "doctest", "email", "ensurepip",
    "ftplib", "getpass", "http", "idlelib", "imaplib", "lib2to3", "mailbox", "mailcap",
    "mimetypes", "modulefinder", "multiprocessing", "netrc", "nntplib", "optparse", "pdb",
    "pickletools", "plistlib", "poplib", "profile", "pstats", "pty", "pyclbr", "pydoc",
    "pydoc_data", "sched", "shelve", "smtplib", "socketserver", "sqlite3", "sysconfig",
    "tabnanny", "tarfile", "telnetlib", "test", "timeit", "tkinter", "trace", "tty", "turtle",
    "turtledemo", "unittest", "venv", "wave", "webbrowser", "wsgiref", "xmlrpc", "zipapp",
    "zoneinfo",
))
# fmt: on


def trimmed(library: bytes) -> bytes:
    """The standard library without what is left out, stored as it is: it is compressed later."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(library)) as given,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as kept,
    ):
        for name in sorted(given.namelist()):
            if name.split("/")[0].removesuffix(".py") not in _LEFT_OUT and not name.endswith("/"):
                kept.writestr(zipfile.ZipInfo(name), given.read(name))
    return packed.getvalue()


def as_script(module: bytes) -> bytes:
    """The module as a plain script: of a page opened from a file, no Worker can be a module."""
    text = module.decode().replace("import.meta.url", "location.href")
    return text.replace("export default _createPyodideModule;", "").encode()


_CHANGES = {"pyodide.asm.mjs": as_script, "python_stdlib.zip": trimmed}


def part(folder: Path, name: str) -> bytes:
    """One part of the runtime, from the folder of the npm package."""
    content = (folder / name).read_bytes()
    return _CHANGES[name](content) if name in _CHANGES else content


def main() -> None:
    """Pack every part into the folder named last on the command line."""
    source, target = map(Path, sys.argv[1:3])
    for name in PARTS:
        content = gzip.compress(part(source, name), 9, mtime=0)
        (target / f"{name}.gz").write_bytes(content)
    engine = (source.parent / "@ironcalc" / "wasm" / "wasm_bg.wasm").read_bytes()
    (target / "ironcalc.wasm.gz").write_bytes(gzip.compress(engine, 9, mtime=0))


if __name__ == "__main__":
    main()
