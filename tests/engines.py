"""The engines that recalculate workbooks, as parameters of tests."""

import pytest

from gradsheet.spreadsheet.recalculate import ENGINES

FAST = ("ironcalc", "formualizer")
"""They run in this process, so they belong to every test run."""

# ONLYOFFICE is tested where somebody has installed it, and by benchmarks/engines.py everywhere.
TESTED = [name for name in ENGINES if name != "onlyoffice" or ENGINES[name].is_installed()]


def with_engine(name: str, *values: object, slow: bool) -> object:
    """The parameters ``name`` and ``values`` of a test, skipped where there is no such engine."""
    engine = ENGINES[name]
    absent = pytest.mark.skipif(not engine.is_installed(), reason=f"{engine.name} is not installed")
    return pytest.param(name, *values, marks=[absent, pytest.mark.slow] if slow else [absent])


EVERY_ENGINE = [with_engine(name, slow=name not in FAST) for name in TESTED]
