"""Statistical tests: is one model, or one set of seeds, better than another?"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from gradsheet.digits.evaluation import Evaluation

_RESAMPLES = 100_000


@dataclass(frozen=True)
class ModelComparison:
    """McNemar's test of two models on the same images.

    Attributes:
        total: number of images.
        correct: number of images that each classifies correctly.
        only_first, only_second: number of images that one classifies correctly and the other does
            not.
        p_value: probability of so uneven a split of those images, or a more uneven one, if both
            models are equally good; exact. Source: Q. McNemar, Psychometrika 12 (1947), 153-157.
    """

    total: int
    correct: tuple[int, int]
    only_first: int
    only_second: int
    p_value: float


@dataclass(frozen=True)
class StudyComparison:
    """Tests of two sets of accuracies, one of each seed.

    Attributes:
        means: mean accuracy of each set.
        counts: number of seeds in each set.
        difference: difference of the means, the second less the first.
        interval: 95% confidence interval of the difference, by Welch's t.
        welch: p-value of Welch's t-test. Source: B. L. Welch, Biometrika 34 (1947), 28-35.
        permutation: p-value of the permutation test of the difference of means, which assumes no
            distribution; of all permutations, or of 100,000 drawn at random where there are more.
    """

    means: tuple[float, float]
    counts: tuple[int, int]
    difference: float
    interval: tuple[float, float]
    welch: float
    permutation: float


def compare_models(first: Evaluation, second: Evaluation) -> ModelComparison:
    """McNemar's exact test. Both evaluations are of the same images in the same order."""
    right = [evaluation.predictions == evaluation.labels for evaluation in (first, second)]
    only_first = int((right[0] & ~right[1]).sum())
    only_second = int((right[1] & ~right[0]).sum())
    split = only_first + only_second
    p_value = float(stats.binomtest(only_first, split).pvalue) if split else 1.0
    counts = first.correct, second.correct
    return ModelComparison(first.total, counts, only_first, only_second, p_value)


def compare_studies(first: Sequence[float], second: Sequence[float]) -> StudyComparison:
    """Welch's t-test and the permutation test of two sets of accuracies, each of two or more."""
    means = float(np.mean(first)), float(np.mean(second))
    equal = len({*first, *second}) == 1  # no spread to measure a difference by
    with warnings.catch_warnings():
        # SciPy warns where all seeds of one set agree; the other's spread is measure enough.
        warnings.filterwarnings("ignore", "Precision loss occurred", RuntimeWarning)
        welch = None if equal else stats.ttest_ind(second, first, equal_var=False)
    interval = (0.0, 0.0) if welch is None else tuple(map(float, welch.confidence_interval(0.95)))
    shuffled = stats.permutation_test(
        (second, first),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        vectorized=True,
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(0),
    )
    return StudyComparison(
        means,
        (len(first), len(second)),
        means[1] - means[0],
        (interval[0], interval[1]),
        1.0 if welch is None else float(welch.pvalue),
        float(shuffled.pvalue),
    )
