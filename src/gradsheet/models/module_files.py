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
    file, name = source.rsplit(":", 1) if ".py:" in source else (source, "")
    path = Path(file)
    if not name:
        raise GradsheetError(f"{source} names no module in the file; expected {file}:NAME")
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it is the user's program, which may even end itself
        raise GradsheetError(
            f"running {path} for {name} fails ({type(error).__name__}: {reason(error)})"
        ) from error
    finally:
        sys.path.pop(0)
    model, example = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
    if not isinstance(model, nn.Module):
        kind = f"is of type {type(model).__name__}" if hasattr(module, name) else "is not there"
        raise GradsheetError(
            f"{name} in {path} {kind}; expected a torch module, or a class or function that makes "
            "one without arguments"
        )
    return model, example
