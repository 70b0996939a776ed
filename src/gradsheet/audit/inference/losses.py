"""Which loss a table trains: what its errors and gradients compute, and where its factors are."""

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.points import POINTS
from gradsheet.networks.losses import FORMS, Convention, Output, conventions, error_of
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.step_units import is_step
from gradsheet.networks.symbols import LOSS, Kind, Symbol, symbol_of
from gradsheet.symbolic.expression import Expression, Variable, apply, expand, variables
from gradsheet.symbolic.operations import SQUARE, total
from gradsheet.symbolic.tape import Array

_SAME, _NEARLY = 1e-9, 1e-3  # relative differences
_SHOWN_FORMS = tuple(form for form in FORMS if form != "absolute")  # an error may lack its square
_ACTIVATION = {"binary": "sigmoid", "categorical": SOFTMAX}
_USUAL = {"square": ("half-squared-error", "squared-error", "mean-squared-error")}


def likely_losses(found: Interpretation) -> list[str]:
    """The names of the losses that a table may train, the likeliest first.

    Args:
        found: the table, taken for one that trains with half the squared error.
    """
    return _Losses(found).names()


def is_known_measure(found: Interpretation, written: Expression) -> bool:
    """Whether a formula is a multiple of a loss known here, or of its root, or nearly so."""
    return _Losses(found).measures(written)


class _Losses:
    def __init__(self, found: Interpretation) -> None:
        self._found = found
        self._last = found.reference.practice.activations[-1]
        self._known = conventions(found.shape.sizes[-1])
        self._columns = {symbol: column for column, symbol in reversed(found.symbols.items())}

    def names(self) -> list[str]:
        """The names in ``conventions``."""
        if self._last == SOFTMAX:
            forms = ["categorical"]
        else:
            forms = self._forms() or ["square"]
            if is_step(self._last):
                forms = [*forms, "absolute"]  # its rule moves by t alone, where t is not y
            if self._last == "sigmoid" and not {"square", "binary"} & set(self._forms()):
                forms = [*forms, "binary"]  # its gradient holds t − a, too
        names = [name for form in forms for name in self._of_form(form)]
        return list(dict.fromkeys(names))

    def measures(self, written: Expression) -> bool:
        """Whether a formula is a multiple of the errors of a form added up, or of the root."""
        sums = [self._added_up(form) for form in FORMS if self._is_possible(form)]
        value, *known = self._found.reference.values([written, *sums])
        # What keeps a logarithm from 0 is no other measure.
        ways = [(value**power, of) for of in known for power in (1, 2)]
        return any(_constant(one, of, _NEARLY) is not None for one, of in ways)

    # --- Forms -------------------------------------------------------------------------------

    def _forms(self) -> list[str]:
        """What the errors are, where their columns, or that of the loss, tell."""
        seen: Counter[str] = Counter()
        for form in _SHOWN_FORMS:
            seen[form] = len(self._error_factors(form)) + (self._loss_alone(form) is not None)
        return [form for form, count in seen.most_common() if count]

    def _error_factors(self, form: str) -> list[float]:
        """How many times the form each column of errors is."""
        factors = (
            self._ratio(self._columns[error], self._error(form, error))
            for error in self._columns
            if error.kind is Kind.ERROR and self._is_possible(form)
        )
        found = [factor for factor in factors if factor is not None]
        # Differences have no factor; half of one is an error whose square was left out.
        return [f for f in found if "difference" not in form or abs(f - 1) < _SAME]

    def _loss_alone(self, form: str) -> float | None:
        """How many times the sum of the form's errors the loss is, where errors have no columns."""
        is_direct = LOSS in self._columns and self._columns.keys().isdisjoint(self._errors)
        if not is_direct or not self._is_possible(form) or "difference" in form:
            return None
        return self._ratio(self._columns[LOSS], self._added_up(form))

    @property
    def _errors(self) -> list[Symbol]:
        return [Symbol(Kind.ERROR, (n,)) for n in range(1, self._found.shape.sizes[-1] + 1)]

    def _added_up(self, form: str) -> Expression:
        """The sum of the errors of all outputs in a form."""
        return total(self._error(form, error) for error in self._errors)

    def _is_possible(self, form: str) -> bool:
        return self._found.shape.examples == 1 and _ACTIVATION.get(form, self._last) == self._last

    def _error(self, form: str, error: Symbol) -> Expression:
        """The error of an output in a form, without a factor."""
        reference = self._found.reference
        target, pre, activation = (
            reference[Symbol(kind, error.numbers)]
            for kind in (Kind.TARGET, Kind.OUTPUT, Kind.OUTPUT_ACTIVATION)
        )
        shared = Symbol(Kind.LOG_SUM, ())
        log_sum = reference[shared] if shared in reference else None  # noqa: SIM401 (no mapping)
        return error_of(form)(target, Output(pre, activation, log_sum))

    # --- Factors -----------------------------------------------------------------------------

    def _of_form(self, form: str) -> Iterator[str]:
        """The conventions of a form whose factors the table has, or else the usual ones."""
        errors = Counter(self._rounded(self._error_factors(form)))
        error = errors.most_common(1)[0][0] if errors else None
        sums = self._total_factor(form)
        whole = self._loss_alone(form)
        of_gradients = self._gradient_factors(form)
        if "difference" in form and of_gradients:
            sums = None  # a sum of squared errors may only show how far the training is

        def doubts(convention: Convention) -> int:
            """How many of the table's factors a convention has otherwise."""
            both = convention.error * convention.total
            pairs = ((error, convention.error), (sums, convention.total), (whole, both))
            doubts = sum(_differ(seen, due) for seen, due in pairs)
            return doubts + all(_differ(seen, both) for seen in of_gradients or (None,))

        ranked = [(doubts(c), name) for name, c in self._known.items() if c.form == form]
        least = min(doubt for doubt, _ in ranked)
        yield from (name for doubt, name in ranked if doubt == least)
        if least:
            yield from [name for doubt, name in ranked if doubt == least + 1][:2]

    def _rounded(self, factors: Iterable[float]) -> list[float]:
        return [float(f"{factor:.9g}") for factor in factors]

    def _total_factor(self, form: str) -> float | None:
        """How many times the sum of its errors, or of their squares, the loss is."""
        if LOSS not in self._columns or not set(self._errors) <= self._columns.keys():
            return None
        terms = [self._found.reference[error] for error in self._errors]
        if "difference" in form:
            return self._ratio(self._columns[LOSS], total(apply(SQUARE, t) for t in terms))
        return self._ratio(self._columns[LOSS], total(terms))

    def _gradient_factors(self, form: str) -> list[float]:
        """How many times the form's own gradients most gradients, or else updates, are.

        Several where as many are one as another: the written loss decides.
        """
        reference = self._found.reference
        factors: list[float] = []
        for symbol, column in self._columns.items():
            if self._uses_errors(column) and "difference" not in form:
                continue
            if symbol.is_gradient and symbol.of in self._found.roles.parameters:
                ratio = self._ratio(column, reference[symbol], form=form)
            elif symbol in self._found.roles.parameters and not self._found.roles.is_given(column):
                ratio = self._step_ratio(column, symbol, form)
            else:
                continue
            if ratio is not None:
                factors.append(abs(ratio))  # a wrong sign is a mistake
        seen = Counter(self._rounded(factors))
        most = max(seen.values(), default=0)
        # The reference is half the squared error.
        return [f / 2 for f, n in seen.items() if n == most and form not in _ACTIVATION]

    def _uses_errors(self, column: int) -> bool:
        return any(symbol.kind is Kind.ERROR for symbol in self._found.typically_uses(column))

    def _step_ratio(self, column: int, parameter: Symbol, form: str) -> float | None:
        """How many times the reference's step an update makes, here or beside its parameter."""
        if parameter.gradient in self._columns:
            return None
        found, reference = self._found, self._found.reference
        if (beside := found.roles.column_of_update(column)) != column:
            return self._ratio(beside, reference[parameter.next], reference[parameter], form)
        before = reference.row(1).values[parameter]
        return self._ratio(column, reference.updated(parameter), before, form)

    def _ratio(
        self, column: int, of: Expression, less: Expression | None = None, form: str = ""
    ) -> float | None:
        """How many times an expression a column is; None where that is no one number.

        Args:
            column: of the table.
            of: the expression.
            less: what is subtracted from both first.
            form: what the errors are that the column uses, if these are differences.
        """
        written = self._found.typical(column)
        if written is not None and "difference" in form:
            written = expand(written, lambda _: True, self._differences(form, written))
        if written is None or any(map(_is_judged, variables(written))):
            return None  # of a loss that is not known yet
        wanted = [written, of] if less is None else [written - less, of - less]
        value, right = self._found.reference.values(wanted)
        return _constant(value, right)

    def _differences(self, form: str, written: Expression) -> dict[Variable, Expression]:
        """The errors that an expression uses, as differences of the row that they are in."""
        reference = self._found.reference
        found: dict[Variable, Expression] = {}
        for variable in variables(written):
            error = symbol_of(variable)
            if error.kind is Kind.ERROR:
                values = reference.row(reference.rows_above(variable) or 0).values
                target, output = (
                    values[Symbol(kind, error.numbers, error.example)]
                    for kind in (Kind.TARGET, Kind.OUTPUT_ACTIVATION)
                )
                found[variable] = error_of(form)(target, Output(output, output, None))
        return found


def _is_judged(variable: Variable) -> bool:
    """Whether a value is an error, a loss or a derivative."""
    symbol = symbol_of(variable)
    return symbol.is_derivative or symbol.kind in (Kind.EXAMPLE_LOSS, Kind.LOSS)


def _constant(values: Array, of: Array, tolerance: float = _SAME) -> float | None:
    with np.errstate(all="ignore"):
        ratio = values / of
    ratio = ratio[of != 0]
    if len(ratio) < POINTS // 6 or not np.isfinite(ratio).all():
        return None
    middle = float(np.median(ratio))
    return middle if middle and np.ptp(ratio) <= tolerance * abs(middle) else None


def _differ(seen: float | None, due: float) -> bool:
    return seen is not None and abs(seen - due) > _SAME * abs(due)
