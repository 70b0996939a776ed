"""Models as workbooks: computed again by other programs, and compared with PyTorch in float64."""

import copy
import re
from collections import Counter
from pathlib import Path

import openpyxl
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet import to_workbook
from gradsheet.digits.data import Dataset
from gradsheet.digits.run import load_model
from gradsheet.errors import GradsheetError
from gradsheet.models.build import differences, write_model
from gradsheet.models.digit_classifier import _page, open_digits
from gradsheet.models.sheets.layer import AGREEMENT, Claim
from gradsheet.models.ties import FirstOfTies
from gradsheet.models.trace import trace
from gradsheet.spreadsheet.recalculate import ENGINES, Engine, libreoffice, recalculated
from tests.models.samples import Model

SEEDS = range(20)
AVAILABLE: list[Engine] = [e for e in ENGINES if e == "ironcalc" or libreoffice() is not None]


def example(model: Model) -> Tensor:
    return torch.randn(model.shape, dtype=torch.float64)


def largest(found: dict[str, float]) -> float:
    return max(found.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_random_models(seed: int, tmp_path: Path) -> None:
    """Forward, every gradient, and the forward pass after a step."""
    model = Model(seed)
    path = tmp_path / "model.xlsx"
    claims = write_model(model, example(model), seed % 3, path)
    assert largest(differences(path, claims, "ironcalc")) < 1e-9


@pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("seed", list(SEEDS)[::4])
def test_random_models_in_libreoffice(seed: int, tmp_path: Path) -> None:
    model = Model(seed)
    path = tmp_path / "model.xlsx"
    claims = write_model(model, example(model), [0.5, -1.0, 2.0], path, "squared-error")
    assert largest(differences(path, claims, "libreoffice")) < 1e-9


def test_the_random_models_hold_every_kind() -> None:
    kinds = Counter(
        type(layer.kind).__name__ if layer.kind.name != "BatchNorm" else "BatchNorm"
        for seed in SEEDS
        for layer in trace(Model(seed), example(Model(seed))).layers
    )
    assert kinds.keys() == {
        "Add",
        "AveragePool",
        "BatchNorm",
        "Concatenate",
        "Convolution",
        "Linear",
        "MaxPool",
        "Pointwise",
        "Softmax",
        "View",
    }


@pytest.mark.parametrize("engine", AVAILABLE)
def test_the_cells_are_live(engine: Engine, tmp_path: Path) -> None:
    """Another pixel and another weight, typed in, give what PyTorch gives for them."""
    model = Model(3)
    x = example(model)
    path, other = tmp_path / "model.xlsx", tmp_path / "other.xlsx"
    claims = write_model(model, x, 1, path)
    weight = next(name for name, p in model.named_parameters() if p.dim() == 4)
    changed, y = copy.deepcopy(model), x.clone()
    y[0, 2, 3] += 0.5
    with torch.no_grad():
        changed.get_parameter(weight).view(-1)[0] -= 0.25
    changed_claims = write_model(changed, y, 1, other)
    assert largest(differences(path, claims, engine)) < 1e-9
    assert largest(differences(path, changed_claims, engine)) > 1e-3
    typed = typed_cells(path, other)
    assert len(typed) == 2
    assert largest(differences(path, changed_claims, engine, typed)) < 1e-9


def typed_cells(one: Path, other: Path) -> dict[tuple[str, str], float]:
    """The numbers, not formulas, in which two workbooks differ, as in the other."""
    books = [openpyxl.load_workbook(path) for path in (one, other)]
    found = {}
    for sheet in books[0]:
        for row in sheet.iter_rows():
            for cell in row:
                new = books[1][sheet.title][cell.coordinate].value
                if isinstance(new, int | float) and new != cell.value:
                    found[sheet.title, cell.coordinate] = float(new)
    return found


def test_large_numbers_do_not_overflow(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 3), nn.SiLU())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2000)
    claims = write_model(model, torch.tensor([3.0, -5.0]), 2, tmp_path / "large.xlsx")
    for engine in AVAILABLE:
        assert largest(differences(tmp_path / "large.xlsx", claims, engine)) < 1e-9


@pytest.mark.slow
def test_the_digit_reader_on_five_digits(mnist: Dataset, tmp_path: Path) -> None:
    """17,410 parameters, forward, every gradient and a step, on five test digits."""
    model = load_model(None)
    for number in range(5):
        image = (mnist.test.images[number].double() / 255 - 0.1307) / 0.3081
        path = tmp_path / f"{number}.xlsx"
        claims = write_model(model, image.unsqueeze(0), int(mnist.test.labels[number]), path)
        assert sum(claim.values.size for claim in claims) > 200_000
        assert largest(differences(path, claims, "ironcalc")) < 1e-9
        assert path.stat().st_size < 8e6
    if libreoffice() is not None:
        assert largest(differences(path, claims, "libreoffice")) < 1e-9


def test_the_claims_are_torchs(mnist: Dataset) -> None:
    """The trace's gradients against the model's own; only ties are broken as in the sheet."""
    model = load_model(None).double()
    image = (mnist.test.images[7].double() / 255 - 0.1307) / 0.3081
    x = image.view(1, 1, 28, 28).requires_grad_()
    with FirstOfTies():
        loss = F.cross_entropy(model(x), torch.tensor([3]))
    loss.backward()  # type: ignore[no-untyped-call]
    found = trace(model, image.unsqueeze(0), 3)
    assert found.loss == pytest.approx(float(loss.detach()))
    assert x.grad is not None and found.gradient is not None
    assert torch.allclose(torch.from_numpy(found.gradient), x.grad[0])
    for layer in found.layers:
        for name, gradient in (layer.parameter_gradients or {}).items():
            parameter = model.get_submodule(layer.path).get_parameter(name)
            assert parameter.grad is not None
            assert torch.allclose(torch.from_numpy(gradient), parameter.grad), layer.path


def test_every_sheet_states_its_difference(tmp_path: Path) -> None:
    path = tmp_path / "model.xlsx"
    model = Model(1)
    to_workbook(model, example(model), 0, path)
    book = openpyxl.load_workbook(path, data_only=True)
    stated = [sheet["A3"].value for sheet in book if sheet.title not in ("Overview", "Input")]
    assert len(stated) > 4
    assert all(0 <= number < 1e-9 and number != AGREEMENT for number in stated)


def test_choosing_another_digit(tmp_path: Path, mnist: Dataset) -> None:
    """The list on Image, and a drawing of one's own."""
    path = tmp_path / "digit.xlsx"
    open_digits(None, "5", None, backward=False, path=path)
    book = openpyxl.load_workbook(path)
    digits, image = book["Digits"], book["Image"]
    names = [cell.value for cell in digits["A"] if cell.value]
    assert names[1] == "my own" and len(names) == 22
    assert len(set(names)) == len(names)
    assert image["E5"].value == "test image 5: 1" == names[2]
    read = next(
        cell
        for row in image.iter_rows()
        for cell in row
        if str(cell.value).startswith("=MATCH(MAX")
    )
    assert read_by(path, read.coordinate) == 1
    chosen = names.index(next(name for name in names if name and name.endswith(": 8")))
    image["E5"] = names[chosen]
    book.save(tmp_path / "eight.xlsx")
    assert read_by(tmp_path / "eight.xlsx", read.coordinate) == 8
    image["E5"] = "my own"
    seven = mnist.test.images[0]
    for row in range(28):
        for column in range(28):
            image.cell(8 + row, 33 + column).value = int(seven[row, column])
    book.save(tmp_path / "own.xlsx")
    assert read_by(tmp_path / "own.xlsx", read.coordinate) == 7


def test_the_digits_to_choose_from_are_twenty(mnist: Dataset) -> None:
    """Also where the one that is given would be among them; MATCH must find each name."""
    image = mnist.test.images[0]
    for given, known in (("0", 7), ("folder/my~*?.png", None)):
        page = _page(given, image, known, mnist.test)
        assert len(set(page.names)) == 20 == len(page.digits)
        assert len({digit.tobytes() for digit in page.digits}) >= 19
        assert not any(character in name for name in page.names for character in "~*?")


def read_by(path: Path, cell: str) -> float | str:
    return recalculated(path, {}, "ironcalc")["Image", cell]


class Odd(nn.Module):
    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.inside = inside

    def forward(self, x: Tensor) -> Tensor:
        return self.inside(x)  # type: ignore[no-any-return]


class Depends(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Idle(nn.Module):
    """Computes something that it does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused, self.relu = nn.Linear(4, 2), nn.Linear(4, 2), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        self.unused(x)
        y = self.used(x)
        return self.relu(y) + self.relu(y)  # type: ignore[no-any-return]


def test_what_is_not_used_has_no_sheet(tmp_path: Path) -> None:
    """And a layer without weights that is applied twice has a sheet for each time."""
    claims = write_model(Idle(), torch.randn(4), 1, tmp_path / "idle.xlsx")
    assert largest(differences(tmp_path / "idle.xlsx", claims, "ironcalc")) < 1e-12
    names = {claim.block.sheet for claim in claims}
    assert names == {"1 used", "2 relu", "3 relu", "4 relu add", "Loss", "Overview"}


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.layer(x))  # type: ignore[no-any-return]


class Product(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x


VECTOR, IMAGE = (4,), (2, 6, 6)


@pytest.mark.parametrize(
    ("model", "shape", "said"),
    [
        (Odd(nn.Conv2d(2, 2, 3, dilation=2)), IMAGE, "inside: a dilated convolution has no"),
        (Odd(nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect")), IMAGE, "reflect padding"),
        (Odd(nn.MaxPool2d(2, ceil_mode=True)), IMAGE, "max pooling with dilation or ceil_mode"),
        (Odd(nn.AdaptiveAvgPool2d(2)), IMAGE, "adaptive average pooling to more than 1"),
        (Odd(nn.GELU("tanh")), VECTOR, "the approximate GELU"),
        (Odd(nn.Softmax(1)), IMAGE, "a softmax but of a vector"),
        (Odd(nn.LayerNorm(4)), VECTOR, "inside: LayerNorm has no formulas here; what has: Linear"),
        (Odd(nn.Linear(6, 2)), IMAGE, "a Linear of a tensor 2 × 6 × 6"),
        (Odd(nn.BatchNorm2d(2, affine=False)), IMAGE, "batch norm without weights"),
        (Twice(), VECTOR, "layer: a layer with weights that is applied twice"),
        (Product(), VECTOR, "input › mul: mul has no formulas"),
        (Depends(), VECTOR, "Depends cannot be traced by torch.fx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_formulas_is_said(
    model: nn.Module, shape: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(GradsheetError, match=re.escape(said)):
        to_workbook(model, torch.randn(shape), path=tmp_path / "model.xlsx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("model", "shape", "target", "said"),
    [
        (nn.Conv2d(600, 1, 3), (600, 3, 3), None, "use a layer with fewer input channels"),
        (nn.Linear(20_000, 1), (20_000,), None, "use a model with fewer"),
        (nn.Linear(4, 3), VECTOR, 3, "the class is 3; expected 0 to 2"),
        (nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)), VECTOR, 0, "the model ends in a Softmax"),
        (nn.ReLU(), IMAGE, 0, "a loss needs a vector; the output is 2 × 6 × 6"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_said(
    model: nn.Module, shape: tuple[int, ...], target: int | None, said: str, tmp_path: Path
) -> None:
    with pytest.raises(GradsheetError, match=re.escape(said)):
        to_workbook(model, torch.randn(shape), target, tmp_path / "model.xlsx")
    assert not list(tmp_path.iterdir())


def test_nested_and_odd_names_make_good_sheets(tmp_path: Path) -> None:
    deep: nn.Module = nn.Linear(4, 4)
    for _ in range(12):
        deep = nn.Sequential(deep)
    model = nn.Sequential(deep, nn.Identity(), nn.Linear(4, 2))
    claims: list[Claim] = write_model(model, torch.randn(4), 1, tmp_path / "deep.xlsx")
    names = {claim.block.sheet for claim in claims}
    assert all(len(name) <= 31 for name in names)
    assert len(names - {"Loss", "Overview"}) == 2
    assert largest(differences(tmp_path / "deep.xlsx", claims, "ironcalc")) < 1e-9
