"""A torch model as the layers it applies, in their order, with values and gradients.

The model is captured by ``torch.fx`` and run on one example in float64, in evaluation mode. How
torch spells a layer is known here alone, in ``recognize``.
"""

from gradsheet.models.trace.records import INPUT, LossName, Trace, TracedLayer
from gradsheet.models.trace.tracer import trace

__all__ = ["INPUT", "LossName", "Trace", "TracedLayer", "trace"]
