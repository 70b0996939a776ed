"""Gradescope: the zip of an autograder, and what it runs there."""

import base64
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import gradsheet
from gradsheet.audit.submissions import submissions
from gradsheet.classroom.batch import Desk, Settings
from gradsheet.classroom.feedback import number
from gradsheet.classroom.manifest import MANIFEST, Manifest, read_manifest
from gradsheet.classroom.marked import Marked
from gradsheet.classroom.roster import Student
from gradsheet.classroom.rubric import Rubric
from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file
from gradsheet.workbook.marks import Verdict

RUBRIC = "rubric.json"
_NO_DATE = (1980, 1, 1, 0, 0, 0)
_SETUP = """#!/usr/bin/env bash
# Installs gradsheet into an environment of its own. Gradescope runs it once, with a network.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
python="${PYTHON:-python3}"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    apt-get update
    apt-get install -y python3.11 python3.11-venv
    python=python3.11
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    apt-get update
    apt-get install -y python3-venv
fi
"$python" -m venv "$root/environment"
"$root/environment/bin/python" -m pip install "$root"/source/gradsheet-*.whl
"""
_RUN = """#!/usr/bin/env bash
# Marks what was handed in and writes results/results.json.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
"$root/environment/bin/python" -m gradsheet.classroom.gradescope "$root"
"""


def autograder_zip(manifest: Manifest | None, rubric: Rubric) -> bytes:
    """The zip to upload as an autograder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "setup.sh", _SETUP.encode(), executable=True)
        _add(archive, "run_autograder", _RUN.encode(), executable=True)
        name, wheel = build_wheel()
        _add(archive, name, wheel)
        if manifest is not None:
            _add(archive, MANIFEST, manifest.to_json().encode())
        _add(archive, RUBRIC, json.dumps(asdict(rubric)).encode())
    return content.getvalue()


def write_autograder(settings: Settings, path: Path) -> None:
    """Write this zip."""
    with whole_file(path) as temporary:
        temporary.write_bytes(autograder_zip(settings.manifest, settings.rubric))


def _add(archive: zipfile.ZipFile, name: str, content: bytes, executable: bool = False) -> None:
    info = zipfile.ZipInfo(name, _NO_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    archive.writestr(info, content)


def build_wheel() -> tuple[str, bytes]:
    """This very package as a wheel: its name and its content."""
    installed = distribution("gradsheet")
    info = f"gradsheet-{installed.version}.dist-info"
    files = dict(_package_files())
    for name in ("METADATA", "entry_points.txt"):
        files[f"{info}/{name}"] = (installed.read_text(name) or "").encode()
    tags = "Wheel-Version: 1.0\nGenerator: gradsheet\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/WHEEL"] = tags.encode()
    record = "".join(f"{name},{_hash(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            _add(archive, name, content)
    return f"gradsheet-{installed.version}-py3-none-any.whl", written.getvalue()


def _package_files() -> Iterator[tuple[str, bytes]]:
    folder = Path(gradsheet.__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"gradsheet/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return f"sha256={digest.decode().rstrip('=')}"


# --- On Gradescope ---------------------------------------------------------------------------


def results_of(row: Marked) -> dict[str, Any]:
    """The results of a submission as Gradescope takes them."""
    if not row.is_marked:
        return {"score": 0, "output": f"Not marked: {row.why}.", "tests": []}
    tests = [
        {
            "name": f"{answer.group}: {answer.name} ({answer.cell})",
            "score": round(answer.points, 4),
            "max_score": answer.out_of,
            "output": _output(answer.words, answer.right, answer.verdict),
            "visibility": "after_published",
        }
        for answer in row.answers
    ]
    tests += [
        {
            "name": one.title,
            "score": -round(one.points, 4),
            "max_score": 0,
            "output": f"{one.message} ({', '.join(one.places)})",
            "visibility": "after_published",
        }
        for one in row.deductions
    ]
    return {"score": round(row.points, 4), "output": "; ".join(row.remarks), "tests": tests}


def _output(words: str, right: float, verdict: Verdict) -> str:
    return words if verdict is Verdict.RIGHT else f"{words}; right: {number(right)}"


def grade(root: Path) -> dict[str, Any]:
    """Mark what lies in ``submission`` by what lies in ``source``; the best file counts."""
    source = root / "source"
    manifest = read_manifest(source) if (source / MANIFEST).is_file() else None
    students = tuple(Student(h.id, h.name, h.extra) for h in manifest.handouts) if manifest else ()
    desk = Desk(Settings(manifest, _rubric(source / RUBRIC), students))
    try:
        with submissions([root / "submission"]) as found:
            rows = [desk.mark(one) for one in found]
    except GradsheetError as error:
        return {"score": 0, "output": f"Not marked: {error}", "tests": []}
    return results_of(max(rows, key=lambda row: (row.is_marked, row.share)))


def _rubric(path: Path) -> Rubric:
    table = json.loads(path.read_text("utf-8"))
    shares = {Verdict(name): share for name, share in table.pop("shares").items()}
    return Rubric(shares=shares, **table)


def main(root: Path) -> None:
    """Mark and write the results."""
    results = root / "results"
    results.mkdir(exist_ok=True)
    text = json.dumps(grade(root), ensure_ascii=False, indent=1)
    (results / "results.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
