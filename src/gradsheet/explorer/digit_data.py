"""What the page of the digit classifier holds: its weights and a hundred test digits."""

import base64
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradsheet.digits.data import ImageSet, load
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.model import DigitNet
from gradsheet.digits.model_files import load_model

DIGITS = 100


def data_of(model: DigitNet, images: ImageSet, indexes: list[int]) -> dict[str, Any]:
    """The architecture, the weights and the images with these indexes, as JSON holds them."""
    chosen = torch.tensor(indexes)
    return {
        "architecture": asdict(model.architecture),
        "tensors": {
            name: {"shape": list(value.shape), "data": _base64(value.to(torch.float32))}
            for name, value in model.state_dict().items()
            if value.is_floating_point()
        },
        "images": _base64(images.images[chosen]),
        "labels": images.labels[chosen].tolist(),
        "indexes": indexes,
    }


def chosen_digits(model: DigitNet, images: ImageSet) -> list[int]:
    """The test digits that are classified wrongly, then as many of each digit, in their order."""
    is_wrong = evaluate(model, images).predictions != images.labels
    wrong = is_wrong.nonzero().flatten().tolist()[:DIGITS]
    right = [
        (~is_wrong & (images.labels == digit)).nonzero().flatten().tolist() for digit in range(10)
    ]
    rounds = (row[k] for k in range(DIGITS) for row in right)
    return [*wrong, *(next(rounds) for _ in range(DIGITS - len(wrong)))]


def _base64(value: Tensor) -> str:
    little = np.ascontiguousarray(value.numpy())
    return base64.b64encode(little.astype(little.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def main() -> None:
    """Write data.json into the folder named on the command line."""
    model, images = load_model(None), load().test
    text = json.dumps(data_of(model, images, chosen_digits(model, images)))
    (Path(sys.argv[1]) / "data.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
