"""The autograder in the folders that Gradescope has: /autograder/source, submission, results."""

import json
import os
import stat
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from gradsheet.classroom.gradescope import autograder_zip, build_wheel, grade
from gradsheet.classroom.rubric import Rubric
from gradsheet.workbook.marks import Verdict
from tests.classroom.simulated import expected_points, handed_out, questions_of, type_in, typed_by


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """Gradescope's folders with the autograder and a submission, and the points it deserves."""
    root = tmp_path_factory.mktemp("autograder")
    manifest = handed_out(root / "assignment", 1)
    with zipfile.ZipFile(root / "autograder.zip", "w"):
        pass
    (root / "autograder.zip").write_bytes(autograder_zip(manifest, Rubric()))
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        for info in archive.infolist():
            path = Path(archive.extract(info, root / "source"))
            path.chmod(info.external_attr >> 16)
    typed = typed_by(0, manifest.handouts[0], questions_of(manifest, root))
    file = root / "assignment" / "students" / manifest.handouts[0].file
    type_in(file, root / "submission" / "my answers.xlsx", typed.cells)
    (root / "submission_metadata.json").write_text("{}")
    (root / "results").mkdir()
    return root, expected_points(typed.verdicts)


def test_what_it_reports(autograder: tuple[Path, float]) -> None:
    root, points = autograder
    results = grade(root)
    assert results["score"] == points
    assert sum(test["score"] for test in results["tests"]) == points
    assert len(results["tests"]) == 44
    for test in results["tests"]:
        assert test.keys() == {"name", "score", "max_score", "output", "visibility"}
    outputs = [test["output"] for test in results["tests"]]
    assert any(output == Verdict.RIGHT for output in outputs)
    assert any("; right: " in output for output in outputs)


def test_an_empty_submission_has_a_line(autograder: tuple[Path, float], tmp_path: Path) -> None:
    root, _ = autograder
    (tmp_path / "submission").mkdir()
    (tmp_path / "source").symlink_to(root / "source")
    results = grade(tmp_path)
    assert results["score"] == 0
    assert results["output"].startswith("Not marked: no workbook found")


def test_the_scripts_can_be_run_and_the_wheel_is_complete(
    autograder: tuple[Path, float],
) -> None:
    root, _ = autograder
    for name in ("setup.sh", "run_autograder"):
        path = root / "source" / name
        assert path.stat().st_mode & stat.S_IXUSR
        assert path.read_bytes().startswith(b"#!/usr/bin/env bash\n")
    name, _ = build_wheel()
    with zipfile.ZipFile(root / "source" / name) as wheel:
        names = wheel.namelist()
        assert "gradsheet/classroom/gradescope.py" in names
        assert "gradsheet/networks/presets/course.toml" in names
        record = next(n for n in names if n.endswith("/RECORD"))
        assert len(wheel.read(record).splitlines()) == len(names)


@pytest.mark.slow
def test_setup_and_run_in_its_folders(autograder: tuple[Path, float]) -> None:
    """As on Gradescope, but for the libraries, which are those of this environment."""
    root, points = autograder
    environment = {
        **os.environ,
        "AUTOGRADER_ROOT": str(root),
        "PYTHON": sys.executable,
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": "",
    }
    for script in ("setup.sh", "run_autograder"):
        if script == "run_autograder":
            libraries = next((root / "environment").glob("lib/python*/site-packages"))
            (libraries / "shared.pth").write_text(sysconfig.get_path("purelib"))
        run = subprocess.run(
            [root / "source" / script],
            env=environment,
            cwd=root,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert run.returncode == 0, run.stderr
    results = json.loads((root / "results" / "results.json").read_text("utf-8"))
    assert results["score"] == points
    installed = next((root / "environment").glob("lib/python*/site-packages/gradsheet"))
    assert (installed / "classroom" / "gradescope.py").is_file()
