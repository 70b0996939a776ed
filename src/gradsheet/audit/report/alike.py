"""Tables that differ in nothing but their sheet and their learning rate, shown once."""

from collections.abc import Sequence

from gradsheet.audit.findings import TableAudit


def alike(tables: Sequence[TableAudit]) -> list[list[TableAudit]]:
    """The tables in groups, each in the order of the sheets.

    A table with findings of its own joins no other: what it shares with another is told there.
    """
    groups: dict[object, list[TableAudit]] = {}
    for table in tables:
        key = (table.area, table.network, table.updates, table.rate_cell, table.columns)
        if table.findings and key in groups:
            groups[id(table)] = [table]
        else:
            groups.setdefault(key, []).append(table)
    return list(groups.values())


def sheets_and_area(tables: Sequence[TableAudit]) -> str:
    """Where they are: ``lr 0.1, lr 0.5: D4:AE65``."""
    return f"{', '.join(table.sheet for table in tables)}: {tables[0].area}"


def learning_rates(tables: Sequence[TableAudit]) -> str:
    """The learning rate of each: ``0.1, 0.5 in B2``; empty where none was found."""
    rates = [f"{table.rate:.6g}" for table in tables if table.rate is not None]
    place = f" in {tables[0].rate_cell}" if tables[0].rate_cell and rates else ""
    return f"{', '.join(dict.fromkeys(rates))}{place}"
