"""The zoo's results, from results/: the file that ships with the package, table and plot.

python docs/draw_zoo.py
"""

import json
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot as plt

from gradsheet.digits.study.study import distribution
from gradsheet.digits.summary import size
from gradsheet.digits.zoo import EXACT, ZOO, make_network

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "src/gradsheet/digits/weights/zoo.json"
PUBLIC = ROOT / "results" / "public-networks.json"
PAGE = ROOT / "docs" / "digit-classifier.md"
MARK = "<!-- written by draw_zoo.py -->"
PLOT = Path(__file__).parent / "images" / "zoo.png"


def runs_of(name: str) -> list[dict[str, Any]]:
    """The records of all finished seeds of a network."""
    if name == EXACT:
        return list(json.loads((ROOT / "results" / "best.json").read_text())["runs"])
    records = sorted((ROOT / "results" / "zoo" / name).glob("seed-*.json"))
    return [json.loads(record.read_text()) for record in records]


def result_of(name: str) -> dict[str, Any]:
    """Size, accuracy and time of a network; one seed has no deviation and no interval.

    The time is that of the fastest seed: other work on the machine only adds to it.
    """
    runs = runs_of(name)
    accuracies = [run["accuracy"] for run in runs]
    found: dict[str, Any] = {
        "n": 1,
        "mean": accuracies[0],
        "standard deviation": None,
        "worst": accuracies[0],
        "95% interval of the mean": None,
    }
    if len(runs) > 1:
        found = {key: value for key, value in distribution(accuracies).items() if key in found}
    seconds = min(run["seconds of training"] for run in runs)
    return {**size(make_network(ZOO[name])), **found, "seconds": seconds}


def draw(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Error against parameters, both on logarithmic axes, beside the public networks.

    Each seed is a dot. The interval of a mean of two or three seeds would span the whole picture:
    it is drawn from five on.
    """
    matplotlib.use("agg")
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    public = json.loads(PUBLIC.read_text())["networks"]
    axes.scatter(
        [one["parameters"] for one in public],
        [100 * error_of(one) for one in public],
        marker="x",
        color="0.55",
        label="published: single figures",
    )
    for name, one in results.items():
        error = 100 * error_of(one)
        errors = [100 * (1 - run["accuracy"]) for run in runs_of(name)]
        margins = None
        if one["n"] >= 5:
            low, high = one["95% interval of the mean"]
            margins = [[error - 100 * (1 - high)], [100 * (1 - low) - error]]
        last = name == EXACT
        axes.scatter(
            [one["parameters"]] * len(errors),
            errors,
            s=10,
            color="C0",
            alpha=0.4,
            label="gradsheet: seeds" if last else None,
        )
        axes.errorbar(
            one["parameters"],
            error,
            margins,
            fmt="D",
            markersize=5,
            capsize=3,
            color="C0",
            label="mean, with its 95% interval from five seeds on" if last else None,
        )
        others = [other for other in (*public, *results.values()) if other is not one]
        offset, alignment = label_place(one, others)
        axes.annotate(
            f"{name}, n={one['n']}",
            (one["parameters"], error),
            offset,
            textcoords="offset points",
            horizontalalignment=alignment,
            fontsize=8,
        )
    axes.margins(0.1)
    axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="error on the test set, %")
    axes.set_xticks(
        [500, 1000, 2000, 5000, 10_000, 20_000], ["500", "1k", "2k", "5k", "10k", "20k"]
    )
    axes.set_yticks([0.3, 0.5, 1, 2, 3], ["0.3", "0.5", "1", "2", "3"])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=120)


def label_place(one: dict[str, Any], others: list[dict[str, Any]]) -> tuple[tuple[int, int], str]:
    """Where a network's label has room: right of it, below or above, else below on its left."""

    def is_free(lowest: float, highest: float) -> bool:
        return not any(
            1 < other["parameters"] / one["parameters"] < 1.3
            and lowest < error_of(other) / error_of(one) < highest
            for other in others
        )

    if is_free(0.8, 1):
        return (6, -10), "left"
    return ((6, 4), "left") if is_free(1, 1.15) else ((-5, -13), "right")


def error_of(network: dict[str, Any]) -> float:
    """Share of the test images that are classified wrongly; of several seeds the mean."""
    return 1 - float(network["mean"] if "mean" in network else network["accuracy"])


def accuracy_of(result: dict[str, Any]) -> str:
    """Mean and standard deviation, as the tables have them."""
    deviation = result["standard deviation"]
    return f"{result['mean']:.2%}" + ("" if deviation is None else f" ± {deviation:.2%}")


def table(results: dict[str, dict[str, Any]]) -> str:
    """A row for each network, beside the best published one that is at most 5% larger."""
    public = json.loads(PUBLIC.read_text())["networks"]
    lines = [
        "| model | parameters | multiply-adds | test accuracy | worst | seeds "
        "| training, fastest seed | published, at most 5% larger | difference, points |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in results.items():
        smaller = [other for other in public if other["parameters"] <= 1.05 * one["parameters"]]
        best = max(smaller, key=lambda other: other["accuracy"], default=None)
        beside = (
            "none | "
            if best is None
            else f"{best['accuracy']:.2%} ({best['parameters']:,}) "
            f"| {round(100 * (one['mean'] - best['accuracy']), 2) + 0.0:+.2f}"
        )
        lines.append(
            f"| `{name}` | {one['parameters']:,} | {one['multiply_adds']:,} | {accuracy_of(one)} "
            f"| {one['worst']:.2%} | {one['n']} | {one['seconds']:.0f} s "
            f"| {beside} |"
        )
    return "\n".join(lines)


def short_table(results: dict[str, dict[str, Any]]) -> str:
    """The same in three rows, a column for each network."""
    rows = {
        "model": [f"`{name}`" for name in results],
        "parameters": [f"{one['parameters']:,}" for one in results.values()],
        "test accuracy": [accuracy_of(one) for one in results.values()],
        "seeds": [str(one["n"]) for one in results.values()],
    }
    lines = [f"| {' | '.join([head, *cells])} |" for head, cells in rows.items()]
    return "\n".join([lines[0], "|---" * (len(results) + 1) + "|", *lines[1:]])


def write_table(page: Path, text: str) -> None:
    """Put the table between its two marks on the page."""
    before, _, rest = page.read_text().partition(f"{MARK}\n")
    _, _, after = rest.partition(MARK)
    page.write_text(f"{before}{MARK}\n\n{text}\n\n{MARK}{after}")


def main() -> None:
    """Write the results of the zoo, their tables and their plot."""
    results = {name: result_of(name) for name in ZOO}
    SHIPPED.write_text(json.dumps(results, indent=1) + "\n")
    write_table(PAGE, table(results))
    write_table(ROOT / "README.md", short_table(results))
    draw(results, PLOT)


if __name__ == "__main__":
    main()
