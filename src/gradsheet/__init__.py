"""Gradsheet: small neural networks that hide nothing.

from gradsheet import load_network, write_workbook

write_workbook(load_network("course"), "backprop.xlsx")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradsheet.errors import GradsheetError
    from gradsheet.models.build import to_workbook
    from gradsheet.networks.graph import NetworkGraph, build_graph
    from gradsheet.networks.spec import LayerSpec, NetworkSpec
    from gradsheet.networks.sweep import Descent, descend
    from gradsheet.networks.toml import load_network, parse_network
    from gradsheet.workbook.build import write_exercise, write_workbook
    from gradsheet.workbook.verify import verify

__all__ = [
    "Descent",
    "GradsheetError",
    "LayerSpec",
    "NetworkGraph",
    "NetworkSpec",
    "build_graph",
    "descend",
    "load_network",
    "parse_network",
    "to_workbook",
    "verify",
    "write_exercise",
    "write_workbook",
]

_HOMES = {
    "Descent": "networks.sweep",
    "GradsheetError": "errors",
    "LayerSpec": "networks.spec",
    "NetworkGraph": "networks.graph",
    "NetworkSpec": "networks.spec",
    "build_graph": "networks.graph",
    "descend": "networks.sweep",
    "load_network": "networks.toml",
    "parse_network": "networks.toml",
    "to_workbook": "models.build",
    "verify": "workbook.verify",
    "write_exercise": "workbook.build",
    "write_workbook": "workbook.build",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that the command line starts at once."""
    if name == "__version__":
        from importlib.metadata import version

        return version("gradsheet")
    if name not in _HOMES:
        raise AttributeError(f"module 'gradsheet' has no attribute '{name}'")
    return getattr(import_module(f"gradsheet.{_HOMES[name]}"), name)
