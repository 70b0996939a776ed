"""The whole workbook of a network."""

from collections.abc import Sequence
from pathlib import Path

from xlsxwriter.workbook import Workbook

from gradsheet.calculus.descent import DEFAULT_RATES, DEFAULT_UPDATES, check_rates, descend
from gradsheet.calculus.graph import build_graph
from gradsheet.calculus.network import NetworkSpec
from gradsheet.files import whole_file
from gradsheet.sheets import derivation, diagram, inputs, training
from gradsheet.sheets import rates as rates_sheet
from gradsheet.sheets.plan import (
    Plan,
    check_limits,
    input_addresses,
    input_blocks,
    rate_addresses,
    training_columns,
)
from gradsheet.sheets.style import Style


def write_workbook(
    spec: NetworkSpec,
    path: Path,
    rates: Sequence[float] = DEFAULT_RATES,
    updates: int = DEFAULT_UPDATES,
) -> None:
    """Write the workbook of live formulas that trains ``spec`` once at each learning rate.

    Every formula carries its value, computed here by the same expressions.

    Raises:
        GradsheetError: the network, the rates or the updates do not fit a workbook, or ``path``
            cannot be written. Nothing is written then.
    """
    plan = make_plan(spec, rates, updates)
    with whole_file(path) as temporary:
        # Nothing that a user wrote becomes a formula or a link.
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        with Workbook(str(temporary), options) as book:
            book.set_properties({"title": spec.title or spec.name, "comments": "Made by gradsheet"})
            book.set_calc_mode("auto")
            style = Style(book, {})
            inputs.write(plan, style)
            diagram.write(plan, style)
            derivation.write(plan, style)
            for number in range(len(plan.descent.rates)):
                training.write(plan, style, number)
            rates_sheet.write(plan, style)


def make_plan(spec: NetworkSpec, rates: Sequence[float], updates: int) -> Plan:
    """Decide where everything stands, and compute every value."""
    check_limits(updates, len(rates))
    check_rates(rates)
    graph = build_graph(spec)
    blocks = input_blocks(graph)
    addresses = input_addresses(blocks)
    columns = training_columns(graph, addresses)
    descent = descend(graph, rates, updates, [column.variable for column in columns])
    return Plan(graph, descent, blocks, addresses, rate_addresses(blocks, len(rates)), columns)
