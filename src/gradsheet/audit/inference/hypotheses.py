"""The networks that a table may be about."""

from collections.abc import Iterator
from dataclasses import replace

from gradsheet.audit.inference.from_formulas import hypothesis_from_formulas
from gradsheet.audit.inference.from_headers import hypothesis_from_headers, rewired
from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.tables.table import Table


def hypotheses(table: Table) -> Iterator[Hypothesis]:
    """The ways to interpret a table, the likeliest first."""
    structure = hypothesis_from_formulas(table)
    headed = hypothesis_from_headers(table, structure)
    if headed:
        yield headed
        if structure and (other := rewired(headed, structure)) != headed:
            yield other
    if structure and (headed is None or structure.symbols != headed.symbols):
        yield structure
    if structure is None:
        return
    plain = hypothesis_from_formulas(table, errors_are_gradients=False)
    if plain and plain.symbols != structure.symbols:
        yield plain
    if structure.subtracts:  # a threshold, or a bias with the wrong sign
        yield replace(structure, shape=replace(structure.shape, thresholds=True))
