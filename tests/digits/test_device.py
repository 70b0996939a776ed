"""Devices, bfloat16 in hardware, and the number of threads."""

from collections.abc import Iterator

import pytest
import torch

from gradsheet.digits import device
from gradsheet.digits.device import (
    StepTimes,
    chosen_threads,
    find_device,
    has_matrix_units,
    multiplies_bfloat16,
)
from gradsheet.errors import GradsheetError


@pytest.mark.parametrize("name", ["abacus", "cuda:99", "meta", "hpu", "mkldnn", "cuda:x", "mps:1"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(
        GradsheetError, match=f"no device '{name}' here; use auto, cpu, cuda or mps"
    ):
        find_device(name)


def test_the_device_of_an_apple_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for available in (True, False):
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda found=available: found)
        assert find_device("auto").type != "mps"
        if available:
            assert find_device("mps") == torch.device("mps")
    with pytest.raises(GradsheetError, match="no device 'mps' here"):
        find_device("mps")


def test_half_the_precision_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, cpu: torch.device
) -> None:
    """AMX or AVX512-BF16, and torch not told to do with AVX2."""
    for amx, bf16, capability, expected, matrix_units in (
        (True, False, "AVX512", True, True),
        (True, True, "AVX512", True, True),
        (False, True, "AVX512", True, False),
        (False, False, "AVX512", False, False),
        (True, True, "AVX2", False, False),
    ):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda found=amx: found)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda found=bf16: found)
        monkeypatch.setattr(
            torch.backends.cpu, "get_cpu_capability", lambda found=capability: found
        )
        assert multiplies_bfloat16(cpu) is expected
        assert has_matrix_units(cpu) is matrix_units
    assert has_matrix_units(torch.device("cuda")) and not has_matrix_units(torch.device("mps"))


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(
    ("free", "former", "threads"), [(1, None, 1), (2, None, 2), (8, None, 2), (2, 1, 1), (1, 8, 2)]
)
def test_threads_are_as_many_as_other_work_leaves_cores_or_a_run_had(
    free: int,
    former: int | None,
    threads: int,
    cpu: torch.device,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device, "_free_cores", lambda: free)
    lines: list[str] = []
    with chosen_threads(cpu, former, lines.append):
        assert torch.get_num_threads() == threads
    assert torch.get_num_threads() == 2
    told = ["Training with 1 of 2 threads; OMP_NUM_THREADS=2 uses all."]
    assert lines == (told if threads == 1 else [])


@pytest.mark.usefixtures("two_threads")
def test_the_user_decides_on_threads(cpu: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_free_cores", lambda: 1)
    with chosen_threads(torch.device("meta"), None, print):
        assert torch.get_num_threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with chosen_threads(cpu, None, print):
        assert torch.get_num_threads() == 2


def test_steps_are_crowded_when_ten_take_three_times_the_fastest_ten() -> None:
    times = StepTimes()
    assert not any(times.crowded(seconds) for seconds in [9.0] * 10 + [1.0] * 20)
    assert not any(times.crowded(seconds) for seconds in [2.9] * 10 + [40.0, *[1.0] * 9])
    assert [times.crowded(3.1) for _ in range(10)] == [False] * 9 + [True]
