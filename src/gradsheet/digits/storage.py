"""Tensors in files, as safetensors: nothing is ever unpickled."""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.files import reading, whole_file

_KINDS = {torch.float32, torch.float64, torch.int64}  # of weights and of counters
_LENGTH = 8  # bytes before the header of a file, and what its length is a multiple of


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write named tensors and a few texts, whole or not at all; the same ones as the same bytes.

    Raises:
        GradsheetError: the file cannot be written.
    """
    # Weights that layers share are written for each: the format knows no shared memory.
    ours = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    with whole_file(path) as temporary:
        temporary.write_bytes(_with_metadata(save(ours), metadata))


def _with_metadata(content: bytes, metadata: dict[str, str]) -> bytes:
    """The file with these texts in its header; the library writes them in any order."""
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    whole = {"__metadata__": dict(sorted(metadata.items())), **json.loads(content[_LENGTH:end])}
    header = json.dumps(whole, separators=(",", ":")).encode()
    header += b" " * (-len(header) % _LENGTH)
    return len(header).to_bytes(_LENGTH, "little") + header + content[end:]


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Every tensor in a file, and its texts.

    Raises:
        GradsheetError: the file cannot be read as safetensors, or holds a number that is none.
    """
    with reading(path, "a readable safetensors file"), safe_open(path, framework="pt") as file:
        names, metadata = list(file.keys()), file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in names}
    for name, value in tensors.items():
        if value.dtype not in _KINDS:
            kind = str(value.dtype).removeprefix("torch.")
            raise GradsheetError(f"{path}: {name} is of {kind}; expected float32, float64 or int64")
        if not bool(value.isfinite().all()):
            raise GradsheetError(f"{path} is damaged: {name} holds numbers that are not finite")
    return tensors, metadata
