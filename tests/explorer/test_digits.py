"""The digit classifier of the page, run by Node, against PyTorch."""

import json
import subprocess
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gradsheet.digits.data import ImageSet, load
from gradsheet.digits.evaluation import normalize
from gradsheet.digits.model_files import load_model
from gradsheet.explorer.digit_data import chosen_digits, data_of
from gradsheet.models.ties import FirstOfTies
from tests.explorer.nodes import SOURCES, bundle, needs_node

IMAGES, GRADIENTS = 300, 20


@pytest.fixture(scope="module")
def images() -> ImageSet:
    """Of the digits that are classified wrongly, and others."""
    test = load().test
    chosen = torch.tensor(chosen_digits(load_model(None), test)[:40] + list(range(IMAGES - 40)))
    return ImageSet(test.images[chosen], test.labels[chosen])


@pytest.fixture(scope="module")
def answer(images: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("digits")
    data = data_of(load_model(None), images, [0])
    (folder / "data.json").write_text(json.dumps(data))
    (folder / "images").write_bytes(images.images.numpy().tobytes())
    (folder / "labels").write_bytes(images.labels.to(torch.uint8).numpy().tobytes())
    script = bundle("digits-witness.ts", folder)
    names = [str(folder / name) for name in ("data.json", "images", "labels")]
    command = ["node", str(script), *names, str(GRADIENTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=SOURCES)
    return dict(json.loads(done.stdout))


@needs_node
def test_logits(images: ImageSet, answer: dict[str, Any]) -> None:
    with torch.no_grad():
        expected = load_model(None)(normalize(images.images)).numpy()
    found = np.asarray(answer["logits"])
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()


@needs_node
def test_gradients(images: ImageSet, answer: dict[str, Any]) -> None:
    """Of the weights and the pixels, in float64, ties of max pooling by the same rule."""
    model = load_model(None).double()
    for k in range(GRADIENTS):
        x = normalize(images.images[k : k + 1]).double().requires_grad_()
        model.zero_grad()
        with FirstOfTies():
            loss = F.cross_entropy(model(x), images.labels[k : k + 1])
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        expected = {name: p.grad for name, p in model.named_parameters()} | {"input": x.grad}
        for name, gradient in expected.items():
            assert gradient is not None
            wanted = gradient.flatten().numpy()
            size = float(np.abs(wanted).max())
            found = np.asarray(answer["backward"][k][name])
            assert np.abs(found - wanted).max() <= 1e-5 * size + 1e-12, (k, name)
