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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import TreeSpec, tree_unflatten

from gradsheet.errors import GradsheetError
from gradsheet.files import read_bytes, reading
from gradsheet.models.capture.capture import Call

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


@dataclass(frozen=True)
class Inputs:
    """What an exported program is called with.

    Attributes:
        names: of its inputs, in order; of numbers that are part of the program None.
        drawn: random numbers in the inputs' shapes, and those numbers.
        spec: how torch puts them together to arguments.
    """

    names: tuple[str | None, ...]
    drawn: tuple[Any, ...]
    spec: TreeSpec

    def call(self, given: Mapping[str, Tensor] | Tensor | None = None) -> Call:
        """The call with these tensors: by the inputs' names, or in the order in which they come.

        Raises:
            GradsheetError: they are others than the program takes.
        """
        names = [name for name in self.names if name is not None]
        if isinstance(given, Tensor):
            given = {"it": given}
        if given is not None and len(given) != len(names):
            raise GradsheetError(
                f"the example holds {len(given)} arrays; the program takes {len(names)}: "
                f"{', '.join(names)}"
            )
        leaves = list(self.drawn)
        if given is not None:
            in_order = dict(zip(names, given.values(), strict=True))
            by_name = given if set(given) == set(names) else in_order
            leaves = [
                drawn if name is None else by_name[name]
                for name, drawn in zip(self.names, self.drawn, strict=True)
            ]
        args, kwargs = tree_unflatten(leaves, self.spec)
        return Call(tuple(args), dict(kwargs))


def read_exported(path: Path) -> tuple[nn.Module, Inputs]:
    """The module in an exported program, and what it is called with.

    Raises:
        GradsheetError: it is no such program, or holds what would have to be unpickled or run.
    """
    content = read_bytes(path, _EXPECTED, _MOST_BYTES)
    # torch's own code, whenever such a module is copied; nobody here can change it.
    warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec", FutureWarning)
    with reading(path, _EXPECTED):
        checked = _checked(content, path)
        program = torch.export.load(io.BytesIO(checked))
        module = torch.export.unflatten(program)
        inputs = _inputs(program)
        _drop_notes(module)
    return module, inputs


def _inputs(program: torch.export.ExportedProgram) -> Inputs:
    given = program.graph_signature.user_inputs
    names = tuple(name if isinstance(name, str) else None for name in given)
    found = {node.name: node.meta["val"] for node in program.graph.find_nodes(op="placeholder")}
    draw = torch.Generator().manual_seed(0)
    drawn = tuple(_drawn(found[g], draw) if isinstance(g, str) else g for g in given)
    assert program.call_spec.in_spec is not None
    return Inputs(names, drawn, program.call_spec.in_spec)


def _drawn(like: Tensor, draw: torch.Generator) -> Tensor:
    """Random numbers; where whole numbers are taken, 0 and 1."""
    if like.dtype.is_floating_point:
        return torch.randn(tuple(like.shape), generator=draw)
    return torch.randint(2, tuple(like.shape), generator=draw).to(like.dtype)


def _drop_notes(module: nn.Module) -> None:
    """Remove what torch noted of each operation: tensors without numbers, which no copy likes."""
    for part in module.modules():
        for node in getattr(getattr(part, "graph", None), "nodes", ()):
            node.meta.clear()


def _checked(content: bytes, path: Path) -> bytes:
    """The archive without example and guards."""
    found = io.BytesIO()
    programs = 0
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
                programs += 1
                if programs > 1:
                    raise _refused(path, "several programs")
                model = json.loads(kept)
                _check_program(model, path)
                kept = json.dumps(model).encode()
            copy.writestr(info.filename, kept)
    if not programs:
        raise _refused(path, "no program")
    return found.getvalue()


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


def _check_program(model: Any, path: Path) -> None:
    """Refuse what is no operation of torch's; drop what would be run."""
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
