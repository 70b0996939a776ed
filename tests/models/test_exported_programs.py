"""Exported programs: raw tensors are read, whatever would be unpickled or run is refused first."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import torch
from torch import nn

from gradsheet.errors import GradsheetError
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.exported_programs import read_exported
from gradsheet.models.opening import Request, open_network

pytestmark = pytest.mark.slow  # torch imports its compiler to export


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)
        self.register_buffer("scale", torch.tensor([2.0, 3.0]))

    def forward(self, x: torch.Tensor) -> Any:
        return self.second(self.first(x).relu()) * self.scale


class Evil:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return Path.touch, (Path("unpickled"),)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("programs") / "net.pt2"
    torch.export.save(torch.export.export(Net().eval(), (torch.ones(1, 3),)), path)
    return path


def changed(path: Path, to: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy with another part, which is added where there is none."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name.endswith(part) else content)
        if not any(name.endswith(part) for name in old.namelist()):
            new.writestr(f"{old.namelist()[0].split('/')[0]}/{part}", change(b""))
    return to


def test_a_program_opens_with_its_gradients(saved: Path, tmp_path: Path) -> None:
    module, inputs = read_exported(saved)
    (example,) = inputs.call().args
    x = example.double().requires_grad_()
    loss = nn.functional.cross_entropy(Net().double()(x), torch.tensor([1]))
    loss.backward()  # type: ignore[no-untyped-call]
    book = ModelWorkbook(module, example, 1)
    found = torch.from_numpy(book.numbers.loss_by(book.grouped.inputs[0].ids))
    assert x.grad is not None and torch.allclose(found, x.grad)
    open_network(Request(str(saved), label=1, backward=True), tmp_path / "a.xlsx")
    assert (tmp_path / "a.xlsx").exists()


class Several(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(3, 2)

    def forward(self, ids: torch.Tensor, doubled: bool, more: Any, *, scale: Any) -> Any:
        return self.table(ids) * (2 if doubled else 1) + more["bias"] * scale


def test_several_inputs_by_name_or_in_order(tmp_path: Path) -> None:
    """Whole numbers, a dictionary, a number of the program and a named argument."""
    path, target = tmp_path / "several.pt2", tmp_path / "target.npy"
    given = (torch.tensor([0, 2]), True, {"bias": torch.ones(2)})
    program = torch.export.export(Several(), given, {"scale": torch.ones(2)})
    torch.export.save(program, path)
    arrays: dict[str, Any] = {
        "ids": np.array([2, 1]),
        "more_bias": np.ones(2),
        "scale": np.array([2.0, 3.0]),
    }
    np.save(target, np.zeros((2, 2)))
    np.savez(tmp_path / "named.npz", **arrays)
    np.savez(tmp_path / "ordered.npz", *arrays.values())
    for name in ("named", "ordered"):
        example = str(tmp_path / f"{name}.npz")
        book = tmp_path / f"{name}.xlsx"
        open_network(Request(str(path), example, target=target, backward=True), book)
        cells = openpyxl.load_workbook(book, data_only=True)["Input"].values
        assert {2.0, 3.0} <= {cell for row in cells for cell in row if cell}
    open_network(Request(str(path), loss="sum", backward=True), tmp_path / "sum.xlsx")
    np.savez(tmp_path / "one.npz", ids=np.array([1]))
    with pytest.raises(GradsheetError, match="holds 1 arrays; the program takes 3: ids, more_bi"):
        open_network(Request(str(path), str(tmp_path / "one.npz")), tmp_path / "b.xlsx")


def _pickled(content: bytes) -> bytes:
    config = json.loads(content)
    config["config"]["first.weight"]["use_pickle"] = True
    return json.dumps(config).encode()


def _with_target(target: str) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        return content.replace(b"torch.ops.aten.relu.default", target.encode())

    return change


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("model_weights_config.json", _pickled, "first.weight as a pickled object"),
        ("models/model.json", _with_target("torch.os.system"), "the operation torch.os.system"),
        ("data/weights/model.pt", lambda _: pickle.dumps(Evil()), "data/weights/model.pt"),
        ("data/constants/custom_obj_0", lambda _: b"", "data/constants/custom_obj_0"),
    ],
    ids=["weights", "operation", "legacy", "object"],
)
def test_what_would_be_unpickled_or_run_is_refused(
    part: str, change: Callable[[bytes], bytes], message: str, saved: Path, tmp_path: Path
) -> None:
    path = changed(saved, tmp_path / "a.pt2", part, change)
    with pytest.raises(GradsheetError, match=rf"holds .*{message}; only programs of tensors"):
        read_exported(path)


def test_the_example_is_not_unpickled(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = io.BytesIO()
    torch.save(Evil(), content)
    path = changed(
        saved, tmp_path / "a.pt2", "sample_inputs/model.pt", lambda _: content.getvalue()
    )
    read_exported(path)
    assert not Path("unpickled").exists()


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt2").write_bytes(b"no archive")
    with pytest.raises(GradsheetError, match=r"is not a program that torch\.export\.save wrote"):
        read_exported(tmp_path / "a.pt2")
