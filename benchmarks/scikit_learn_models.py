"""Models of scikit-learn, trained in a moment and exported with skl2onnx."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _sklearn(module: str, name: str) -> Any:
    return getattr(import_module(f"sklearn.{module}"), name)


def _pipeline(*steps: Any) -> Any:
    return _sklearn("pipeline", "make_pipeline")(*steps)


def _logistic(**options: Any) -> Any:
    return _sklearn("linear_model", "LogisticRegression")(max_iter=1000, **options)


def _mlp(kind: str, *sizes: int, **options: Any) -> Any:
    cls = _sklearn("neural_network", f"MLP{kind}")
    return cls(hidden_layer_sizes=sizes, random_state=0, max_iter=200, **options)


MODELS: dict[str, tuple[Callable[[], Any], str]] = {
    "LogisticRegression": (_logistic, "iris"),
    "LogisticRegression of two classes": (_logistic, "two irises"),
    "LogisticRegression of named classes": (_logistic, "named irises"),
    "StandardScaler, LogisticRegression": (
        lambda: _pipeline(_sklearn("preprocessing", "StandardScaler")(), _logistic()),
        "iris",
    ),
    "MLPClassifier": (lambda: _mlp("Classifier", 6), "iris"),
    "MLPClassifier of two classes, tanh": (
        lambda: _mlp("Classifier", 5, 4, activation="tanh"),
        "two irises",
    ),
    "MLPClassifier of named classes, logistic": (
        lambda: _mlp("Classifier", 6, activation="logistic"),
        "named irises",
    ),
    "MinMaxScaler, MLPClassifier": (
        lambda: _pipeline(_sklearn("preprocessing", "MinMaxScaler")(), _mlp("Classifier", 6)),
        "iris",
    ),
    "MLPRegressor": (lambda: _mlp("Regressor", 8), "diabetes"),
    "MLPRegressor of two targets": (lambda: _mlp("Regressor", 8), "two targets"),
    "LinearRegression": (lambda: _sklearn("linear_model", "LinearRegression")(), "diabetes"),
    "PCA, LogisticRegression": (
        lambda: _pipeline(_sklearn("decomposition", "PCA")(2), _logistic()),
        "iris",
    ),
}
"""How each is made, and its data."""


def _data(name: str) -> tuple[Array, Array]:
    datasets = import_module("sklearn.datasets")
    if name in ("diabetes", "two targets"):
        x, y = datasets.load_diabetes(return_X_y=True)
        return x.astype(np.float32), np.stack([y, -y], 1) if name == "two targets" else y
    data = datasets.load_iris()
    x, y = data.data.astype(np.float32), data.target
    if name == "two irises":
        return x[:100], y[:100]
    return x, data.target_names[y] if name == "named irises" else y


def exported(name: str) -> tuple[Any, Array, Array]:
    """A model as ONNX, two examples, and what scikit-learn says of them."""
    make, data = MODELS[name]
    x, y = _data(data)
    model = make().fit(x, y)
    examples = x[[3, 60]]
    expected = (
        model.predict_proba(examples)
        if hasattr(model, "predict_proba")
        else (model.predict(examples))
    )
    return import_module("skl2onnx").to_onnx(model, x[:1]), examples, expected
