"""Accuracy of a study's networks with test-time augmentation, and of ensembles of them.

    python benchmarks/extras.py runs/study-best runs/study-distilled -o results/extras.json

For each seed: the accuracy with test-time augmentation, and without the 15 test images whose labels
annotators reject. An ensemble averages the probabilities of several seeds.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from training import command_line, machine, versions

from gradsheet.digits.data import ImageSet, load
from gradsheet.digits.evaluation import (
    REJECTED_LABELS,
    TEST_TIME_SHIFTS,
    Evaluation,
    ensemble,
    evaluate,
)
from gradsheet.digits.model_files import load_model
from gradsheet.digits.study.study import distribution, read_summary
from gradsheet.files import write_text


def accuracy(result: Evaluation) -> float:
    """Fraction of images classified correctly."""
    return round(result.accuracy, 6)


def extras(folder: Path, summary: dict[str, Any], images: ImageSet) -> dict[str, Any]:
    """The accuracies of one study."""
    models = [load_model(folder / f"seed-{run['seed']:03}") for run in summary["runs"]]
    plain = [evaluate(model, images) for model in models]
    augmented = [evaluate(model, images, shifts=TEST_TIME_SHIFTS) for model in models]
    return {
        "no augmentation": distribution([accuracy(result) for result in plain]),
        "test-time augmentation": distribution([accuracy(result) for result in augmented]),
        "without rejected labels": distribution(
            [accuracy(result.without(REJECTED_LABELS)) for result in plain]
        ),
        "ensembles": {
            str(size): distribution(
                [
                    accuracy(ensemble(plain[first : first + size]))
                    for first in range(0, len(plain) - size + 1, size)
                ]
            )
            for size in (2, 5)
            if len(plain) >= 2 * size
        },
        "ensemble of all seeds": accuracy(ensemble(plain)),
        "ensemble of all seeds, test-time augmentation": accuracy(ensemble(augmented)),
    }


def main() -> None:
    """Print the figures; write them to a file if asked."""
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
