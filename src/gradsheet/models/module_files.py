"""A torch module from a Python file of the user's."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from torch import nn

from gradsheet.errors import GradsheetError, reason


def read_module(source: str) -> tuple[nn.Module, Any]:
    """Run a file and return the module that it names, and its example if it has one.

    Args:
        source: ``FILE.py:NAME``. The name is that of a module, or of a class or function that
            makes one without arguments; in place of the module it may be a pair of it and an
            example.

    Raises:
        GradsheetError: there is no such file or name, or running it fails.
    """
    file, _, name = source.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise GradsheetError(f"cannot read {path}: there is no such file")
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise GradsheetError(f"{path} is no Python file; expected FILE.py:NAME")
    module = module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
        found = getattr(module, name, None)
        if found is not None and callable(found) and not isinstance(found, nn.Module):
            found = found()
    except Exception as error:  # it is the user's program
        raise GradsheetError(
            f"running {path} for {name} fails ({type(error).__name__}: {reason(error)})"
        ) from error
    finally:
        sys.path.pop(0)
    model, example = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
    if not isinstance(model, nn.Module):
        kind = "is not there" if found is None else f"gives a {type(model).__name__}"
        raise GradsheetError(
            f"{name} of {path} {kind}; expected a torch module, or a class or function that makes "
            "one without arguments"
        )
    return model, example
