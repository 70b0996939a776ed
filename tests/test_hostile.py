"""The first cases of `benchmarks/hostile.py`: damaged input of every kind, in process and apart."""

from pathlib import Path

import pytest

from tests.hostile.cases import Case, faults, run

CASES, TOGETHER = 400, 20
PACE = 2.0  # a machine that runs tests may be half as fast as the benchmark's


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, CASES, TOGETHER))
def test_damaged_input_is_one_line(first: int, tmp_path: Path) -> None:
    for number in range(first, first + TOGETHER):
        folder = tmp_path / str(number)
        folder.mkdir()
        command, ended = run(Case(number), folder)
        assert not faults(ended, folder, PACE), (number, command, ended)


def test_of_four_hundred_cases_twenty_run_as_programs() -> None:
    apart = [case for case in map(Case, range(CASES)) if case.is_apart]
    assert len(apart) == 20
    assert {case.kind for case in apart} == {case.kind for case in map(Case, range(100))}
