"""Headers that name another value than their column holds."""

import re
from collections.abc import Iterator

from gradsheet.audit import rules
from gradsheet.audit.details import OtherHeader, OtherNumbering
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.points import agree
from gradsheet.audit.subject import Subject
from gradsheet.networks.symbols import LOSS, Kind, Symbol

Others = dict[int, tuple[Symbol, Symbol]]
"""Of columns with another header what it names, and what the column holds."""


def header_findings(subject: Subject) -> Iterator[Finding]:
    """A remark on each header that names something else; one on weights in another order."""
    found, others = subject.found, _others(subject)
    row = subject.table.header_row or subject.table.rows[0]
    weights = {c: pair for c, pair in others.items() if pair[1].kind is Kind.WEIGHT}
    if len(weights) > 2 and _is_order(list(others.values())):
        column, (_, first) = next(iter(weights.items()))
        numbered, usual = zip(*weights.values(), strict=True)
        details = OtherNumbering(numbered, usual, found.reference[first].meaning)
        yield subject.finding(rules.HEADER, [row], column, details)
        return
    for column, (_, symbol) in others.items():
        details_one = OtherHeader(found.header(column), symbol, found.reference[symbol].meaning)
        yield subject.finding(rules.HEADER, [row], column, details_one)


def _others(subject: Subject) -> Others:
    found, table, zero_based = subject.found, subject.table, _zero_based(subject)
    confirmed = {s for column, s in found.symbols.items() if table.named.get(column) == s}
    own_numbers = _are_numbered_by_pairs(subject)
    return {
        column: (named, symbol)
        for column, symbol in found.symbols.items()
        if (named := table.named.get(column)) is not None
        and named != symbol
        and named in found.reference
        and not table.shares_header(column)
        # One letter is no name where another column has it: e may be the fifth weight.
        and not (len(table.headers[column]) == 1 and named in confirmed)
        and not (named.kind is not symbol.kind and _is_ambiguous(table.headers[column]))
        and not (own_numbers and symbol.kind is named.kind and _are_of_weights(named, symbol))
        and not _is_activation_of(subject, named, symbol)
        and not _is_the_same_in_other_words(named, symbol, found.shape.sizes[-1])
        and not (
            len(table.headers[column].split()) > 1
            and (_is_made_of(symbol, named) or _is_gradient_at(subject, named, symbol))
        )
        and symbol.kind not in zero_based
        and not _are_equal(subject, named, symbol)
    }


def _is_ambiguous(header: str) -> bool:
    """Whether a header is a letter that books use for this and that: y1 is a target or an output.

    So are c for a bias or the cost, t for the target or a total.
    """
    letter = re.compile(r"[ycljst][_ ]?\d*|t", re.IGNORECASE)
    return bool(letter.fullmatch(header.strip())) or any(map(letter.fullmatch, header.split()[1:]))


def _are_numbered_by_pairs(subject: Subject) -> bool:
    """Whether weights have the numbers of both their units: w11, w12, w21."""
    named = [s for s in subject.table.named.values() if s.kind is Kind.WEIGHT]
    return max((s.numbers[0] for s in named), default=0) > subject.found.shape.weights


def _is_the_same_in_other_words(named: Symbol, symbol: Symbol, outputs: int) -> bool:
    """Whether a header may mean what its column holds: an error is a loss, or what moves a bias."""
    is_error = symbol.kind is Kind.ERROR and outputs == 1
    return named == LOSS and (is_error or symbol.is_pre_activation or symbol.is_helper)


def _is_made_of(symbol: Symbol, named: Symbol) -> bool:
    """Whether a value may be described by the name of another: output h1, derivative w5."""
    activated = named.activation if named.is_pre_activation else None
    return symbol == activated or symbol.of == named


def _are_of_weights(named: Symbol, symbol: Symbol) -> bool:
    return _of(named).kind is _of(symbol).kind is Kind.WEIGHT


def _is_activation_of(subject: Subject, named: Symbol, symbol: Symbol) -> bool:
    """Whether a header may call an activation h1: unless it changed places with its sum."""
    columns = [c for c, held in subject.found.symbols.items() if held == named]
    is_own = named.is_pre_activation and symbol == named.activation
    return is_own and all(subject.table.named.get(column) != symbol for column in columns)


def _is_gradient_at(subject: Subject, named: Symbol, symbol: Symbol) -> bool:
    """Whether a column holds the derivative by what its header names: gradient h1."""
    is_known = symbol.is_helper and named.gradient in subject.found.reference
    return is_known and _are_equal(subject, named.gradient, symbol)


def _are_equal(subject: Subject, named: Symbol, symbol: Symbol) -> bool:
    """Whether two values are always equal: a bias's gradient is that of its unit's sum."""
    reference = subject.found.reference
    return agree(*reference.values([reference[named], reference[symbol]]))


def _zero_based(subject: Subject) -> set[Kind]:
    """The kinds of values that the headers number from 0."""
    numbers: dict[Kind, set[int]] = {}
    for column, symbol in subject.found.symbols.items():
        named = subject.table.named.get(column)
        if named and named.kind is symbol.kind:
            here, there = _of(symbol).numbers, _of(named).numbers
            if len(here) == len(there) == 1:
                numbers.setdefault(symbol.kind, set()).add(here[0] - there[0])
    return {kind for kind, apart in numbers.items() if apart == {1}}


def _is_order(pairs: list[tuple[Symbol, Symbol]]) -> bool:
    """Whether weights, with their gradients and new values, are only numbered otherwise."""
    order = {named: held for named, held in pairs if held.kind is Kind.WEIGHT}
    return set(order) == set(order.values()) and all(
        held == order.get(named) or (named.kind is held.kind and order.get(_of(named)) == _of(held))
        for named, held in pairs
    )


def _of(symbol: Symbol) -> Symbol:
    """The value whose gradient, or next value, a symbol is."""
    return symbol.of or symbol
