"""The network that a table's headers speak of: a name for each column, as it is labeled."""

from collections.abc import Mapping
from dataclasses import replace

from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.shape import Shape, highest, shape_of
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol


def hypothesis_from_headers(table: Table, structure: Hypothesis | None) -> Hypothesis | None:
    """The network that the headers name; None where they name none.

    Args:
        table: the table.
        structure: what its formulas compute, which settles what the headers leave open.
    """
    symbols = _numbered(_without_repetitions(table.named, structure))
    outside = structure.outside if structure else {}
    shape = shape_of([*symbols.values(), *outside.values()])
    if shape is None:
        return None
    names_all_biases = highest(symbols.values(), Kind.BIAS) >= sum(shape.sizes[1:])
    if structure and structure.shape.sizes == shape.sizes and not names_all_biases:
        shape = replace(shape, biases=structure.shape.biases)
    functions = structure.functions if structure and structure.shape == shape else {}
    named = _completed(table, symbols, shape, structure)
    return Hypothesis(shape, named, outside, functions=functions)


def rewired(headed: Hypothesis, structure: Hypothesis) -> Hypothesis:
    """The symbols of the headers, but the weights numbered as they are wired."""
    if headed.shape != structure.shape:
        return headed
    others = {
        headed.symbols[column]: wired
        for column, wired in structure.symbols.items()
        if _is_weight(wired) and _is_weight(headed.symbols.get(column))
    }
    if set(others) != set(others.values()):
        return headed
    symbols = {column: _renamed(symbol, others) for column, symbol in headed.symbols.items()}
    return replace(headed, symbols=symbols)


def _without_repetitions(
    named: dict[int, Symbol], structure: Hypothesis | None
) -> dict[int, Symbol]:
    """Each symbol once: where the structure confirms it, else where it comes first."""
    owners: dict[Symbol, list[int]] = {}
    for column, symbol in named.items():
        owners.setdefault(symbol, []).append(column)
    confirmed = structure.symbols if structure else {}
    kept = {
        symbol: next((c for c in columns if confirmed.get(c) == symbol), columns[0])
        for symbol, columns in owners.items()
    }
    return {column: symbol for column, symbol in named.items() if kept[symbol] == column}


def _numbered(symbols: dict[int, Symbol]) -> dict[int, Symbol]:
    """The weights numbered from 1 without gaps: w11, w12, w21, w22 are four of them."""
    weights = sorted({s for s in symbols.values() if _is_weight(s)}, key=lambda s: s.numbers)
    ranks = {weight: replace(weight, numbers=(n,)) for n, weight in enumerate(weights, start=1)}
    return {column: _renamed(symbol, ranks) for column, symbol in symbols.items()}


def _is_weight(symbol: Symbol | None) -> bool:
    """Whether it is a weight with one number."""
    return symbol is not None and symbol.kind is Kind.WEIGHT and len(symbol.numbers) == 1


def _renamed(symbol: Symbol, others: Mapping[Symbol, Symbol]) -> Symbol:
    """A parameter, a gradient or a new weight, with the parameter named otherwise."""
    if symbol.kind in (Kind.GRADIENT, Kind.NEXT) and symbol.of:
        return replace(symbol, of=others.get(symbol.of, symbol.of))
    return others.get(symbol, symbol)


def _completed(
    table: Table, named: dict[int, Symbol], shape: Shape, structure: Hypothesis | None
) -> dict[int, Symbol]:
    """With symbols for columns whose headers name none, from the structure or by elimination."""
    symbols = dict(named)
    for parameter, column in (structure.moved_by if structure else {}).items():
        gradient = symbols[parameter].gradient if parameter in symbols else None
        if gradient and column not in symbols and gradient not in symbols.values():
            symbols[column] = gradient
    for column, symbol in (structure.symbols if structure else {}).items():
        if column not in symbols and symbol not in symbols.values():
            symbols[column] = symbol
    missing = [symbol for symbol in shape.columns() if symbol not in symbols.values()]
    unnamed = [column for column in table.columns if column not in symbols]
    if len(missing) == 1 and len(unnamed) == 1:
        symbols[unnamed[0]] = missing[0]
    return symbols
