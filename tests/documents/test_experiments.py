"""The log of experiments, against the results."""

from collections.abc import Callable
from statistics import mean, median
from typing import Any

import pytest

from tests.documents.pages import flat, page_of, results_of

Run = dict[str, Any]
LOG = page_of("experiments")


def figures(run: Run) -> list[str]:
    """Accuracy and loss of a run."""
    return [f"{run['accuracy']:.2%}", f"{run['loss']:.4f}"]


def with_augmented(run: Run) -> list[str]:
    """The same, and on augmented copies of the images."""
    augmented = run["augmented"]
    return [*figures(run), f"{augmented['accuracy']:.3%}", f"{augmented['loss']:.4f}"]


def yes_or_no(condition: bool) -> str:
    return "yes" if condition else "no"


def first(variant: Run) -> list[str]:
    runs = [figures(run) for run in variant["runs"]]
    return [variant["name"], *runs[0], *(runs[1] if len(runs) > 1 else ["", ""])]


def second(run: Run) -> list[str]:
    recalibrated = figures(run["recalibrated"]) if run["recalibrated"] else ["", ""]
    start = [run["name"], yes_or_no(run["activate_last"]), str(run["seed"])]
    return [*start, *figures(run), *recalibrated]


def third(run: Run) -> list[str]:
    start = [run["name"], yes_or_no(run["activate_last"]), str(run["seed"])]
    return [*start, *with_augmented(run)]


def fourth(run: Run) -> list[str]:
    start = [run["name"], run["activation"], f"{run['parameters']:,}"]
    return [*start, *with_augmented(run), f"{run['CPU seconds']:.0f} s"]


def fifth(run: Run) -> list[str]:
    start = [run["name"], f"{run['parameters']:,}", run["augmentation"] or "none"]
    end = [f"{run['training loss']:.4f}", f"{run['CPU seconds']:.0f} s"]
    return [*start, *with_augmented(run), *end]


def sixth(run: Run) -> list[str]:
    """A variant of several seeds: means over them."""
    augmented = run["augmented"]
    means = [
        f"{mean(run['accuracy']):.2%}",
        f"{mean(run['loss']):.4f}",
        f"{mean(augmented['accuracy']):.2%}",
        f"{mean(augmented['loss']):.4f}",
    ]
    start = [", ".join(map(str, run["crops"])), str(run["epochs"]), str(len(run["seeds"]))]
    return [*start, *means, f"{mean(run['CPU seconds']):.0f} s"]


def eighth(run: Run) -> list[str]:
    start = [str(run[key]) for key in ("name", "parameters", "batch size", "learning rate")]
    end = [f"{run['training loss']:.4f}", f"{run['CPU seconds']:.0f} s"]
    return [*start, run["dtype"], *figures(run), *end]


@pytest.mark.parametrize(
    ("file", "count", "cells"),
    [
        ("validation", 11, first),
        ("validation-2", 33, second),
        ("validation-3", 10, third),
        ("validation-4", 6, fourth),
        ("validation-5", 23, fifth),
        ("validation-6", 4, sixth),
        ("validation-8", 7, eighth),
    ],
)
def test_every_validation_run_is_a_row(
    file: str, count: int, cells: Callable[[Run], list[str]]
) -> None:
    variants = results_of(file)["variants"]
    rows = [f"| {' | '.join(cells(variant))} |" for variant in variants]
    assert len(rows) == count
    assert [row for row in rows if row not in LOG] == []


def test_the_gain_of_recalibration_is_that_of_the_results() -> None:
    pairs = [
        (run["recalibrated"], run)
        for run in results_of("validation-2")["variants"]
        if run["recalibrated"]
    ]
    losses = [before["loss"] - after["loss"] for after, before in pairs]
    points = [100 * (after["accuracy"] - before["accuracy"]) for after, before in pairs]
    assert min(losses) > 0
    assert f"by {mean(losses):.4f} on average" in LOG
    assert f"by {mean(points):.2f} points on average" in LOG


def test_the_rates_without_matrix_units_are_those_of_the_results() -> None:
    found = results_of("training-avx2")
    assert found["machine"]["torch uses"] == "AVX2"
    assert found["command"].removeprefix("python ")[:60] in flat(LOG)
    for one in found["contestants"]:
        rate = f"{one['images per processor second']:,.0f}"
        ratio = f"{one['times as fast as usual a processor second']:.2f}"
        assert f"| {one['name']} | {rate} | {ratio} |" in LOG


def test_the_steps_of_small_networks_are_those_of_the_results() -> None:
    found = results_of("small-steps")
    for others, key in (("none", "alone"), ("two training runs", "beside two training runs")):
        for model, times in found[key].items():
            before, after = (median(times[code]) for code in ("before", "after"))
            row = f"| `{model}` | {others} | {before:.1f} | {after:.1f} | {before / after:.2f} |"
            assert row in LOG
    for model, times in found["in bfloat16"]["models"].items():
        before, after = (median(times[code]) for code in ("before", "after"))
        assert f"| `{model}` | {before:.1f} | {after:.1f} | {before / after:.2f} |" in LOG


def test_the_smallest_networks_are_those_of_the_results() -> None:
    ten, seventeen = results_of("validation-6")["smallest networks"]["variants"]
    tested = seventeen["test, trained on 60,000 images"]["accuracy"]
    assert (
        f"{ten['channels']} channels, {ten['parameters']} parameters, {ten['accuracy']:.2%}; with "
        f"{seventeen['channels']} channels, {seventeen['parameters']} parameters, "
        f"{seventeen['accuracy']:.2%}. The second, trained on all 60,000 images, had {tested:.2%}"
    ) in flat(LOG)


def test_the_figures_of_crops_are_those_of_the_results() -> None:
    study = results_of("validation-6")
    whole = study["trained on 60,000 images"]
    assert whole["mean"] == pytest.approx(mean(whole["accuracy"]), abs=1e-6)
    spread = f"{whole['mean']:.2%} ± {whole['standard deviation']:.2%}"
    assert f"they reach {spread} on the test set in ten seeds" in flat(LOG)
    for processor, said in (
        ("AVX2", "{:.2f} times as long with AVX2"),
        ("AMX", "({:.2f} with AMX)"),
    ):
        step = study["step"][processor]
        assert said.format(step["20"] / step["28"]) in LOG


def test_the_distilled_small_networks_are_those_of_the_results() -> None:
    fifth, seventh = results_of("validation-5"), results_of("validation-7")
    teacher = seventh["teacher"]
    assert f"validation {teacher['accuracy']:.2%}, loss {teacher['loss']:.4f}) at" in LOG
    labels = {run["name"]: run for run in reversed(fifth["variants"])}
    assert len(seventh["variants"]) == 2
    for run in seventh["variants"]:
        for trained_on, one in (("labels", labels[run["from labels"]]), ("the teacher", run)):
            cells = [f"`{run['model']}`", trained_on, *with_augmented(one)]
            assert f"| {' | '.join(cells)} |" in LOG


def test_the_shared_views_are_those_of_the_results() -> None:
    ninth = results_of("validation-9")
    assert len(ninth["variants"]) == 8
    for run in ninth["variants"]:
        recipe = run["recipe"] if run["trained on"] == "labels" else "distilled"
        cells = [f"`{run['model']}`", f"`{recipe}`", run["trained on"], str(run["seed"])]
        assert f"| {' | '.join([*cells, *with_augmented(run)])} |" in LOG
    one, two = zip(*(ninth["teachers"][key] for key in ("accuracy", "loss")), strict=True)
    said = f"({one[0]:.2%} and {two[0]:.2%}, loss {one[1]:.4f} and {two[1]:.4f})"
    assert said.replace("% and", " and", 1) in flat(LOG)
    two_teachers, four = results_of("distilled"), results_of("distilled-4")
    seconds = median(run["seconds of training"] for run in four["runs"][2:])
    for said in (
        f"reach {four['mean']:.3%} ± {four['standard deviation']:.3%} on the test set, the worst "
        f"{four['worst']:.2%} (`results/distilled-4.json`)",
        f"views of each seed's own ({two_teachers['mean']:.3%})",
        f"A seed takes {seconds:.0f} s once the teachers have been asked",
    ):
        assert said in flat(LOG)


def test_the_former_small_network_is_that_of_the_results() -> None:
    study = results_of("zoo-0.6k")
    assert (study["parameters"], study["n"]) == (640, 2)
    said = f"the one of 640, `0.6k`, which reached {study['mean']:.3%} on the test set"
    assert said in flat(LOG)
