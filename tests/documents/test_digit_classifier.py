"""The page of the digit classifier, against the results."""

import json
import re
from typing import Any

import pytest

from gradsheet.digits.recipe import RECIPES, SMALL, TINY, Recipe, find_recipe
from gradsheet.digits.zoo import EXACT, ZOO
from tests.documents.pages import CLASSIFIER, README, ROOT, flat, results_of, shipped_zoo

STUDIED = [name for name in RECIPES if name not in (SMALL, TINY)]  # those are in the zoo


@pytest.mark.parametrize("recipe", STUDIED)
def test_the_recipes_figures_are_those_of_the_results(recipe: str) -> None:
    study = results_of(recipe)
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
    study = results_of(recipe)
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
    shipped = shipped_zoo()[model]
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
    shipped = shipped_zoo()
    public = results_of("public-networks")["networks"]
    below = {
        name: max(rivals)
        for name, one in shipped.items()
        if (rivals := [r["accuracy"] for r in public if r["parameters"] <= one["parameters"]])
        and max(rivals) >= one["mean"]
    }
    page = flat(CLASSIFIER)
    assert not below
    assert all(one["n"] >= 10 for one in shipped.values())
    for name in ("8k", "10k"):
        assert 0 < shipped[name]["mean"] - 0.9957 < shipped[name]["standard deviation"]
    assert shipped["10k"]["mean"] < 0.996 <= shipped["8k"]["mean"]
    for share in (0.98, 0.99):
        name, one = next((name, one) for name, one in shipped.items() if one["mean"] >= share)
        assert f"{one['parameters']:,} of `{name}`" in page
        assert f"mean of {share:.0%}" in page


def test_the_short_table_is_that_of_the_results() -> None:
    shipped = shipped_zoo()
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
    public = results_of("public-networks")["networks"]
    shipped = shipped_zoo()
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
    results = results_of("pictures")
    for row in results["sets"]["final"]:
        before, now, count = row["before"], row["after"], row["pictures"]
        if "right" in now:
            cells = before["right"], f"{now['right']} of {count}"
            last = f"{now['right of the sure']} of {now['sure']}"
        else:
            cells = before["given a digit"], f"{now['given a digit']} of {count}"
            last = str(now["given a digit, unsure left out"])
        assert f"| {row['kind']} | {cells[0]} | {cells[1]} | {last} |" in CLASSIFIER


def test_the_digits_of_other_writers_are_those_of_the_results() -> None:
    found = results_of("other-digits")
    assert found["one digit found"] == found["digits"] == 1_797
    networks = found["networks"]
    assert [one["model"] for one in networks] == list(shipped_zoo())
    shares = [one["accuracy"] for one in networks]
    errors = [100 * (share * (1 - share) / found["digits"]) ** 0.5 for share in shares]
    claims = [
        "| network | " + " | ".join(f"`{one['model']}`" for one in networks) + " |",
        "| right | " + " | ".join(f"{share:.2%}" for share in shares) + " |",
        f"the standard errors are {min(errors):.1f} to {max(errors):.1f} points",
    ]
    assert all(claim in flat(CLASSIFIER) for claim in claims), claims


def test_the_times_of_an_epoch_are_those_of_the_results() -> None:
    found = results_of("training")
    times = {one["name"]: one for one in found["contestants"]}
    claims = [
        f"`fast` {times['recipe fast']['seconds an epoch']:.1f} s",
        f"PyTorch loop {times['usual']['seconds an epoch']:.1f} s",
        f"({times['recipe fast']['times as fast as usual']:.2f} times as long)",
        f"Keras on JAX {times['keras']['seconds an epoch']:.1f} s",
        f"tinygrad {times['tinygrad']['seconds an epoch']:.1f} s",
    ]
    without = results_of("training-avx2-two-threads")
    assert (without["machine"]["torch uses"], without["machine"]["AVX-512"]) == ("AVX2", False)
    there = {one["name"]: one for one in results_of("training-avx2-rivals")["contestants"]}
    claims += [
        f"usual loop's {there['usual']['seconds an epoch']:.1f} s, "
        f"Keras on JAX {there['keras']['seconds an epoch']:.1f} s "
        f"and tinygrad {there['tinygrad']['seconds an epoch']:.1f} s",
    ]
    bfloat16 = results_of("training-avx512-bf16")
    assert (bfloat16["machine"]["AVX512-BF16"], bfloat16["machine"]["AMX"]) == (True, False)
    slower, third = (
        {one["name"]: one for one in study["contestants"]} for study in (without, bfloat16)
    )
    for of in (slower, third):
        claims += [
            f"takes {of['recipe fast']['seconds an epoch']:.1f} s and "
            f"the usual loop {of['usual']['seconds an epoch']:.1f} s "
            f"({of['recipe fast']['times as fast as usual']:.2f} times as long,",
        ]
    runs = [
        f"{3 * of['recipe fast']['seconds an epoch']:.0f} s against "
        f"{15 * of['usual']['seconds an epoch']:.0f} s"
        for of in (times, slower, third)
    ]
    claims.append(f"{runs[0]} with AMX, {runs[1]} with AVX2, {runs[2]} with bfloat16 in AVX-512")
    text = flat(CLASSIFIER)
    assert all(part in text for part in claims), claims


def test_the_extras_are_those_of_the_results() -> None:
    found = results_of("extras")["studies"]
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
        study = results_of(recipe)
        assert found[recipe]["no augmentation"]["mean"] == pytest.approx(study["mean"], abs=1e-6)


def test_the_accuracy_on_fashion_mnist_is_that_of_the_results() -> None:
    study = results_of("fashion-mnist")
    assert study["data"] != results_of("fast")["data"]
    assert study["n"] == 5
    assert (
        f"`{study['recipe']['name']}`, whose augmentation is made for digits, reaches "
        f"{study['mean']:.2%} ± {study['standard deviation']:.2%} in five seeds, "
        f"{study['worst']:.2%} at worst (`results/fashion-mnist.json`)"
    ) in flat(CLASSIFIER)


def test_the_speed_of_inference_is_that_of_the_results() -> None:
    found = results_of("inference")
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
