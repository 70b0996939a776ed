"""The network that a table's headers speak of: a name for each column, as it is labeled."""

import re
from collections.abc import Mapping
from dataclasses import replace

from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.shape import Shape, highest_bias, shape_of
from gradsheet.audit.tables.table import Table


def hypothesis_from_headers(table: Table, structure: Hypothesis | None) -> Hypothesis | None:
    """The network that the headers name; None where they name none.

    Args:
        table: the table.
        structure: what its formulas compute, which settles what the headers leave open.
    """
    names = _numbered(_without_repetitions(table.said, structure))
    outside = structure.outside if structure else {}
    shape = shape_of([*names.values(), *outside.values()])
    if shape is None:
        return None
    names_all_biases = highest_bias(names.values()) >= sum(shape.sizes[1:])
    if structure and structure.shape.sizes == shape.sizes and not names_all_biases:
        shape = replace(shape, biases=structure.shape.biases)
    return Hypothesis(shape, _completed(table, names, shape, structure), outside)


def rewired(headed: Hypothesis, structure: Hypothesis) -> Hypothesis:
    """The names of the headers, but the weights numbered as they are wired."""
    if headed.shape != structure.shape:
        return headed
    others = {
        headed.names[column]: name
        for column, name in structure.names.items()
        if _is_weight(name) and _is_weight(headed.names.get(column, ""))
    }
    if set(others) != set(others.values()):
        return headed
    names = {column: _renamed(name, others) for column, name in headed.names.items()}
    return replace(headed, names=names)


def _without_repetitions(said: dict[int, str], structure: Hypothesis | None) -> dict[int, str]:
    """Each name once: where the structure confirms it, else where it comes first."""
    owners: dict[str, list[int]] = {}
    for column, name in said.items():
        owners.setdefault(name, []).append(column)
    confirmed = structure.names if structure else {}
    kept = {
        name: next((c for c in columns if confirmed.get(c) == name), columns[0])
        for name, columns in owners.items()
    }
    return {column: name for column, name in said.items() if kept[name] == column}


def _numbered(names: dict[int, str]) -> dict[int, str]:
    """The weights numbered from 1 without gaps: w11, w12, w21, w22 are four of them."""
    numbers = sorted({int(name[1:]) for name in names.values() if _is_weight(name)})
    ranks = {f"w{number}": f"w{rank}" for rank, number in enumerate(numbers, start=1)}
    return {column: _renamed(name, ranks) for column, name in names.items()}


def _is_weight(name: str) -> bool:
    return re.fullmatch(r"w\d+", name) is not None


def _renamed(name: str, others: Mapping[str, str]) -> str:
    """A parameter's or a gradient's name, with the parameter called otherwise."""
    if name.startswith("dE/d"):
        return f"dE/d{others.get(name[4:], name[4:])}"
    return others.get(name, name)


def _completed(
    table: Table, names: dict[int, str], shape: Shape, structure: Hypothesis | None
) -> dict[int, str]:
    """With names for columns whose headers spell none, from the structure or by elimination."""
    names = dict(names)
    for parameter, column in (structure.moved_by if structure else {}).items():
        gradient = f"dE/d{names.get(parameter)}"
        if parameter in names and column not in names and gradient not in names.values():
            names[column] = gradient
    for column, name in (structure.names if structure else {}).items():
        if column not in names and name not in names.values():
            names[column] = name
    missing = [name for name in shape.columns() if name not in names.values()]
    unnamed = [column for column in table.columns if column not in names]
    if len(missing) == 1 and len(unnamed) == 1:
        names[unnamed[0]] = missing[0]
    return names
