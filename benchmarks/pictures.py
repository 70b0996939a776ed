"""Digits in rendered pictures: how many are classified, and what is taken for one.

    python benchmarks/pictures.py --run runs/held-out -o results/pictures.json

Two sets of pictures (``rendered_pictures.py``), each with the network that has not seen its images:

development: rendered from the last 5,000 training images and classified with a run that held them
    out (``gradsheet train --validation 5000 -o runs/held-out``). Preprocessing and the energy below
    which a prediction is unsure were chosen on it.
final: rendered from the test images, classified with the pretrained weights, once. Half as many.

A picture is right when its digits are classified correctly, in order, with none more and none less.
Before: the former preprocessing (``former_preprocessing.py``), which gave one digit a picture.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from former_preprocessing import former_image
from PIL import ImageFont
from rendered_pictures import BLANK, LETTERS_KIND, NOISE, Rendered, Source, kinds, rendered
from torch import Tensor
from training import command_line, machine, print_surroundings, versions

from gradsheet.digits.data import ImageSet, load
from gradsheet.digits.model_files import load_model
from gradsheet.digits.prediction import predict_images
from gradsheet.digits.preprocessing import digit_images
from gradsheet.digits.zoo import Network
from gradsheet.files import write_text

HELD_OUT = 5_000
FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf")
FOREIGN = (LETTERS_KIND, NOISE, BLANK)
"""Kinds without a digit."""


@dataclass(frozen=True)
class Plan:
    """A set of pictures and the network that classifies them."""

    name: str
    images: ImageSet
    model: Network
    pictures: int
    seed: int


def installed_fonts() -> list[str]:
    """Those of the typefaces for letters that the system has."""
    found = []
    for font in FONTS:
        try:
            ImageFont.truetype(font, 20)
        except OSError:
            continue
        found.append(font)
    return found


def before(picture: Rendered) -> list[Tensor]:
    """The image of the former preprocessing."""
    image = former_image(np.asarray(picture.picture))
    return [] if image is None else [image]


def after(picture: Rendered) -> list[Tensor]:
    """The images of today's."""
    return digit_images(np.asarray(picture.picture))


def measure(plan: Plan, kind: str, pictures: Sequence[Rendered]) -> dict[str, Any]:
    """What both make of the pictures of one kind."""
    row: dict[str, Any] = {"kind": kind, "pictures": len(pictures)}
    steps: tuple[tuple[str, Callable[[Rendered], list[Tensor]]], ...]
    steps = (("before", before), ("after", after))
    for name, step in steps:
        started = time.process_time()
        images = [step(picture) for picture in pictures]
        seconds = (time.process_time() - started) / len(pictures)
        guesses: list[list[int]] = [[] for _ in pictures]
        sure: list[list[bool]] = [[] for _ in pictures]
        for found in predict_images(plan.model, images):
            if found.probabilities:
                guesses[found.picture].append(int(found.digit or 0))
                sure[found.picture].append(found.sure)
        row[name] = {"CPU ms a picture, preprocessing": round(1000 * seconds, 1)}
        if kind in FOREIGN:
            row[name]["given a digit"] = sum(bool(each) for each in guesses)
            row[name]["given a digit, unsure left out"] = sum(map(any, sure))
        else:
            truth = [list(picture.digits or ()) for picture in pictures]
            right = [guess == digits for guess, digits in zip(guesses, truth, strict=True)]
            certain = [all(each) and bool(each) for each in sure]
            row[name]["right"] = sum(right)
            row[name]["sure"] = sum(certain)
            row[name]["right of the sure"] = sum(
                ok and each for ok, each in zip(right, certain, strict=True)
            )
    return row


def run(plan: Plan) -> list[dict[str, Any]]:
    """Every kind of one set."""
    source = Source(plan.images.images.numpy(), plan.images.labels.tolist())
    rows = []
    for kind, draw in kinds(source, installed_fonts()).items():
        pictures = [rendered(draw, plan.seed, kind, number) for number in range(plan.pictures)]
        rows.append(measure(plan, kind, pictures))
        print(plan.name, json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    """Measure both sets and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="a run with --validation 5000")
    parser.add_argument("--pictures", type=int, default=60, help="of each kind, for development")
    parser.add_argument("--development-only", action="store_true")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    surroundings = {
        "command": command_line(),
        "machine": machine(),
        "versions": versions(("gradsheet", "torch", "numpy", "pillow", "scipy")),
        "fonts of letters": installed_fonts(),
    }
    print_surroundings(surroundings)
    data = load()
    held_out = data.hold_out(HELD_OUT).test
    plans = [Plan("development", held_out, load_model(arguments.run), arguments.pictures, 1)]
    if not arguments.development_only:
        plans.append(Plan("final", data.test, load_model(None), arguments.pictures // 2, 2))
    results = {**surroundings, "sets": {plan.name: run(plan) for plan in plans}}
    write_text(arguments.output, json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
