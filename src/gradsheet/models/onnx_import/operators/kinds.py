"""The annotations of an operator's parameters that are not torch's."""

from typing import Annotated

from torch import Tensor

Ints = list[int]
Floats = list[float]
Statistics = Annotated[Tensor, "not a parameter"]
