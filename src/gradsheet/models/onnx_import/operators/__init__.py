"""What each ONNX operator computes, as a function of torch tensors.

A function's positional parameters are the operator's inputs in their order, its keywords the
attributes. Its annotations say what the importer must know:

* ``Tensor``: may be computed; a weight of the file becomes a parameter.
* ``Statistics``: a tensor that is no parameter.
* ``int``, ``float``, ``str``, ``Ints``, ``Floats``: known when the model is imported.
* keywords ``outputs`` and ``opset``: the node's number of outputs, the model's version.

An attribute that became an input in a later version has the same name, so that one function
serves them all. What a function raises as GradsheetError completes the sentence "the ONNX
operator X ... is not supported".
"""

from collections.abc import Callable
from typing import Any

from gradsheet.models.onnx_import.operators import (
    elementwise,
    learning,
    normalization,
    products,
    recurrent,
    reductions,
    resize,
    shapes,
    windows,
)

OPERATORS: dict[tuple[str, str], Callable[..., Any]] = {
    **{
        ("", name): function
        for family in (
            elementwise,
            normalization,
            products,
            recurrent,
            reductions,
            resize,
            shapes,
            windows,
        )
        for name, function in family.OPERATORS.items()
    },
    **{("ai.onnx.ml", name): function for name, function in learning.OPERATORS.items()},
}
"""By domain and name."""
