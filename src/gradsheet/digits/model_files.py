"""A network in a file: its weights and its architecture, as safetensors."""

import json
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path

from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.errors import GradsheetError
from gradsheet.files import reading

PRETRAINED = "best"
"""The recipe of the pretrained weights, which come with the package."""

WEIGHTS, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"
"""The files in a run folder: of a finished run, and of one that is not."""

_FORMAT = "gradsheet-digits-1"


def save_model(model: DigitNet, path: Path) -> None:
    """Write the weights and the architecture they belong to.

    Raises:
        GradsheetError: the file cannot be written.
    """
    metadata = {"format": _FORMAT, "architecture": json.dumps(asdict(model.architecture))}
    write_tensors(path, model.state_dict(), metadata)


def load_model(run: Path | None) -> DigitNet:
    """The network of a run folder or of a safetensors file; for None the pretrained one.

    Returns:
        the network in evaluation mode, on the CPU.

    Raises:
        GradsheetError: there are no weights, or they belong to another network.
    """
    if run is None:
        name = f"{PRETRAINED}.safetensors"
        with as_file(files("gradsheet.digits") / "weights" / name) as path:
            return _read_model(path)
    path = weights_path(run)
    if not path.is_file():
        unfinished = (run / CHECKPOINT).is_file()
        remedy = "its training has not finished" if unfinished else "expected a run folder"
        raise GradsheetError(f"{run} holds no {WEIGHTS}: {remedy}; see 'gradsheet train --help'")
    return _read_model(path)


def weights_path(run: Path) -> Path:
    """The weights of a run folder, or ``run`` itself if it is a file."""
    return run / WEIGHTS if run.is_dir() else run


def _read_model(path: Path) -> DigitNet:
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != _FORMAT:
        raise GradsheetError(
            f"{path} holds another model: {len(tensors)} tensors without the mark '{_FORMAT}'; "
            "expected weights written by 'gradsheet train'"
        )
    with reading(path, "a model with an architecture known here"):
        model = DigitNet(Architecture(**json.loads(metadata["architecture"])))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()
        raise GradsheetError(
            f"{path} does not fit the 17,410-parameter network: {first}"
        ) from error
    return model.eval()
