"""What the documents say, against the command line and the code."""

import re
import tomllib
from pathlib import Path

import pytest
from PIL import Image
from typer.main import get_command

import gradsheet
from gradsheet.cli.app import app
from gradsheet.digits.data import Dataset
from gradsheet.networks.losses import LOSSES
from gradsheet.networks.optimizers import OPTIMIZERS, setting_names
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.toml import PRESETS, parse_network
from gradsheet.symbolic.operations import ACTIVATIONS
from gradsheet.workbook.inputs_layout import INPUTS_SHEET
from gradsheet.workbook.layout import (
    DERIVATION_SHEET,
    GRADIENT_SHEET,
    MISTAKES_SHEET,
    MOST_PARAMETERS,
    MOST_VALUES,
    NETWORK_SHEET,
    RATES_SHEET,
    START_SHEET,
    STEP_SHEET,
)
from tests.digits.test_data import write_small
from tests.documents.pages import README, ROOT, page_of

PUBLIC = [name for name in gradsheet.__all__ if name[0].islower()]


def test_every_command_is_documented() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]  # a group
    assert commands == set(
        re.findall(r"^\| `gradsheet ([\w-]+)", page_of("commands"), re.MULTILINE)
    )


def test_the_commands_of_the_readme_exist() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]  # a group
    named = set(re.findall(r"`gradsheet ([\w-]+)", README))
    assert len(named) >= 4
    assert named <= commands


def test_every_link_and_picture_is_there() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_python_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mnist: Dataset
) -> None:
    page = page_of("python")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(255 - mnist.test.images[0].numpy()).resize((90, 90)).save("digit.png")
    data = write_small(tmp_path, mnist)
    names: dict[str, object] = {}
    for block in blocks:
        # The whole of MNIST takes too long for a test.
        code = block.replace("seed=1)", f"seed=1, progress=False, data={str(data)!r})")
        exec(compile(code, "docs/python.md", "exec"), names)
    for name in ("backprop.xlsx", "exercise.xlsx", "mine.xlsx", "losses.png", "network.svg"):
        assert (tmp_path / name).stat().st_size > 1000
    assert (tmp_path / "model.xlsx").stat().st_size > 5000
    assert (tmp_path / "runs/mine/model.safetensors").is_file()
    assert all(f"`{name}`" in page or f"{name}(" in page for name in PUBLIC)


def test_the_example_of_a_network_file_is_one() -> None:
    text = page_of("network-files")
    example, drawn = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    for shown in (example, drawn):
        spec = parse_network(shown, "the example")
        assert [layer.units for layer in spec.layers] == [3, 1]
    fields = set(tomllib.loads(example)) | set().union(*tomllib.loads(example)["layers"])
    assert all(f"`{field}`" in text or f"[[{field}]]" in text for field in fields)


def test_every_activation_and_loss_is_documented() -> None:
    text = page_of("network-files")
    assert all(f"`{name}`" in text for name in [*ACTIVATIONS, SOFTMAX, *LOSSES, *OPTIMIZERS])


def test_every_setting_of_an_optimizer_is_documented() -> None:
    text = page_of("network-files")
    for name, optimizer in OPTIMIZERS.items():
        (row,) = re.findall(rf"^\| `{name}` \|.*$", text, re.MULTILINE)
        for setting, (_, usual, _) in zip(setting_names(name), optimizer.settings, strict=True):
            assert f"`{setting}` = {usual!r}".replace("1e-08", "1e-8") in row


def test_the_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = (ROOT / "CITATION.cff").read_text()
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"version: {project['version']}\n" in citation
    assert f"## {project['version']}" in changelog


def test_every_dependency_is_pinned_for_the_two_commands() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(item for extra in extras for item in extra)]
    names = {re.split(r"[<>=[]", item)[0].lower() for item in wanted} - {"gradsheet"}
    pins = dict(
        line.lower().split("==")
        for line in (ROOT / "constraints.txt").read_text().split()
        if "==" in line
    )
    assert names <= pins.keys()
    assert pins["torch"] == "2.13.0"


def test_the_presets_are_in_the_readme() -> None:
    (sentence,) = re.findall(r"Six networks are included: (.*?)\. Any", README, re.DOTALL)
    assert re.findall(r"`([\w-]+)`", sentence) == list(PRESETS)


def test_every_preset_is_in_the_help() -> None:
    command = get_command(app).commands["workbook"]  # type: ignore[attr-defined]  # a group
    (network,) = [parameter.help for parameter in command.params if parameter.name == "network"]
    assert f"({', '.join(PRESETS)})" in network


def test_every_sheet_is_on_its_page() -> None:
    page = page_of("workbook")
    titles = re.findall(r"^## (.*)", page, re.MULTILINE)
    assert titles[:5] == [
        START_SHEET,
        INPUTS_SHEET,
        NETWORK_SHEET,
        DERIVATION_SHEET,
        STEP_SHEET,
    ]
    assert titles[6:9] == [RATES_SHEET, GRADIENT_SHEET, MISTAKES_SHEET]
    assert f"most\n{MOST_PARAMETERS} inputs" in page
    assert f"and {MOST_VALUES} values" in page
