"""Exported programs (.pt2): read only where the archive holds tensors as they are.

torch.export.load unpickles weights, constants and the example, imports what an operation is called,
and runs the guards. So the archive is checked before torch sees it, and a copy without all that is
what torch loads.
"""

import io
import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.files import read_bytes, reading

_MOST_BYTES = 500_000_000
_EXPECTED = "a program that torch.export.save wrote"
_OPERATION = re.compile(r"torch\.ops\.aten\.\w+\.\w+|_operator\.getitem")
_PART = re.compile(
    r"(?P<root>[^/]+)/(?:(?P<model>models/(?P<name>\w+)\.json)"
    r"|(?P<config>data/(?:weights|constants)/\w+_config\.json)"
    r"|(?P<numbers>data/(?:weights/weight|constants/tensor)_\d+)"
    r"|(?P<example>data/sample_inputs/\w+\.pt)"
    r"|(?P<plain>archive_format|archive_version|byteorder|version|\.data/\w+))"
)


def read_exported(path: Path) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """The module in an exported program, and an example of random numbers in its shapes.

    Raises:
        GradsheetError: it is no such program, or holds what would have to be unpickled or run.
    """
    content = read_bytes(path, _EXPECTED, _MOST_BYTES)
    # torch's own code, whenever such a module is copied; nobody here can change it.
    warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec", FutureWarning)
    with reading(path, _EXPECTED):
        checked, shapes = _checked(content, path)
        program = torch.export.load(io.BytesIO(checked))
        module = torch.export.unflatten(program)
        _drop_notes(module)
    draw = torch.Generator().manual_seed(0)
    return module, tuple(torch.randn(shape, generator=draw) for shape in shapes)


def _drop_notes(module: nn.Module) -> None:
    """Remove what torch noted of each operation: tensors without numbers, which no copy likes."""
    for part in module.modules():
        for node in getattr(getattr(part, "graph", None), "nodes", ()):
            node.meta.clear()


def _checked(content: bytes, path: Path) -> tuple[bytes, list[list[int]]]:
    """The archive without example and guards, and the shapes of the inputs."""
    found = io.BytesIO()
    shapes: list[list[int]] | None = None
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(found, "w") as copy:
        if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
            raise _refused(path, f"more than {_MOST_BYTES:,} bytes")
        for info in archive.infolist():
            part = _PART.fullmatch(info.filename)
            if part is None:
                raise _refused(path, info.filename)
            if part["example"]:
                copy.writestr(info.filename, _nothing())
                continue
            kept = archive.read(info)
            if part["config"]:
                _check_tensors(json.loads(kept), path)
            if part["model"]:
                if shapes is not None:
                    raise _refused(path, "several programs")
                model = json.loads(kept)
                shapes = _check_program(model, path)
                kept = json.dumps(model).encode()
            copy.writestr(info.filename, kept)
    if shapes is None:
        raise _refused(path, "no program")
    return found.getvalue(), shapes


def _refused(path: Path, what: str) -> GradsheetError:
    return GradsheetError(
        f"{path} holds {what}; only programs of tensors and torch's own operations are read: give "
        "the module itself, as FILE.py:NAME"
    )


def _nothing() -> bytes:
    """An example of no inputs, as torch saves it."""
    content = io.BytesIO()
    torch.save(((), {}), content)
    return content.getvalue()


def _check_tensors(config: Any, path: Path) -> None:
    for name, entry in config["config"].items():
        if entry["use_pickle"] or not entry["tensor_meta"]:
            raise _refused(path, f"{name} as a pickled object")


def _check_program(model: Any, path: Path) -> list[list[int]]:
    """Refuse what is no operation of torch's; drop what would be run; the inputs' shapes."""
    if '"expr_str"' in json.dumps(model):
        raise _refused(path, "sizes that are open; export it without dynamic shapes")
    model["guards_code"] = []
    graph = model["graph_module"]["graph"]
    for node in graph["nodes"]:
        if not _OPERATION.fullmatch(node["target"]):
            raise _refused(path, f"the operation {node['target']}")
        stack = node["metadata"].get("nn_module_stack")
        node["metadata"] = {} if stack is None else {"nn_module_stack": stack}
    if '"as_custom_obj"' in json.dumps(model) or '"as_graph"' in json.dumps(model):
        raise _refused(path, "objects or programs within the program")
    shapes = []
    for spec in model["graph_module"]["signature"]["input_specs"]:
        given = spec.get("user_input")
        if given is not None and "as_tensor" in given["arg"]:
            sizes = graph["tensor_values"][given["arg"]["as_tensor"]["name"]]["sizes"]
            shapes.append([size["as_int"] for size in sizes])
    return shapes
