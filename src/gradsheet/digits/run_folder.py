"""The folder of a training run and its ``config.json``: whose it is, what made its weights."""

import hashlib
import json
import os
import platform
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from gradsheet.digits.device import device_name
from gradsheet.digits.former_names import with_present_names
from gradsheet.digits.model_files import load_model, weights_path
from gradsheet.digits.recipe import Recipe
from gradsheet.errors import GradsheetError
from gradsheet.files import is_leftover, make_folder, read_json, write_text
from gradsheet.processes import processor_name

CONFIG = "config.json"


def claim(folder: Path, identity: dict[str, Any], device: torch.device) -> None:
    """Make a folder the run's of that ``identity`` if it is new, empty or this run's already.

    Raises:
        GradsheetError: the folder holds something else, or cannot be written.
    """
    identity = json.loads(json.dumps(identity))  # as it comes back from a file
    path = make_folder(folder) / CONFIG
    if not all(map(is_leftover, folder.iterdir())):
        difference = _difference(_read_config(path), identity)
        if difference:
            raise GradsheetError(
                f"{folder} holds something else: {difference}; give another folder with -o"
            )
    config = {**identity, "versions": _versions(), "machine": _machine(device)}
    write_text(path, json.dumps(config, indent=2) + "\n")


def record_machine(folder: Path, device: torch.device) -> None:
    """State the number of threads as it is now in a folder that is the run's own."""
    write_text(
        folder / CONFIG,
        json.dumps({**describe(folder), "machine": _machine(device)}, indent=2) + "\n",
    )


def describe(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of a run folder.

    Raises:
        GradsheetError: there is none that can be read.
    """
    config = _read_config(folder / CONFIG)
    if config is None:
        raise GradsheetError(f"{folder} is no run folder: it holds no readable {CONFIG}")
    return config


def threads_of(folder: Path) -> int | None:
    """Number of threads that a run was trained with; None if the folder does not say."""
    machine = (_read_config(folder / CONFIG) or {}).get("machine")
    threads = machine.get("threads") if isinstance(machine, dict) else None
    return threads if isinstance(threads, int) and threads >= 1 else None


def data_of(folder: Path) -> str | None:
    """SHA-256 of the data that a run was trained on; None if the folder does not say."""
    config = _read_config(folder / CONFIG)
    return config.get("data") if config else None


def weights_identity(run: Path) -> dict[str, str]:
    """The path of weights and the SHA-256 of their file.

    Raises:
        GradsheetError: there are no weights, or they belong to another network.
    """
    load_model(run)
    digest = hashlib.sha256(weights_path(run).read_bytes()).hexdigest()
    return {"run": str(run), "sha256": digest}


def _read_config(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None if there is none that can be read."""
    names = partial(with_present_names, source=path)
    try:
        config = read_json(path, "the description of a run", names)
    except GradsheetError:
        return None
    if not isinstance(config, dict):
        return None
    with suppress(Exception):  # what is no recipe is none that is looked for
        config["recipe"] = Recipe.completed(config["recipe"])
    return config


def _difference(config: dict[str, Any] | None, identity: dict[str, Any]) -> str:
    """How the run in a folder differs from the one of ``identity``; empty if it does not."""
    if config is None or "recipe" not in config:
        return f"there are files, but no {CONFIG} of a run"
    names = [name for name, value in identity.items() if config.get(name) != value]
    if names == ["recipe"] and isinstance(config["recipe"], dict):
        former, recipe = config["recipe"], identity["recipe"]
        fields = [name for name, value in recipe.items() if former.get(name) != value]
        if former.get("name") == recipe["name"] and set(fields) <= {"epochs", "batch_size"}:
            changed = [f"{former.get(f)} {f.replace('_', ' ')}, not {recipe[f]}" for f in fields]
            return f"the same run with {' and '.join(changed)}"
    return f"a run with another {' and another '.join(names)}" if names else ""


def _versions() -> dict[str, str]:
    packages = ("gradsheet", "torch", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _machine(device: torch.device) -> dict[str, Any]:
    return {
        "device": device_name(device),
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
    }
