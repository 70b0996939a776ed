"""Tensors in files, as safetensors: nothing is ever unpickled."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write named tensors and metadata to a safetensors file, whole or not at all.

    Raises:
        GradsheetError: the file cannot be written.
    """
    ours = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    try:
        with whole_file(path) as temporary:
            save_file(ours, temporary, metadata)
    except SafetensorError as error:
        raise GradsheetError(f"cannot write {path}: {error}") from error


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file by name, on the CPU, and its metadata.

    Raises:
        GradsheetError: the file is not readable safetensors, or holds NaN or infinity.
    """
    try:
        with safe_open(path, framework="pt") as file:
            names, metadata = list(file.keys()), file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise GradsheetError(f"{path} is not a readable safetensors file: {error}") from error
    for name, value in tensors.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise GradsheetError(f"{path} is damaged: {name} holds numbers that are not finite")
    return tensors, metadata
