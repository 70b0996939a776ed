"""What the documents say, against the results, the command line and the code."""

import json
import re
import tomllib
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from PIL import Image
from typer.main import get_command

import gradsheet
from gradsheet.cli.app import app
from gradsheet.digits.data import Dataset
from gradsheet.digits.recipe import RECIPES, SMALL, TINY, Recipe, find_recipe
from gradsheet.digits.zoo import EXACT, ZOO
from gradsheet.networks.losses import LOSSES
from gradsheet.networks.optimizers import OPTIMIZERS, setting_names
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.toml import PRESETS, parse_network
from gradsheet.spreadsheet.recalculate import ENGINES
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
from gradsheet.workbook.start import AGREED
from tests.audit.planted import PLANTS
from tests.audit.planted_further import FURTHER
from tests.digits.test_data import write_small

PUBLIC = [name for name in gradsheet.__all__ if name[0].islower()]
ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = (ROOT / "docs" / "commands.md").read_text()
CLASSIFIER = (ROOT / "docs" / "digit-classifier.md").read_text()


def flat(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


STUDIED = [name for name in RECIPES if name not in (SMALL, TINY)]  # those are in the zoo


@pytest.mark.parametrize("recipe", STUDIED)
def test_the_recipes_figures_are_those_of_the_results(recipe: str) -> None:
    study = json.loads((ROOT / "results" / f"{recipe}.json").read_text())
    accuracies = [run["accuracy"] for run in study["runs"]]
    mean = sum(accuracies) / len(accuracies)
    deviation = (sum((a - mean) ** 2 for a in accuracies) / (len(accuracies) - 1)) ** 0.5
    seconds = sum(run["seconds of training"] for run in study["runs"]) / len(accuracies)
    row = (
        f"| `{recipe}` | {study['recipe']['epochs']} | {len(accuracies)} | {mean:.2%} "
        f"| {deviation:.2%} | {min(accuracies):.2%} | {max(accuracies):.2%} | {seconds:.0f} s |"
    )
    assert row in CLASSIFIER
    assert (study["mean"], study["n"]) == (pytest.approx(mean, abs=1e-6), len(accuracies))
    assert study["evaluated on"] == "test"
    assert {run["epochs"] for run in study["runs"]} == {study["recipe"]["epochs"]}


@pytest.mark.parametrize("recipe", STUDIED)
def test_the_studies_used_the_recipes_as_they_stand(recipe: str) -> None:
    study = json.loads((ROOT / "results" / f"{recipe}.json").read_text())
    assert study["recipe"] == RECIPES[recipe].to_dict()


def records_of(model: str) -> list[dict[str, Any]]:
    """The finished seeds of a small network."""
    files = sorted((ROOT / "results" / "zoo" / model).glob("seed-*.json"))
    return [json.loads(file.read_text()) for file in files]


@pytest.mark.parametrize("model", [name for name in ZOO if name != EXACT])
def test_the_zoos_figures_are_those_of_the_results(model: str) -> None:
    """In the table of the page, and in the file that ships with the package."""
    runs = records_of(model)
    accuracies = [run["accuracy"] for run in runs]
    mean = round(sum(accuracies) / len(runs), 6)
    seconds = min(run["seconds of training"] for run in runs)
    shipped = json.loads((ROOT / "src/gradsheet/digits/weights/zoo.json").read_text())[model]
    assert (shipped["n"], shipped["mean"]) == (len(runs), pytest.approx(mean, abs=1e-6))
    assert shipped["worst"] == min(accuracies)
    assert shipped["seconds"] == pytest.approx(seconds, abs=0.1)
    spread = f"{mean:.2%}"
    if len(runs) > 1:
        variance = sum((a - mean) ** 2 for a in accuracies) / (len(runs) - 1)
        assert shipped["standard deviation"] == pytest.approx(variance**0.5, abs=1e-6)
        spread += f" ± {shipped['standard deviation']:.2%}"
    size = f"{shipped['parameters']:,} | {shipped['multiply_adds']:,}"
    row = f"| `{model}` | {size} | {spread} | {min(accuracies):.2%} | {len(runs)} |"
    assert row in CLASSIFIER
    for run in runs:
        assert Recipe.from_dict(run["recipe"]) == find_recipe(model=model)
        assert (run["trained on"], run["evaluated on"]) == (60_000, "test")
        assert run["accuracy"] == run["history"][-1] == 1 - len(run["mistakes"]) / 10_000


def test_what_is_said_of_the_zoo_follows_from_its_figures() -> None:
    shipped = json.loads((ROOT / "src/gradsheet/digits/weights/zoo.json").read_text())
    public = json.loads((ROOT / "results/public-networks.json").read_text())["networks"]
    below = {
        name: max(rivals)
        for name, one in shipped.items()
        if (rivals := [r["accuracy"] for r in public if r["parameters"] <= one["parameters"]])
        and max(rivals) >= one["mean"]
    }
    page = flat(CLASSIFIER)
    assert below == {"10k": 0.9957}
    for share in (0.98, 0.99):
        name, one = next((name, one) for name, one in shipped.items() if one["mean"] >= share)
        assert f"{one['parameters']:,} of `{name}`" in page
        assert f"mean of {share:.0%}" in page


def test_the_short_table_is_that_of_the_results() -> None:
    shipped = json.loads((ROOT / "src/gradsheet/digits/weights/zoo.json").read_text())
    columns = [
        f"{one['mean']:.2%}" + (f" ± {one['standard deviation']:.2%}" if one["n"] > 1 else "")
        for one in shipped.values()
    ]
    assert f"| test accuracy | {' | '.join(columns)} |" in README
    assert f"| model | {' | '.join(f'`{name}`' for name in ZOO)} |" in README
    sizes = [f"{one['parameters']:,}" for one in shipped.values()]
    assert f"| parameters | {' | '.join(sizes)} |" in README
    assert f"| seeds | {' | '.join(str(one['n']) for one in shipped.values())} |" in README
    assert list(shipped) == list(ZOO)


def test_the_published_networks_are_on_the_page() -> None:
    """Each network of the zoo beside the best published one that is at most 5% larger."""
    public = json.loads((ROOT / "results" / "public-networks.json").read_text())["networks"]
    shipped = json.loads((ROOT / "src/gradsheet/digits/weights/zoo.json").read_text())
    for model, result in shipped.items():
        smaller = [one for one in public if one["parameters"] <= 1.05 * result["parameters"]]
        (row,) = re.findall(rf"^\| `{re.escape(model)}` \|.*$", CLASSIFIER, re.MULTILINE)
        if not smaller:
            assert row.endswith("| none |  |")
            continue
        best = max(smaller, key=lambda one: one["accuracy"])
        difference = round(100 * (result["mean"] - best["accuracy"]), 2) + 0.0  # never -0.0
        assert f"| {best['accuracy']:.2%} ({best['parameters']:,}) | {difference:+.2f} |" in row


def test_the_figures_of_pictures_are_those_of_the_results() -> None:
    results = json.loads((ROOT / "results" / "pictures.json").read_text())
    for row in results["sets"]["final"]:
        before, now, count = row["before"], row["after"], row["pictures"]
        if "right" in now:
            cells = before["right"], f"{now['right']} of {count}"
            last = f"{now['right of the sure']} of {now['sure']}"
        else:
            cells = before["given a digit"], f"{now['given a digit']} of {count}"
            last = str(now["given a digit, unsure left out"])
        assert f"| {row['kind']} | {cells[0]} | {cells[1]} | {last} |" in CLASSIFIER


def test_every_command_is_documented() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]  # a group
    assert commands == set(re.findall(r"^\| `gradsheet ([\w-]+)", COMMANDS, re.MULTILINE))


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
    page = (ROOT / "docs" / "python.md").read_text()
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
    text = (ROOT / "docs" / "network-files.md").read_text()
    example, drawn = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    for shown in (example, drawn):
        spec = parse_network(shown, "the example")
        assert [layer.units for layer in spec.layers] == [3, 1]
    fields = set(tomllib.loads(example)) | set().union(*tomllib.loads(example)["layers"])
    assert all(f"`{field}`" in text or f"[[{field}]]" in text for field in fields)


def test_every_activation_and_loss_is_documented() -> None:
    text = (ROOT / "docs" / "network-files.md").read_text()
    assert all(f"`{name}`" in text for name in [*ACTIVATIONS, SOFTMAX, *LOSSES, *OPTIMIZERS])


def test_every_setting_of_an_optimizer_is_documented() -> None:
    text = (ROOT / "docs" / "network-files.md").read_text()
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
    page = (ROOT / "docs" / "workbook.md").read_text()
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


def test_the_validation_runs_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    study = json.loads((ROOT / "results" / "validation.json").read_text())
    assert len(study["variants"]) >= 4
    for variant in study["variants"]:
        runs = [f"{run['accuracy']:.2%} | {run['loss']:.4f}" for run in variant["runs"]]
        assert f"| {variant['name']} | {runs[0]} | {[*runs, ' | '][1]} |" in page


def test_the_second_validation_runs_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    study = json.loads((ROOT / "results" / "validation-2.json").read_text())
    assert len(study["variants"]) >= 30
    gains = []
    for run in study["variants"]:
        recalibrated = run["recalibrated"]
        cells = [run["name"], "yes" if run["activate_last"] else "no", str(run["seed"])]
        cells += [f"{run['accuracy']:.2%}", f"{run['loss']:.4f}"]
        cells += (
            [f"{recalibrated['accuracy']:.2%}", f"{recalibrated['loss']:.4f}"]
            if recalibrated
            else ["", ""]
        )
        assert f"| {' | '.join(cells)} |" in page
        if recalibrated:
            gains.append(
                (recalibrated["accuracy"] - run["accuracy"], run["loss"] - recalibrated["loss"])
            )
    assert all(loss > 0 for _, loss in gains)
    accuracy, loss = (sum(column) / len(gains) for column in zip(*gains, strict=True))
    assert f"by {loss:.4f} on average" in page
    assert f"by {100 * accuracy:.2f} points on average" in page


def test_the_times_of_an_epoch_are_those_of_the_results() -> None:
    found = json.loads((ROOT / "results" / "training.json").read_text())
    times = {one["name"]: one for one in found["contestants"]}
    claims = [
        f"`fast` {times['recipe fast']['seconds an epoch']:.1f} s",
        f"PyTorch loop {times['usual']['seconds an epoch']:.1f} s",
        f"({times['recipe fast']['times as fast as usual']:.2f} times as long)",
        f"Keras on JAX {times['keras']['seconds an epoch']:.1f} s",
        f"tinygrad {times['tinygrad']['seconds an epoch']:.1f} s",
    ]
    without = json.loads((ROOT / "results" / "training-avx2-two-threads.json").read_text())
    assert without["machine"]["torch uses"] == "AVX2"
    slower = {one["name"]: one for one in without["contestants"]}
    claims += [
        f"takes {slower['recipe fast']['seconds an epoch']:.1f} s and",
        f"usual loop {slower['usual']['seconds an epoch']:.1f} s",
        f"({slower['recipe fast']['times as fast as usual']:.2f} times as long,",
    ]
    runs = [
        f"{3 * of['recipe fast']['seconds an epoch']:.0f} s against "
        f"{15 * of['usual']['seconds an epoch']:.0f} s"
        for of in (times, slower)
    ]
    claims.append(f"{runs[0]} with AMX, {runs[1]} with AVX2")
    text = flat(CLASSIFIER)
    assert all(part in text for part in claims), claims


def test_the_rates_without_matrix_units_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    found = json.loads((ROOT / "results" / "training-avx2.json").read_text())
    assert found["machine"]["torch uses"] == "AVX2"
    assert found["command"].removeprefix("python ")[:60] in " ".join(page.split())
    for one in found["contestants"]:
        rate = f"{one['images per processor second']:,.0f}"
        ratio = f"{one['times as fast as usual a processor second']:.2f}"
        assert f"| {one['name']} | {rate} | {ratio} |" in page


def test_the_third_validation_runs_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    study = json.loads((ROOT / "results" / "validation-3.json").read_text())
    for run in study["variants"]:
        last, augmented = "yes" if run["activate_last"] else "no", run["augmented"]
        assert (
            f"| {run['name']} | {last} | {run['seed']} | {run['accuracy']:.2%} | {run['loss']:.4f} "
            f"| {augmented['accuracy']:.3%} | {augmented['loss']:.4f} |"
        ) in page
    assert len(study["variants"]) == 10


def test_the_fourth_validation_runs_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    study = json.loads((ROOT / "results" / "validation-4.json").read_text())
    for run in study["variants"]:
        augmented = run["augmented"]
        assert (
            f"| {run['name']} | {run['activation']} | {run['parameters']:,} | "
            f"{run['accuracy']:.2%} | {run['loss']:.4f} | {augmented['accuracy']:.3%} | "
            f"{augmented['loss']:.4f} | {run['CPU seconds']:.0f} s |"
        ) in page
    assert len(study["variants"]) == 6


def test_the_fifth_validation_runs_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    study = json.loads((ROOT / "results" / "validation-5.json").read_text())
    for run in study["variants"]:
        augmented = run["augmented"]
        assert (
            f"| {run['name']} | {run['parameters']:,} | {run['augmentation'] or 'none'} | "
            f"{run['accuracy']:.2%} | {run['loss']:.4f} | {augmented['accuracy']:.3%} | "
            f"{augmented['loss']:.4f} | {run['training loss']:.4f} | {run['CPU seconds']:.0f} s |"
        ) in page
    assert len(study["variants"]) == 23


def test_the_sixth_validation_runs_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    study = json.loads((ROOT / "results" / "validation-6.json").read_text())
    for run in study["variants"]:
        crops, augmented = ", ".join(map(str, run["crops"])), run["augmented"]
        assert (
            f"| {crops} | {run['epochs']} | {len(run['seeds'])} | {mean(run['accuracy']):.2%} | "
            f"{mean(run['loss']):.4f} | {mean(augmented['accuracy']):.2%} | "
            f"{mean(augmented['loss']):.4f} | {mean(run['CPU seconds']):.0f} s |"
        ) in page
    assert len(study["variants"]) == 4
    ten, seventeen = study["smallest networks"]["variants"]
    tested = seventeen["test, trained on 60,000 images"]["accuracy"]
    assert (
        f"{ten['channels']} channels, {ten['parameters']} parameters, {ten['accuracy']:.2%}; with "
        f"{seventeen['channels']} channels, {seventeen['parameters']} parameters, "
        f"{seventeen['accuracy']:.2%}. The second, trained on all 60,000 images, had {tested:.2%}"
    ) in flat(page)
    whole = study["trained on 60,000 images"]
    assert whole["mean"] == pytest.approx(mean(whole["accuracy"]), abs=1e-6)
    spread = f"{whole['mean']:.2%} ± {whole['standard deviation']:.2%}"
    assert f"they reach {spread} on the test set in ten seeds" in flat(page)
    for processor, said in (
        ("AVX2", "{:.2f} times as long with AVX2"),
        ("AMX", "({:.2f} with AMX)"),
    ):
        step = study["step"][processor]
        assert said.format(step["20"] / step["28"]) in page


def test_the_distilled_small_networks_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    fifth, seventh = (
        json.loads((ROOT / "results" / f"validation-{number}.json").read_text())
        for number in (5, 7)
    )
    teacher = seventh["teacher"]
    assert f"validation {teacher['accuracy']:.2%}, loss {teacher['loss']:.4f}) at" in page
    labels = {run["name"]: run for run in reversed(fifth["variants"])}
    for run in seventh["variants"]:
        for trained_on, one in (("labels", labels[run["from labels"]]), ("the teacher", run)):
            assert (
                f"| `{run['model']}` | {trained_on} | {one['accuracy']:.2%} | {one['loss']:.4f} | "
                f"{one['augmented']['accuracy']:.3%} | {one['augmented']['loss']:.4f} |"
            ) in page
    assert len(seventh["variants"]) == 2


def test_what_the_audit_finds_is_what_was_measured() -> None:
    found = json.loads((ROOT / "results" / "audit.json").read_text())
    share = f"{found['found and named'] / found['planted']:.1%}"
    page = (ROOT / "docs" / "audit.md").read_text()
    assert f"plants each of {found['kinds']} kinds of mistakes" in page
    assert f"{found['planted']:,} times in all" in page
    assert f"{found['found and named']:,} of them were found and named ({share})" in page
    assert f"{found['not explained']:.1%} were found and not explained" in page
    assert f"{found['false alarms']} of the {found['right tables']:,} right tables" in page
    other = found["other layouts"]
    named = f"{other['found and named']} of {other['planted']} mistakes were found and named"
    right = f"{other['false alarms']} of {other['right trainings']:,} right trainings called wrong"
    assert f"{named}, {right}" in flat(page)
    submissions = json.loads((ROOT / "results" / "classroom-audit.json").read_text())
    seconds = submissions["with page, summary and copies"]["seconds"]
    assert (
        f"{submissions['files']} submissions, half of them with six sheets, take {seconds:.0f} s"
        in flat(page)
    )
    for name, seconds in found["CPU seconds"].items():
        assert f"| {name} | {seconds:.2f} |" in page
    assert {row["planted"] for row in found["mistakes"]} == {*PLANTS, *FURTHER}
    assert found["kinds"] == len(PLANTS) + len(FURTHER)


def test_the_extras_are_those_of_the_results() -> None:
    found = json.loads((ROOT / "results" / "extras.json").read_text())["studies"]
    text = flat(CLASSIFIER[CLASSIFIER.index("Not counted above") :])
    best, distilled = found["best"], found["distilled"]
    claims = [
        f"`best` reaches {best['test-time augmentation']['mean']:.2%}",
        f"`distilled` {distilled['test-time augmentation']['mean']:.2%};",
        f"five networks of `best` {best['ensembles']['5']['mean']:.2%}",
        f"all twenty {best['ensemble of all seeds']:.2%}",
        f"a single network of `distilled` {distilled['without rejected labels']['mean']:.2%}",
    ]
    assert all(part in text for part in claims), claims
    for recipe in ("best", "distilled"):
        study = json.loads((ROOT / "results" / f"{recipe}.json").read_text())
        assert found[recipe]["no augmentation"]["mean"] == pytest.approx(study["mean"], abs=1e-6)


def test_the_pages_classifier_is_as_the_results_say() -> None:
    found = json.loads((ROOT / "results" / "explorer.json").read_text())
    page, digits = (ROOT / "docs" / "explorer.md").read_text(), found["digits"]
    assert digits["classified_as_by_torch"] == digits["images"] == 10_000
    assert f"in {digits['forward_ms']:.0f} ms an image" in page
    assert digits["gradients_of_images"] == 200
    assert digits["largest_difference_of_gradients"] <= 9e-7
    assert max(found["bytes"].values()) < 10_000_000


def test_the_page_is_as_fast_as_the_results_say() -> None:
    """An interaction is a step or an update, whichever panel is open."""
    found = json.loads((ROOT / "results" / "explorer.json").read_text())["backprop"]
    page = flat((ROOT / "docs" / "explorer.md").read_text())
    medians = [
        times[what]["median_ms"]
        for network in ("course", "of_100_examples")
        for times in found[network].values()
        for what in ("step", "update")
    ]
    assert max(medians) < 50
    assert found["first_paint_ms"] < 1000
    assert f"first paint after {found['first_paint_ms']} ms" in page
    assert f"at most {max(medians):.0f} ms of processor time" in page


def test_the_engines_agree_as_the_results_say() -> None:
    found = json.loads((ROOT / "results" / "engines.json").read_text())
    page, books = flat((ROOT / "docs" / "workbook.md").read_text()), found["workbooks"]
    networks = {*PRESETS, *(f"random-{seed}" for seed in range(30))}
    assert networks <= books.keys()
    formulas = sum(book["cells"] for book in books.values())
    assert f"{len(books)} workbooks with {formulas:,} formula cells" in page
    assert [*found["engines"]] == [*ENGINES]
    for key, engine in found["engines"].items():
        runs = [book["engines"][key] for book in books.values()]
        worst = max(run["worst relative difference"] for run in runs if run["agrees"])
        agreeing, errors = sum(run["agrees"] for run in runs), sum(r["error cells"] for r in runs)
        moved = sum(run["held to how far rounding moves them"] for run in runs)
        seconds = sum(run["processor seconds"] for run in runs)
        assert (
            f"| {engine['name']} {engine['version']} | {agreeing} | {worst:.1e} | {errors} | "
            f"{moved} | {seconds:.0f} s |"
        ) in page
    assert all(r["agrees"] for name in networks for r in books[name]["engines"].values())
    *names, last = (engine["name"].split()[0] for engine in found["engines"].values())
    assert (
        f"{', '.join(names)} and {last} recalculated the presets {', '.join(PRESETS)} and 30 "
        f"random networks; in all of these {len(networks)} workbooks they agree to 1E-9"
    ) == AGREED


def test_the_accuracy_on_fashion_mnist_is_that_of_the_results() -> None:
    study = json.loads((ROOT / "results" / "fashion-mnist.json").read_text())
    assert study["data"] != json.loads((ROOT / "results" / "fast.json").read_text())["data"]
    assert study["n"] == 5
    assert (
        f"`{study['recipe']['name']}`, whose augmentation is made for digits, reaches "
        f"{study['mean']:.2%} ± {study['standard deviation']:.2%} in five seeds, "
        f"{study['worst']:.2%} at worst (`results/fashion-mnist.json`)"
    ) in flat(CLASSIFIER)


def test_the_speed_of_inference_is_that_of_the_results() -> None:
    found = json.loads((ROOT / "results" / "inference.json").read_text())
    pretrained, _, integers = found["states"]
    speeds = pretrained["images per second"]
    text = flat(CLASSIFIER)
    assert f"classify {speeds['2 threads, batch 1']:,.0f} images a second one at a time" in text
    assert f"{speeds['2 threads, batch 1,000']:,.0f} in batches of 1,000" in text
    rivals = [(one["rival"], one["images per second"]) for one in found["rivals"]]
    assert ", ".join(
        f"{name} {of['2 threads, batch 1']:,.0f} and {of['2 threads, batch 1,000']:,.0f}"
        for name, of in rivals
    ) in flat(CLASSIFIER)
    sizes = [f"{state['bytes'] / 1000:.0f} kB" for state in (pretrained, integers)]
    assert f"The file has {sizes[0]}, as 8-bit integers {sizes[1]}" in text
    assert integers["predictions changed"] == 0


def test_the_figures_of_the_readme_are_those_of_the_results() -> None:
    survey = json.loads((ROOT / "results" / "survey.json").read_text())
    tables = survey["with the classic table, a row an update"]
    wrong = survey["classic tables with at least one wrong formula"]
    assert wrong + survey["classic tables that are right"] == tables
    assert survey["classic tables whose loss curve shows the mistake"] == 0
    best = json.loads((ROOT / "results" / "best.json").read_text())
    audit = json.loads((ROOT / "results" / "audit.json").read_text())
    accuracies = [run["accuracy"] for run in best["runs"]]
    claims = [
        f"Of {tables} published course workbooks that train a network by hand, "
        f"{wrong} hold a wrong formula",
        f"{best['mean']:.2%} on MNIST (mean of {len(accuracies)} seeds)",
        f"Over {len(accuracies)} seeds it reaches {best['mean']:.2%} ± "
        f"{best['standard deviation']:.2%} on the test set, {min(accuracies):.2%} at worst",
        f"{audit['kinds']} kinds of planted mistakes it found and named "
        f"{audit['found and named'] / audit['planted']:.1%}",
        f"in {audit['seconds']['median']:.2f} s a workbook",
    ]
    text = flat(README)
    assert all(part in text for part in claims), claims
