"""The right formula of a cell, over the values that the table has columns for."""

from collections.abc import Container, Iterator
from dataclasses import replace

from gradsheet.audit.diagnosis.algebra import factors_of, product_of, raw
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.points import agree
from gradsheet.networks.losses import error_on_paper
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.symbols import Kind, Symbol, symbol_of
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, expand
from gradsheet.symbolic.operations import SUBTRACT


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
    pairs = [pair for above in (0, 1) for pair in _on_paper(found, above)]
    values = [found.reference.values(pair) for pair in pairs]
    return {own: error for (own, error), both in zip(pairs, values, strict=True) if agree(*both)}


def _on_paper(found: Interpretation, above: int) -> Iterator[tuple[Variable, Expression]]:
    """The values of a row that books may write otherwise, each with what they write."""
    practice, values = found.reference.practice, found.reference.row(above).values
    error_of = error_on_paper(practice.loss.partition("-")[0])
    for symbol in [s for s in values if s.kind is Kind.OUTPUT]:
        target = values[Symbol(Kind.TARGET, symbol.numbers, symbol.example)]
        output, error = values[symbol.activation], replace(symbol, kind=Kind.ERROR)
        if practice.activations[-1:] == (SOFTMAX,) and symbol.gradient in values:
            yield values[symbol.gradient], output - target
        if error_of is not None and error in values:
            yield values[error], error_of(target, output)
