"""Which optional libraries come with which extra of the package."""

from importlib.util import find_spec

EXTRA_OF = {
    "torch": "torch",
    "safetensors": "torch",
    "scipy": "torch",
    "tqdm": "torch",
    "PIL": "torch",
    "pypdfium2": "pictures",
    "onnx": "onnx",
    "formualizer": "engines",
    "tensorboard": "tensorboard",
    "distributed": "cluster",
}


def require(library: str) -> None:
    """Fail before long work when a library that its end needs is not installed.

    Raises:
        ModuleNotFoundError: as its import would.
    """
    if find_spec(library) is None:
        raise ModuleNotFoundError(f"No module named '{library}'", name=library)


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """What to install when an import failed for lack of an extra; None for any other module."""
    library = (error.name or "").split(".")[0]
    if library not in EXTRA_OF:
        return None
    return (
        f"{library} is needed for this and not installed; "
        f"run: pip install 'gradsheet[{EXTRA_OF[library]}]'"
    )
