"""Which way imports point, and what start-up loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gradsheet

SOURCE = Path(gradsheet.__file__).parent

# What each room may import of ours; a room is a folder or a file at the top.
ALLOWED = {
    "errors": set(),
    "arguments": {"errors"},
    "deprecation": set(),
    "extras": set(),
    "files": {"errors"},
    "processes": {"errors"},
    "symbolic": set(),
    # Notebooks show a network as its drawing: `_repr_svg_` calls upwards, when it is called.
    "networks": {"arguments", "deprecation", "errors", "figures", "files", "symbolic"},
    "spreadsheet": {"errors", "files", "symbolic"},
    "workbook": {
        "arguments",
        "deprecation",
        "errors",
        "files",
        "networks",
        "spreadsheet",
        "symbolic",
    },
    "explorer": {"audit", "digits", "errors", "files", "networks", "symbolic", "workbook"},
    "audit": {"arguments", "errors", "files", "networks", "processes", "spreadsheet", "symbolic"},
    "classroom": {
        "audit",
        "errors",
        "files",
        "networks",
        "processes",
        "spreadsheet",
        "symbolic",
        "workbook",
    },
    "digits": {"arguments", "deprecation", "errors", "files", "processes"},
    "models": {"arguments", "digits", "errors", "files", "spreadsheet", "symbolic"},
    "figures": {"arguments", "errors", "files", "networks", "spreadsheet", "symbolic"},
    "cli": {
        "deprecation",
        "audit",
        "classroom",
        "digits",
        "errors",
        "explorer",
        "extras",
        "figures",
        "files",
        "models",
        "networks",
        "spreadsheet",
        "symbolic",
        "workbook",
    },
    "__main__": {"cli"},
    "__init__": {
        "audit",
        "deprecation",
        "digits",
        "errors",
        "extras",
        "figures",
        "models",
        "networks",
        "workbook",
    },
}
ONLY_USER = {
    "matplotlib": {"figures"},
    "xlsxwriter": {"spreadsheet"},
    "torch": {"digits", "explorer", "models", "networks"},
    "safetensors": {"digits"},
    "tqdm": {"digits"},
    "PIL": {"digits", "models", "spreadsheet"},
    "ironcalc": {"spreadsheet"},
    "pypdfium2": {"spreadsheet"},
    "scipy": {"digits"},
    "distributed": {"processes"},
    "onnx": {"models"},
    "rich": {"cli"},
}


def imports() -> list[tuple[str, str]]:
    """Pairs of a room and a module that it imports."""
    found = []
    for path in SOURCE.rglob("*.py"):
        room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
                if node.module == "gradsheet":
                    names = [f"gradsheet.{alias.name}" for alias in node.names]
                found += [(room, name) for name in names]
            elif isinstance(node, ast.Import):
                found += [(room, alias.name) for alias in node.names]
    return found


def test_every_room_is_listed() -> None:
    assert {room for room, _ in imports()} <= ALLOWED.keys()


def test_imports_point_one_way() -> None:
    ours = {(room, name.split(".")[1]) for room, name in imports() if name.startswith("gradsheet.")}
    assert len(ours) > 30
    assert not {
        (room, other) for room, other in ours if room != other and other not in ALLOWED[room]
    }


@pytest.mark.parametrize("library", ONLY_USER)
def test_each_library_has_its_users(library: str) -> None:
    users = {room for room, name in imports() if name.split(".")[0] == library}
    assert users
    assert users <= ONLY_USER[library]


def test_the_witness_of_the_tests_is_no_part_of_the_product() -> None:
    assert "openpyxl" not in {name.split(".")[0] for _, name in imports()}


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules that a command has loaded when it ends."""
    code = (
        "import sys, atexit; sys.argv[0] = 'gradsheet';"
        "atexit.register(lambda: print(*{m.split('.')[0] for m in sys.modules}, file=sys.stderr));"
        "from gradsheet.cli.app import main; main()"
    )
    command = [sys.executable, "-c", code, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return set(run.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("train", "--help"), ("workbook", "--help")])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    heavy = {"torch", "matplotlib", "numpy", "PIL", "xlsxwriter", "openpyxl", "ironcalc", "tqdm"}
    assert not loaded_by(*arguments) & heavy


def test_a_workbook_needs_neither_torch_nor_matplotlib(tmp_path: Path) -> None:
    modules = loaded_by("workbook", "-o", str(tmp_path / "book.xlsx"), "--updates", "2")
    assert not modules & {"torch", "matplotlib", "PIL", "openpyxl", "ironcalc", "pypdfium2"}
    assert {"xlsxwriter", "numpy"} <= modules
