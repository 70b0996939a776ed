"""The preprocessing that pictures went through before they were segmented: for comparison only.

The median of the picture's edge was the paper, all ink together one digit, and its shades were
kept when it was scaled to 20 by 20 pixels.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

_BOX, _SIDE = 20, 28
_LEAST_CONTRAST = 24  # of 255


def former_image(gray: NDArray[np.uint8]) -> Tensor | None:
    """The picture as one image, uint8 (28, 28); None where it was refused."""
    edge = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    paper = float(np.median(edge))
    is_dark = paper - gray.min() >= gray.max() - paper
    noise = float(np.median(np.abs(edge - paper)))
    depth = (paper - gray if is_dark else gray - paper) - noise
    ink = np.maximum(depth, 0).astype(np.float32)
    inked = ink > 0.2 * ink.max()
    if ink.max() < _LEAST_CONTRAST or np.count_nonzero(inked) < 2:
        return None
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] * (255 / ink.max())
    return torch.from_numpy(_centered(_fitted(box)))


def _fitted(box: NDArray[np.float32]) -> NDArray[np.float64]:
    scale = _BOX / max(box.shape)
    height, width = (max(1, round(length * scale)) for length in box.shape)
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    fitted = Image.fromarray(box).resize((width, height), method)
    return np.clip(np.asarray(fitted, dtype=np.float64), 0, 255)


def _centered(box: NDArray[np.float64]) -> NDArray[np.uint8]:
    field = np.zeros((_SIDE, _SIDE))
    corner = []
    for axis, length in enumerate(box.shape):
        weights = box.sum(axis=1 - axis)
        mass = float(weights @ (np.arange(length) + 0.5) / weights.sum())
        corner.append(min(max(round(_SIDE / 2 - mass), 0), _SIDE - length))
    field[corner[0] : corner[0] + box.shape[0], corner[1] : corner[1] + box.shape[1]] = box
    return np.rint(field).astype(np.uint8)
