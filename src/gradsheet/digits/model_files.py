"""A network in a file: its weights and its architecture, as safetensors."""

import json
from dataclasses import asdict
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import overload

from gradsheet.digits.model import DigitNet
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.digits.zoo import EXACT, ZOO, Network, make_network, read_architecture
from gradsheet.errors import GradsheetError
from gradsheet.files import reading

PRETRAINED = "best"
"""The recipe of the pretrained weights, which come with the package."""

WEIGHTS, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"
"""The files in a run folder: of a finished run, and of one that is not."""

_FORMAT = "gradsheet-digits-1"


def save_model(model: Network, path: Path) -> None:
    """Write the weights and the architecture they belong to.

    Raises:
        GradsheetError: the file cannot be written.
    """
    metadata = {"format": _FORMAT, "architecture": json.dumps(asdict(model.architecture))}
    write_tensors(path, model.state_dict(), metadata)


@overload
def load_model(run: None) -> DigitNet: ...
@overload
def load_model(run: Path | None) -> Network: ...
def load_model(run: Path | None) -> Network:
    """The network of a run folder or of a safetensors file, or a pretrained one.

    Args:
        run: the folder or file, or the name of a network of the zoo where there is no such path;
            None for the network of 17,410 parameters.

    Returns:
        the network in evaluation mode, on the CPU.

    Raises:
        GradsheetError: there are no weights, or they belong to another network.
    """
    name = EXACT if run is None else str(run)
    if run is None or (name in ZOO and not run.exists()):
        with as_file(pretrained_weights(name)) as path:
            return _read_model(path)
    path = weights_path(run)
    if not path.is_file():
        raise _no_weights(run)
    return _read_model(path)


def _no_weights(run: Path) -> GradsheetError:
    expected = f"expected a run folder, its {WEIGHTS} or one of {', '.join(ZOO)}"
    if not run.exists():
        return GradsheetError(f"there is no {run}; {expected}")
    unfinished = (run / CHECKPOINT).is_file()
    remedy = "its training has not finished" if unfinished else expected
    return GradsheetError(f"{run} holds no {WEIGHTS}: {remedy}; see 'gradsheet train --help'")


def pretrained_weights(name: str) -> Traversable:
    """The weights of a network of the zoo, which come with the package."""
    file = PRETRAINED if name == EXACT else name
    return files("gradsheet.digits") / "weights" / f"{file}.safetensors"


def weights_path(run: Path) -> Path:
    """The weights of a run folder, or ``run`` itself if it is a file."""
    return run / WEIGHTS if run.is_dir() else run


def _read_model(path: Path) -> Network:
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != _FORMAT:
        raise GradsheetError(
            f"{path} holds another model: {len(tensors)} tensors without the mark '{_FORMAT}'; "
            "expected weights written by 'gradsheet train'"
        )
    with reading(path, "a model with an architecture known here"):
        model = make_network(read_architecture(json.loads(metadata["architecture"])))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()
        raise GradsheetError(f"{path} does not fit the network that it states: {first}") from error
    return model.eval()
