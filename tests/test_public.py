"""What ``import gradsheet`` offers: names, signatures, former names, notebooks."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import pytest

import gradsheet

FORMER = ("NetworkGraph", "build_graph", "descend", "parse_network")


def bare_signature(function: Callable[..., object]) -> inspect.Signature:
    """Names, order and defaults of the arguments, without their types."""
    parameters = inspect.signature(function).parameters.values()
    return inspect.Signature([p.replace(annotation=p.empty) for p in parameters])


def test_the_public_names_and_signatures(golden: Callable[[str, str], None]) -> None:
    lines = []
    for name in gradsheet.__all__:
        thing = getattr(gradsheet, name)
        if name == "__version__":
            lines.append(name)
            continue
        assert thing.__name__ == name
        assert thing.__doc__
        lines.append(name if isinstance(thing, type) else f"{name}{bare_signature(thing)}")
    golden("public.txt", "\n".join(lines) + "\n")
    assert dir(gradsheet) == gradsheet.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gradsheet.nothing


@pytest.mark.parametrize("name", FORMER)
def test_a_former_name_warns(name: str) -> None:
    with pytest.warns(DeprecationWarning, match=rf"gradsheet\.{name} is now gradsheet\.\w+\.\w+"):
        thing = getattr(gradsheet, name)
    assert getattr(import_module(thing.__module__), name) is thing


def test_former_functions_are_there_and_warn_when_called() -> None:
    assert callable(gradsheet.to_workbook)
    with (
        pytest.warns(DeprecationWarning, match="verify"),
        pytest.raises(gradsheet.GradsheetError, match=r"cannot read nowhere\.xlsx"),
    ):
        gradsheet.verify("nowhere.xlsx")


def test_a_name_without_its_extra_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; from gradsheet import train"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 1
    assert run.stderr.endswith(
        "ModuleNotFoundError: torch is needed for this and not installed; "
        "run: pip install 'gradsheet[torch]'\n"
    )


def test_notebooks_show_a_network_and_an_audit(tmp_path: Path) -> None:
    network = gradsheet.load_network("and")
    drawing = ElementTree.fromstring(network._repr_svg_())
    assert drawing.tag.endswith("svg")
    assert "".join(drawing.itertext()).count("=") > 10
    gradsheet.write_workbook(network, str(tmp_path / "and.xlsx"), updates=3)
    audit = gradsheet.audit_workbook(str(tmp_path / "and.xlsx"))
    assert audit._repr_html_().startswith("<div><p><b>and.xlsx</b>: ")


def test_paths_as_text(tmp_path: Path) -> None:
    toml = tmp_path / "own.toml"
    toml.write_text("inputs = [1, 2]\ntargets = [0.5]\n[[layers]]\nweights = [[0.3, -0.2]]\n")
    network = gradsheet.load_network(toml)
    assert network == gradsheet.load_network(str(toml))
    book = str(tmp_path / "book.xlsx")
    gradsheet.write_workbook(network, book, learning_rates=(0.5,), updates=2)
    assert gradsheet.verify_workbook(book).is_verified
    gradsheet.write_exercise(network, str(tmp_path / "exercise.xlsx"))


def test_a_sweep_and_its_figures() -> None:
    network = gradsheet.load_network("xor")
    descent = gradsheet.sweep(network, learning_rates=(0.1, 1.0), updates=10)
    assert descent.loss.shape == (11, 2)
    assert len(gradsheet.plot_losses(descent).axes) == 2
    assert gradsheet.plot_network(network).axes[0].texts
