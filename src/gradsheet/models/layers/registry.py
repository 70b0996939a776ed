"""The registry of layers with formulas, and what torch and ONNX call them.

How a spelling becomes a layer is the concern of ``trace`` and ``onnx_import``; one conformance
suite, ``tests/models/layers``, tests every entry.
"""

from dataclasses import dataclass

VIEW = "View"
"""The entry of what changes no number."""


@dataclass(frozen=True)
class Entry:
    """One layer, or a family that differs in its arguments only.

    Attributes:
        name: of the entry, unique.
        summary: for lists of what is supported, in torch's names.
        modules: of ``torch.nn``.
        functions: of ``torch``, ``torch.nn.functional`` or a tensor's methods.
        onnx: operators.
    """

    name: str
    summary: str
    modules: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    onnx: tuple[str, ...] = ()


LAYERS = (
    Entry("Linear", "Linear", ("Linear",), (), ("Gemm", "MatMul")),
    Entry("Convolution", "Conv2d", ("Conv2d",), (), ("Conv",)),
    Entry(
        "BatchNorm",
        "BatchNorm1d, BatchNorm2d",
        ("BatchNorm1d", "BatchNorm2d"),
        (),
        ("BatchNormalization",),
    ),
    Entry("ReLU", "ReLU", ("ReLU",), ("relu",), ("Relu",)),
    Entry("LeakyReLU", "LeakyReLU", ("LeakyReLU",), ("leaky_relu",), ("LeakyRelu",)),
    Entry("GELU", "GELU", ("GELU",), ("gelu",), ("Gelu",)),
    Entry("SiLU", "SiLU", ("SiLU",), ("silu",)),
    Entry("Sigmoid", "Sigmoid", ("Sigmoid",), ("sigmoid",), ("Sigmoid",)),
    Entry("Tanh", "Tanh", ("Tanh",), ("tanh",), ("Tanh",)),
    Entry("Softmax", "Softmax", ("Softmax",), ("softmax",), ("Softmax",)),
    Entry("LogSoftmax", "LogSoftmax", ("LogSoftmax",), ("log_softmax",), ("LogSoftmax",)),
    Entry("MaxPool", "MaxPool2d", ("MaxPool2d",), ("max_pool2d",), ("MaxPool",)),
    Entry("AveragePool", "AvgPool2d", ("AvgPool2d",), ("avg_pool2d",), ("AveragePool",)),
    Entry(
        "GlobalAveragePool",
        "AdaptiveAvgPool2d to 1 × 1, mean over height and width",
        ("AdaptiveAvgPool2d",),
        ("adaptive_avg_pool2d", "mean"),
        ("GlobalAveragePool",),
    ),
    Entry("Add", "addition of two tensors of the same shape", (), ("add", "iadd"), ("Add",)),
    Entry(
        "Concatenate",
        "concatenation of channels",
        (),
        ("cat", "concat", "concatenate"),
        ("Concat",),
    ),
    Entry(
        VIEW,
        "Flatten, view, Identity, Dropout (inactive in evaluation mode)",
        ("Flatten", "Identity", "Dropout", "Dropout1d", "Dropout2d"),
        (
            *("flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous"),
            *("dropout", "dropout2d"),
        ),
        ("Flatten", "Reshape", "Dropout", "Identity"),
    ),
)

SUPPORTED = ", ".join(entry.summary for entry in LAYERS)
SUPPORTED_IN_ONNX = ", ".join(name for entry in LAYERS for name in entry.onnx)
