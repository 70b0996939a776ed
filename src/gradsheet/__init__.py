"""Backpropagation in live spreadsheets, and a 17,410-parameter digit classifier.

>>> from gradsheet import load_network, write_workbook
>>> write_workbook(load_network("course"), "backprop.xlsx")

docs/python.md shows every function.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradsheet.audit.findings import Audit
    from gradsheet.audit.pipeline import audit_workbook
    from gradsheet.digits.api import (
        TrainingResult,
        evaluate,
        load_digit_classifier,
        predict,
        train,
    )
    from gradsheet.digits.evaluation import Evaluation
    from gradsheet.digits.prediction import Prediction
    from gradsheet.errors import GradsheetError
    from gradsheet.figures import plot_losses, plot_network
    from gradsheet.models.build import write_model_workbook
    from gradsheet.models.onnx_import import read_onnx
    from gradsheet.networks.spec import LayerSpec, NetworkSpec
    from gradsheet.networks.sweep import Descent, sweep
    from gradsheet.networks.toml import load_network
    from gradsheet.workbook.build import write_exercise, write_workbook
    from gradsheet.workbook.verify import Verification, verify_workbook

    __version__: str

__all__ = [
    "Audit",
    "Descent",
    "Evaluation",
    "GradsheetError",
    "LayerSpec",
    "NetworkSpec",
    "Prediction",
    "TrainingResult",
    "Verification",
    "__version__",
    "audit_workbook",
    "evaluate",
    "load_digit_classifier",
    "load_network",
    "plot_losses",
    "plot_network",
    "predict",
    "read_onnx",
    "sweep",
    "train",
    "verify_workbook",
    "write_exercise",
    "write_model_workbook",
    "write_workbook",
]

_HOMES = {
    "Audit": "audit.findings",
    "Descent": "networks.sweep",
    "Evaluation": "digits.evaluation",
    "GradsheetError": "errors",
    "LayerSpec": "networks.spec",
    "NetworkSpec": "networks.spec",
    "Prediction": "digits.prediction",
    "TrainingResult": "digits.api",
    "Verification": "workbook.verify",
    "audit_workbook": "audit.pipeline",
    "evaluate": "digits.api",
    "load_digit_classifier": "digits.api",
    "load_network": "networks.toml",
    "plot_losses": "figures",
    "plot_network": "figures",
    "predict": "digits.api",
    "read_onnx": "models.onnx_import",
    "sweep": "networks.sweep",
    "train": "digits.api",
    "verify_workbook": "workbook.verify",
    "write_exercise": "workbook.build",
    "write_model_workbook": "models.build",
    "write_workbook": "workbook.build",
}

# Public in version 0.1; these two warn when they are called, the others when they are imported.
_FORMER = {"to_workbook": "models.build", "verify": "workbook.verify"}
_MOVED = {
    "NetworkGraph": "networks.graph",
    "build_graph": "networks.graph",
    "descend": "networks.sweep",
    "parse_network": "networks.toml",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that the command line starts at once."""
    if name == "__version__":
        from importlib.metadata import version

        return version("gradsheet")
    home = {**_HOMES, **_FORMER, **_MOVED}.get(name)
    if home is None:
        raise AttributeError(f"module 'gradsheet' has no attribute '{name}'")
    if name in _MOVED:
        from gradsheet.deprecation import warn_renamed

        warn_renamed(f"gradsheet.{name}", f"gradsheet.{home}.{name}")
    try:
        return getattr(import_module(f"gradsheet.{home}"), name)
    except ModuleNotFoundError as error:
        from gradsheet.extras import missing_extra

        raise ModuleNotFoundError(missing_extra(error) or str(error), name=error.name) from error


def __dir__() -> list[str]:
    return __all__
