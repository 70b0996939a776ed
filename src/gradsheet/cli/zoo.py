"""The command zoo: the networks of all sizes, with the results of their studies."""

import json
from importlib.resources import files
from typing import Any

from gradsheet.cli.terminal import Terminal

COLUMNS = ("model", "parameters", "multiply-\nadds", "kB", "mean ± sd", "worst", "n", "min")


def zoo() -> None:
    """List the digit classifiers of all sizes: accuracy on the test set, seeds, training time."""
    from rich.table import Table

    from gradsheet.digits.model_files import pretrained_weights

    folder = files("gradsheet.digits") / "weights"
    results: dict[str, dict[str, Any]] = json.loads((folder / "zoo.json").read_text("utf-8"))
    table = Table(title="accuracy on the test set after the last epoch", title_justify="left")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for name, result in results.items():
        table.add_row(*zoo_row(name, len(pretrained_weights(name).read_bytes()), result))
    table.caption = "n: number of seeds; min: minutes of the fastest; kB: the weights of seed 0"
    Terminal().result(table)


def zoo_row(name: str, weight_bytes: int, result: dict[str, Any]) -> list[str]:
    """The cells of a network, under ``COLUMNS``."""
    deviation = result["standard deviation"]
    return [
        name,
        f"{result['parameters']:,}",
        f"{result['multiply_adds']:,}",
        f"{weight_bytes / 1000:.1f}",
        f"{result['mean']:.2%}" + ("" if deviation is None else f" ± {deviation:.2%}"),
        f"{result['worst']:.2%}",
        str(result["n"]),
        f"{result['seconds'] / 60:.0f}",
    ]
