"""The classifier of digits.html, run by Node, and PyTorch beside it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from gradsheet.digits.data import ImageSet
from gradsheet.digits.evaluation import normalize
from gradsheet.digits.model_files import load_model
from gradsheet.explorer.digit_data import data_of
from gradsheet.models.ties import FirstOfTies
from tests.explorer.nodes import SOURCES, bundle


def by_page(images: ImageSet, gradients: int, folder: Path) -> dict[str, Any]:
    """Logits of all images, every gradient of the first ones, and CPU milliseconds an image."""
    data = data_of(load_model(None), images, [0])
    (folder / "data.json").write_text(json.dumps(data))
    (folder / "images").write_bytes(images.images.numpy().tobytes())
    (folder / "labels").write_bytes(images.labels.to(torch.uint8).numpy().tobytes())
    script = bundle("digits-witness.ts", folder)
    names = [str(folder / name) for name in ("data.json", "images", "labels")]
    command = ["node", str(script), *names, str(gradients)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=SOURCES)
    return dict(json.loads(done.stdout))


def difference_of_logits(images: ImageSet, logits: list[list[float]]) -> tuple[float, int]:
    """The largest, relative to the largest logit, and how many images are classified alike."""
    with torch.no_grad():
        expected = load_model(None)(normalize(images.images)).numpy()
    found = np.asarray(logits)
    alike = int((found.argmax(axis=1) == expected.argmax(axis=1)).sum())
    return float(np.abs(found - expected).max() / np.abs(expected).max()), alike


def difference_of_gradients(images: ImageSet, backward: list[dict[str, list[float]]]) -> float:
    """The largest of weights and pixels, relative to each tensor's largest, in float64.

    Ties of max pooling are broken by the same rule.
    """
    model = load_model(None).double()
    worst = 0.0
    for k, found in enumerate(backward):
        x = normalize(images.images[k : k + 1]).double().requires_grad_()
        model.zero_grad()
        with FirstOfTies():
            loss = F.cross_entropy(model(x), images.labels[k : k + 1])
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        expected = {name: p.grad for name, p in model.named_parameters()} | {"input": x.grad}
        for name, gradient in expected.items():
            assert gradient is not None
            wanted = gradient.flatten().numpy()
            size = max(float(np.abs(wanted).max()), 1e-7)
            worst = max(worst, float(np.abs(np.asarray(found[name]) - wanted).max()) / size)
    return worst
