"""What each of torch's operations becomes: the table of rules."""

from collections.abc import Callable
from typing import Any

from gradsheet.models.capture import (
    alignments,
    indexing,
    linear_algebra,
    losses,
    norms,
    products,
    reductions,
    sorting,
    windows,
)
from gradsheet.models.capture.moves import MOVES as MOVES
from gradsheet.models.capture.pointwise import POINTWISE, pointwise

UNRELATED = frozenset(
    (
        *("empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like"),
        *("randint_like", "new_zeros", "new_ones", "new_full", "new_empty", "zero", "fill"),
        *("bernoulli", "normal", "uniform", "random", "exponential", "new_empty_strided"),
        *("detach_copy", "size", "numel", "sym_size", "dropout_mask", "_assert_async"),
        *("_assert_scalar", "_assert_tensor_metadata", "_has_compatible_shallow_copy_type"),
        *("is_pinned", "result_type", "resize", "requires_grad", "record_stream", "isfinite"),
        *("isnan", "isinf", "zero_", "geometric", "cauchy", "log_normal", "multinomial", "isin"),
    )
)
"""Operations whose result does not depend on the numbers that they are given, or is a truth about
whether a number is finite, which all are."""

Rule = Callable[..., Any]

RULES: dict[str, Rule] = {
    **{name: pointwise(name) for name in POINTWISE},
    **reductions.RULES,
    **products.RULES,
    **windows.RULES,
    **norms.RULES,
    **indexing.RULES,
    **losses.RULES,
    **sorting.RULES,
    **linear_algebra.RULES,
    **alignments.RULES,
}
