"""Digits of other writers: how many each pretrained network of the zoo classifies.

    pip install -c constraints.txt -r benchmarks/requirements.txt
    python benchmarks/other_digits.py -o results/other-digits.json

The 1,797 test digits of UCI's "Optical recognition of handwritten digits" (E. Alpaydin, C. Kaynak,
1998), by 13 writers, as scikit-learn ships them: 8 x 8 counts of inked pixels. Each is scaled up
as a picture on white paper and goes through ``gradsheet predict``'s preprocessing. It is right
when one digit is found, and that one is the label. Nothing is chosen by them.
"""

import argparse
import json
import math
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from training import command_line, machine, print_surroundings, versions

from gradsheet.digits.model_files import load_model
from gradsheet.digits.pictures import Shades
from gradsheet.digits.prediction import predict_images
from gradsheet.digits.preprocessing import digit_images
from gradsheet.digits.zoo import ZOO
from gradsheet.files import write_text

_MOST_INK = 16
_SIDE, _MARGIN = 120, 40  # pixels


def picture(counts: NDArray[np.float64]) -> Shades:
    """Shades of gray, uint8 (200, 200), of counts of inked pixels (8, 8)."""
    ink = Image.fromarray((counts / _MOST_INK).astype(np.float32))
    smooth = np.asarray(ink.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC), dtype=float)
    shades: Shades = np.rint(255 * (1 - np.pad(np.clip(smooth, 0, 1), _MARGIN))).astype(np.uint8)
    return shades


def right_answers(name: str, digits: list[list[Tensor]], labels: list[int]) -> int:
    """How many pictures a network reads as their label and nothing else."""
    model = load_model(Path(name))
    found: list[list[int | None]] = [[] for _ in labels]
    for prediction in predict_images(model, digits):
        found[prediction.picture].append(prediction.digit)
    return sum(own == [label] for own, label in zip(found, labels, strict=True))


def main() -> None:
    """Classify the digits with each network; print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, help="JSON")
    args = parser.parse_args()
    data = import_module("sklearn.datasets").load_digits()  # it has no types
    labels = list(map(int, data.target))
    digits = [digit_images(picture(counts)) for counts in data.images]
    count = len(labels)
    rows = []
    for name in ZOO:
        right = right_answers(name, digits, labels)
        share = right / count
        deviation = math.sqrt(share * (1 - share) / count)
        rows.append({"model": name, "right": right, "accuracy": round(share, 6)})
        print(f"{name:>5}  {right}/{count}  {share:.2%} ± {deviation:.2%} (standard error)")
    report = {
        "command": command_line(),
        "machine": machine(),
        "versions": versions(("torch", "numpy", "pillow", "scikit-learn")),
        "digits": count,
        "one digit found": sum(len(own) == 1 for own in digits),
        "networks": rows,
    }
    print_surroundings(report)
    if args.output:
        write_text(args.output, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
