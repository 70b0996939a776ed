"""The core, installed from its wheel in an environment without torch (`make test-core`)."""

import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from pkgutil import walk_packages

import openpyxl
import pytest

import gradsheet as package
from gradsheet.extras import EXTRA_OF
from tests.commands import Run, Succeeded

NETWORK = """
inputs = [1, 2]
targets = [0.5]
[[layers]]
activation = "tanh"
weights = [[0.3, -0.2]]
"""


def test_this_is_the_wheel_and_nothing_more() -> None:
    home = Path(package.__file__).parent
    assert home.is_relative_to(sys.prefix)
    assert (home / "py.typed").is_file()
    assert not [name for name in EXTRA_OF if name != "PIL" and importlib.util.find_spec(name)]
    files = importlib.metadata.files("gradsheet") or ()
    tops = {file.parts[0] for file in files if ".dist-info" not in file.parts[0]}
    assert tops == {"gradsheet", ".."}  # the package, and the command in bin


@pytest.mark.parametrize("network", ["course", "own.toml"])
def test_a_workbook_is_written_and_verified(
    network: str, succeeded: Succeeded, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text(NETWORK)
    succeeded("workbook", network, "--updates", 5, "--rates", "0.5,1", "-o", "book.xlsx")
    assert "Verified: every cell agrees to 1e-09." in succeeded("verify", "book.xlsx")


def test_python_without_torch() -> None:
    network = package.load_network("xor")
    assert package.sweep(network, updates=5).loss.shape == (6, 6)
    assert network._repr_svg_().startswith("<?xml")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'gradsheet\[torch\]'"):
        _ = package.train


def test_every_module_but_those_of_the_extras_is_imported() -> None:
    modules = [module.name for module in walk_packages(package.__path__, "gradsheet.")]
    needs_more = (
        "gradsheet.digits",
        "gradsheet.explorer.digit_data",
        "gradsheet.models",
        "gradsheet.spreadsheet.pictures",
    )
    core = [name for name in modules if not name.startswith((*needs_more, "gradsheet.__main__"))]
    assert len(core) > 80
    for name in core:
        importlib.import_module(name)


def test_an_exercise(succeeded: Succeeded, tmp_path: Path) -> None:
    succeeded("workbook", "--exercise", "--updates", 3, "-o", "exercise.xlsx")
    start = openpyxl.load_workbook(tmp_path / "exercise.xlsx", data_only=True)["Start"]
    assert start["B6"].value == "0 of 44 right"


def test_pictures(succeeded: Succeeded, tmp_path: Path) -> None:
    succeeded("sweep", "xor", "--updates", 20, "-o", "sweep")
    succeeded("diagram", "mazur", "-o", "mazur.svg")
    assert {file.suffix for file in (tmp_path / "sweep").iterdir()} == {".csv", ".png"}
    assert "0.298371109" in (tmp_path / "mazur.svg").read_text()


@pytest.mark.parametrize(
    ("command", "library"),
    [
        (("train",), "torch"),
        (("evaluate",), "torch"),
        (("predict", "digit.png"), "torch"),
        (("open",), "torch"),
        (("study",), "torch"),
        (("compare", "1k", "2k"), "scipy"),
        (("demo",), "torch"),
    ],
)
def test_what_needs_torch_says_so(command: tuple[str, ...], library: str, gradsheet: Run) -> None:
    ended = gradsheet(*command)
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"gradsheet: {library} is needed for this and not installed; "
        "run: pip install 'gradsheet[torch]'\n"
    )
