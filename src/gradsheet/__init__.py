"""Gradsheet: small neural networks that hide nothing.

from pathlib import Path
from gradsheet import load_network, write_workbook

write_workbook(load_network("course"), Path("backprop.xlsx"))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradsheet.calculus.descent import Descent, descend
    from gradsheet.calculus.graph import NetworkGraph, build_graph
    from gradsheet.calculus.network import LayerSpec, NetworkSpec, load_network, parse_network
    from gradsheet.errors import GradsheetError
    from gradsheet.layers.workbook import to_workbook
    from gradsheet.sheets.verify import verify
    from gradsheet.sheets.workbook import write_exercise, write_workbook

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
    "Descent": "calculus.descent",
    "GradsheetError": "errors",
    "LayerSpec": "calculus.network",
    "NetworkGraph": "calculus.graph",
    "NetworkSpec": "calculus.network",
    "build_graph": "calculus.graph",
    "descend": "calculus.descent",
    "load_network": "calculus.network",
    "parse_network": "calculus.network",
    "to_workbook": "layers.workbook",
    "verify": "sheets.verify",
    "write_exercise": "sheets.workbook",
    "write_workbook": "sheets.workbook",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that the command line starts at once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gradsheet' has no attribute '{name}'")
    return getattr(import_module(f"gradsheet.{_HOMES[name]}"), name)
