"""A plugin for pytest: the core computes with the arrays of the page, as in a browser.

``pytest -p tests.explorer.without_numpy tests/audit`` runs the tests of the audit that way. The
drawing of a network, which the audit does without, keeps NumPy.
"""

import builtins
from collections.abc import Mapping, Sequence
from operator import mul
from types import ModuleType
from typing import Any

import numpy.testing

from gradsheet.explorer.arrays import NDArray
from gradsheet.explorer.numpy_names import as_module

_ROOMS = tuple(f"gradsheet.{room}" for room in ("audit", "networks", "spreadsheet", "symbolic"))
_BESIDE = ("gradsheet.workbook", "tests.audit")  # what works on the arrays of these rooms
_NUMPY = as_module()
vars(_NUMPY)["testing"] = numpy.testing
_import = builtins.__import__


def _instead(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    module = str((globals or {}).get("__name__", ""))
    is_ours = module.startswith((*_ROOMS, *_BESIDE)) and module != "gradsheet.networks.diagram"
    if is_ours and not level and name in ("numpy", "numpy.typing"):
        typing: ModuleType = _NUMPY.typing
        return typing if fromlist and name == "numpy.typing" else _NUMPY
    return _import(name, globals, locals, fromlist, level)


builtins.__import__ = _instead
# A workbook of our own, which the tests write and the page does not, multiplies vectors.
setattr(NDArray, "__matmul__", lambda one, other: sum(map(mul, one.data, other.data)))  # noqa: B010
