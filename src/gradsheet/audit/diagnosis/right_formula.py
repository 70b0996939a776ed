"""The right formula of a cell, over the values that the table has columns for."""

from collections.abc import Callable, Container

from gradsheet.audit.diagnosis.algebra import factors_of, product_of, raw
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.points import agree
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.symbols import Kind, Symbol, symbol_of
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, apply, expand
from gradsheet.symbolic.operations import LOGARITHM, SUBTRACT


def right_formula(
    found: Interpretation, row: int, column: int, used: Container[Symbol] = ()
) -> Expression:
    """The right formula of a cell.

    Args:
        found: the table.
        row: of the cell.
        column: of the cell.
        used: derivatives, and new weights, that may stay as they are.
    """
    expected = found.expected(row, column)
    assert expected is not None
    known = {*found.symbols.values(), *found.outside.values()}
    own = found.symbols[column]
    if own.next in known and own.next in used:
        return found.reference.row(1).values[own.next]
    is_step = own in found.roles.carried or own.kind is Kind.NEXT

    def keeps(variable: Variable) -> bool:
        symbol = symbol_of(variable)
        if symbol.is_derivative and symbol.opposite in used and symbol.opposite in known:
            return is_step  # a column holds it with the other sign
        stays = not symbol.is_derivative or symbol in used or is_step
        return symbol in known and symbol != own and stays

    errors = _errors(found)
    if isinstance(expected, Variable) and expected not in errors and expected.definition:
        expected = expected.definition
    whole = expand(expected, keeps, errors)
    return _turned(whole) if own.kind in (Kind.CHANGE, Kind.OPPOSITE) else whole


def _turned(product: Expression) -> Expression:
    """A product with t − a and 1 − a, as people write it, for its factors a − t and a − 1."""
    factors = factors_of(product)
    less = [f for f in factors if isinstance(f, Apply) and f.operation is SUBTRACT]
    slopes = [f for f in less if isinstance(one := f.arguments[1], Number) and one.value == 1]
    errors = [f for f in less if all(isinstance(part, Variable) for part in f.arguments)]
    if len(slopes) != 1 or not errors:
        return product
    others = {id(f): raw(SUBTRACT, *reversed(f.arguments)) for f in (slopes[0], errors[0])}
    return product_of([others.get(id(f), f) for f in factors])


def _errors(found: Interpretation) -> dict[Variable, Expression]:
    """What all books write otherwise than the reference, which holds where an output rounds to 0.

    The gradients at the sums of a softmax are a − t; a cross-entropy has the logarithm of a.
    """
    reference = found.reference
    is_softmax = reference.practice.activations[-1:] == (SOFTMAX,)
    form = reference.practice.loss.partition("-")[0]
    errors: dict[Variable, Expression] = {}
    for above in (0, 1):
        values = reference.row(above).values
        for symbol in [s for s in values if s.kind is Kind.OUTPUT]:
            target = values[Symbol(Kind.TARGET, symbol.numbers, symbol.example)]
            output = values[symbol.activation]
            written = {Symbol(Kind.ERROR, symbol.numbers, symbol.example): _entropy(form)}
            if is_softmax:
                written[symbol.gradient] = lambda target, output: output - target
            for own, make in written.items():
                if own in values and make is not None:
                    error = make(target, output)
                    if agree(*reference.values([values[own], error])):
                        errors[values[own]] = error
    return errors


def _entropy(form: str) -> Callable[[Expression, Expression], Expression] | None:
    """The cross-entropy of a target and an output; None of another loss."""
    if form == "categorical":
        return lambda target, output: -(target * apply(LOGARITHM, output))
    if form == "binary":
        return lambda target, output: (
            -(target * apply(LOGARITHM, output)) - (1 - target) * apply(LOGARITHM, 1 - output)
        )
    return None
