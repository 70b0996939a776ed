"""Losses, targets, outputs and the step."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.objective import LOSSES

R = torch.randn
NAMED: dict[str, tuple[Any, Callable[[Tensor], Tensor]]] = {
    "cross-entropy": ([2, 0], lambda z: F.cross_entropy(z, torch.tensor([2, 0]))),
    "nll": ([2, 0], lambda z: F.nll_loss(z, torch.tensor([2, 0]))),
    "binary-cross-entropy": (
        torch.full((2, 3), 0.3),
        lambda z: F.binary_cross_entropy(z, torch.full((2, 3), 0.3).double()),
    ),
    "binary-cross-entropy-with-logits": (
        torch.eye(2, 3),
        lambda z: F.binary_cross_entropy_with_logits(z, torch.eye(2, 3).double()),
    ),
    "mean-squared-error": (torch.ones(2, 3), lambda z: ((z - 1) ** 2).mean()),
    "squared-error": (torch.ones(2, 3), lambda z: ((z - 1) ** 2).sum() / 2),
    "l1": (torch.ones(2, 3), lambda z: (z - 1).abs().mean()),
    "smooth-l1": (torch.ones(6), lambda z: F.smooth_l1_loss(z, torch.ones_like(z))),
    "huber": (torch.ones(6), lambda z: F.huber_loss(z, torch.ones_like(z))),
    "sum": (None, lambda z: z.sum()),
}


def test_every_loss_is_tested() -> None:
    assert NAMED.keys() == LOSSES.keys()


@pytest.mark.parametrize("name", NAMED)
def test_losses_by_name(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model: nn.Module = nn.Linear(4, 3)
    if name == "binary-cross-entropy":
        model = nn.Sequential(model, nn.Sigmoid())
    x, (target, expected) = R(2, 4), NAMED[name]
    book = ModelWorkbook(model, x, target, loss=name)  # type: ignore[arg-type]
    wide = copy.deepcopy(model).double()
    loss = expected(wide(x.double()))
    loss.backward()  # type: ignore[no-untyped-call]
    assert book.grouped.loss is not None
    assert float(book.numbers.of(book.grouped.loss)) == pytest.approx(float(loss.detach()))
    for key, parameter in wide.named_parameters():
        gradient = book.numbers.loss_by(book.grouped.parameters[key].ids)
        assert parameter.grad is not None and np.allclose(gradient, parameter.grad.numpy())
    written = book.write(tmp_path / "a.xlsx")
    assert max(differences(tmp_path / "a.xlsx", written, "ironcalc").values()) < 1e-9


FUNCTIONS: dict[str, tuple[Callable[..., Tensor], Any]] = {
    "smoothing": (lambda z, t: F.cross_entropy(z, t, label_smoothing=0.1), [1, 2]),
    "weights": (lambda z, t: F.cross_entropy(z, t, torch.tensor([1.0, 2, 3])), [1, 2]),
    "ignored": (lambda z, t: F.cross_entropy(z, t, ignore_index=2), [1, 2]),
    "sum": (lambda z, t: F.cross_entropy(z, t, reduction="sum"), [1, 2]),
    "soft": (F.cross_entropy, torch.full((2, 3), 1 / 3)),
    "kl": (
        lambda z, t: F.kl_div(z.log_softmax(1), t, reduction="batchmean"),
        torch.full((2, 3), 1 / 3),
    ),
    "positives": (
        lambda z, t: F.binary_cross_entropy_with_logits(z, t, pos_weight=torch.tensor(3.0)),
        torch.eye(2, 3),
    ),
    "module": (nn.HuberLoss(delta=0.5), torch.zeros(2, 3)),
    "none of it": (lambda z, t: (z * t["scale"]).sum(), {"scale": 2}),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_loss_of_ones_own(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    loss, target = FUNCTIONS[name]
    book = ModelWorkbook(nn.Linear(4, 3), R(2, 4), target, loss=loss)
    written = book.write(tmp_path / "a.xlsx")
    assert max(differences(tmp_path / "a.xlsx", written, "ironcalc").values()) < 1e-9


def test_positions_times_vocabulary(tmp_path: Path) -> None:
    """The classes come last, as of a language model, or second, as of a segmentation."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 5))
    ids = torch.tensor([[1, 4, 2]])
    book = ModelWorkbook(model, ids, [[4, 2, 0]])
    z = copy.deepcopy(model).double()(ids)
    wanted = float(F.cross_entropy(z[0], torch.tensor([4, 2, 0])).detach())
    assert book.grouped.loss is not None
    assert float(book.numbers.of(book.grouped.loss)) == pytest.approx(wanted)
    image = ModelWorkbook(nn.Conv2d(1, 3, 1), R(1, 1, 2, 2), torch.tensor([[[0, 1], [2, 0]]]))
    assert image.grouped.loss is not None


class TwoOutputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 2)

    def forward(self, x: Tensor, *, scale: Tensor) -> dict[str, Tensor]:
        y = self.a(x)
        return {"mean": y * scale, "other": y.tanh()}


@pytest.mark.parametrize(("output", "index"), [(None, 0), ("other", 1), (1, 1)])
def test_several_inputs_and_outputs(output: Any, index: int, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model, example = TwoOutputs(), {"x": R(1, 3), "scale": torch.tensor([2.0])}
    book = ModelWorkbook(model, example, [0, 1], loss="squared-error", output=output)
    wide = {key: value.double() for key, value in example.items()}
    found = list(copy.deepcopy(model).double()(**wide).values())[index]
    assert np.allclose(book.numbers.of(book.grouped.output), found.detach().numpy())
    written = book.write(tmp_path / "a.xlsx")
    assert max(differences(tmp_path / "a.xlsx", written, "ironcalc").values()) < 1e-9


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_the_step_is_that_of_torch(optimizer: Any, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model, x = nn.Linear(4, 3), R(2, 4)
    book = ModelWorkbook(model, x, [1, 0], optimizer=optimizer, learning_rate=0.05)
    wide = copy.deepcopy(model).double()
    made = {
        "sgd": torch.optim.SGD(wide.parameters(), 0.05),
        "momentum": torch.optim.SGD(wide.parameters(), 0.05, 0.9),
        "adam": torch.optim.Adam(wide.parameters(), 0.05),
    }[optimizer]
    F.cross_entropy(wide(x.double()), torch.tensor([1, 0])).backward()  # type: ignore[no-untyped-call]
    made.step()
    assert book.after is not None
    found = book.after.of(book.grouped.parameters["weight"].ids)
    assert np.allclose(found, wide.weight.detach().numpy(), rtol=1e-9)
    written = book.write(tmp_path / "a.xlsx")
    assert max(differences(tmp_path / "a.xlsx", written, "ironcalc").values()) < 1e-9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"loss": "hinge"}, "the loss is 'hinge'; expected cross-entropy, nll"),
        ({"learning_rate": float("inf")}, "the learning rate is inf; expected a positive finite"),
        ({"learning_rate": "0.1"}, "the learning rate is '0.1'"),
        ({"optimizer": "lion"}, "the optimizer is 'lion'; expected sgd, momentum or adam"),
        ({"target": [0, 0, torch.inf], "loss": "squared-error"}, "the target: it holds NaN"),
        ({"target": [0, 0], "loss": "squared-error"}, "the target has 2 numbers; expected 3"),
        ({"learning_rate": 1e308}, r"after the step with learning rate 1e\+308"),
        ({"example": torch.full((4,), torch.nan)}, "the example: it holds NaN"),
        ({"example": "x"}, "the example is a str; expected a torch.Tensor"),
        ({"example": torch.zeros(3)}, "Sequential cannot run on an example of shape 3"),
        ({"output": 3}, "output 3 does not exist|cannot"),
    ],
)
def test_refused_arguments(given: dict[str, Any], message: str) -> None:
    usual: dict[str, Any] = {"example": 100 * torch.rand(4), "target": 1}
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    if "output" in given:
        with pytest.raises(GradsheetError, match=message):
            ModelWorkbook(TwoOutputs(), {"x": R(1, 3), "scale": R(1)}, [0, 1], **given)
        return
    with pytest.raises(GradsheetError, match=message):
        ModelWorkbook(model, **usual | given)


def test_masks_of_infinity(tmp_path: Path) -> None:
    """−∞ in a mask, whether it is a constant or depends on the input."""
    torch.manual_seed(1)

    class Masked(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            fixed = x + torch.full((3, 3), -torch.inf).triu(1)
            chosen = torch.where(x > -9, x, -torch.inf)
            return fixed.softmax(-1) + chosen.masked_fill(x > 1, -torch.inf).softmax(-1)

    book = ModelWorkbook(Masked(), R(3, 3), torch.zeros(3, 3), loss="squared-error")
    written = book.write(tmp_path / "a.xlsx")
    assert max(differences(tmp_path / "a.xlsx", written, "ironcalc").values()) < 1e-9
