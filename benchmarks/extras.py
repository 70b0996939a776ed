"""What else a study's networks can do, none of it the headline.

    python benchmarks/extras.py runs/study-best runs/study-distilled -o results/extras.json

Of each seed: five views an image, and the accuracy without the 15 test images whose labels
annotators reject. Of all seeds together: the mean of their probabilities.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from training import command_line, machine, versions

from gradsheet.digits.data import ImageSet, load
from gradsheet.digits.evaluation import (
    FIVE_VIEWS,
    REJECTED_LABELS,
    Evaluation,
    evaluate,
    together,
)
from gradsheet.digits.run import load_model
from gradsheet.digits.study.study import distribution, read_summary
from gradsheet.files import write_text


def accuracy(result: Evaluation) -> float:
    """The fraction of images read rightly."""
    return round(result.correct / result.total, 6)


def extras(folder: Path, summary: dict[str, Any], images: ImageSet) -> dict[str, Any]:
    """The extras of one study."""
    models = [load_model(folder / f"seed-{run['seed']:03}") for run in summary["runs"]]
    plain = [evaluate(model, images) for model in models]
    views = [evaluate(model, images, views=FIVE_VIEWS) for model in models]
    return {
        "one view": distribution([accuracy(result) for result in plain]),
        "five views": distribution([accuracy(result) for result in views]),
        "without rejected labels": distribution(
            [accuracy(result.without(REJECTED_LABELS)) for result in plain]
        ),
        "ensembles": {
            str(size): distribution(
                [
                    accuracy(together(plain[first : first + size]))
                    for first in range(0, len(plain) - size + 1, size)
                ]
            )
            for size in (2, 5)
            if len(plain) >= 2 * size
        },
        "all seeds together": accuracy(together(plain)),
        "all seeds together, five views": accuracy(together(views)),
    }


def main() -> None:
    """Print the figures and write them down where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    test = load().test
    found: dict[str, Any] = {
        "command": command_line(),
        "machine": machine(),
        "versions": versions(("torch",)),
        "studies": {},
    }
    for folder in options.studies:
        summary = read_summary(folder)
        if summary is None:
            parser.error(f"{folder} holds no study")
        name = summary["recipe"]["name"]
        found["studies"][name] = extras(folder, summary, test)
        print(name, json.dumps(found["studies"][name], indent=1))
    if options.output:
        write_text(options.output, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
