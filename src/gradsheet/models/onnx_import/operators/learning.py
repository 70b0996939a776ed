"""What scikit-learn's models become: the operators of the domain ai.onnx.ml."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.operators.kinds import Statistics


def linear_classifier(
    x: Tensor,
    *,
    coefficients: Tensor,
    intercepts: Tensor | None = None,
    classlabels_ints: list[int] | None = None,
    classlabels_strings: list[str] | None = None,
    multi_class: int = 0,
    post_transform: str = "NONE",
) -> tuple[Tensor, Tensor]:
    """The class's position and the scores or probabilities of all classes."""
    scores = _linear(x, coefficients, intercepts)
    classes = len(classlabels_ints or classlabels_strings or [])
    if scores.shape[1] == 1 and classes == 2:
        scores = torch.cat([-scores, scores], 1)
    scores = _post_transform(scores, post_transform)
    return torch.argmax(scores, 1), scores


def linear_regressor(
    x: Tensor,
    *,
    coefficients: Tensor,
    intercepts: Tensor | None = None,
    targets: int = 1,
    post_transform: str = "NONE",
) -> Tensor:
    """A weighted sum for each target."""
    return _post_transform(_linear(x, coefficients, intercepts), post_transform)


def _linear(x: Tensor, coefficients: Tensor, intercepts: Tensor | None) -> Tensor:
    scores = x @ coefficients.reshape(-1, x.shape[1]).T
    return scores if intercepts is None else scores + intercepts


def _post_transform(scores: Tensor, name: str) -> Tensor:
    if name == "NONE":
        return scores
    if name == "LOGISTIC":
        return torch.sigmoid(scores)
    if name == "SOFTMAX":
        return torch.softmax(scores, 1)
    raise GradsheetError(f"with the transform {name}")


def normalizer(x: Tensor, *, norm: str = "MAX") -> Tensor:
    """Each row by its largest magnitude, their sum, or the root of the sum of squares."""
    if norm == "MAX":
        size = torch.amax(x.abs(), 1, keepdim=True)
    else:
        size = torch.linalg.vector_norm(x, {"L1": 1, "L2": 2}[norm], 1, keepdim=True)
    return x / torch.clamp(size, min=1e-30)


def scaler(x: Tensor, *, offset: Statistics, scale: Statistics) -> Tensor:
    """(x − offset)·scale."""
    return (x - offset) * scale


def array_feature_extractor(x: Tensor, indices: Tensor) -> Tensor:
    """The columns at the indices."""
    return torch.index_select(x, -1, indices.reshape(-1))


def zip_map(
    x: Tensor,
    *,
    classlabels_int64s: list[int] | None = None,
    classlabels_strings: list[str] | None = None,
) -> Tensor:
    """The probabilities without the names of their classes."""
    return x


def imputer(
    x: Tensor, *, imputed_value_floats: Tensor, replaced_value_float: float = 0.0
) -> Tensor:
    """Other values where one is missing."""
    missing = (
        torch.isnan(x)
        if replaced_value_float != replaced_value_float
        else (x == replaced_value_float)
    )
    return torch.where(missing, imputed_value_floats, x)


def binarizer(x: Tensor, *, threshold: float = 0.0) -> Tensor:
    """One above the threshold, else 0."""
    return (x > threshold).to(x.dtype)


OPERATORS: dict[str, Callable[..., Any]] = {
    "ArrayFeatureExtractor": array_feature_extractor,
    "Binarizer": binarizer,
    "Imputer": imputer,
    "LinearClassifier": linear_classifier,
    "LinearRegressor": linear_regressor,
    "Normalizer": normalizer,
    "Scaler": scaler,
    "ZipMap": zip_map,
}
