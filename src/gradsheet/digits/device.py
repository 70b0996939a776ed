"""The device a network runs on: which there are, what they compute in, how many threads."""

import math
import os
import re
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch

from gradsheet.errors import GradsheetError
from gradsheet.processes import free_cores


def find_device(name: str) -> torch.device:
    """The device called ``name``; ``auto`` is a CUDA GPU if there is one, else the CPU.

    Raises:
        GradsheetError: this machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "mps" and torch.backends.mps.is_available():
        return torch.device(name)
    if re.fullmatch(r"cpu|cuda(:\d+)?", name):
        index = int(name.partition(":")[2] or 0)
        if name == "cpu" or index < torch.cuda.device_count():
            return torch.device(name)
    raise GradsheetError(f"no device '{name}' here; use auto, cpu, cuda or mps (Apple's, untried)")


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware: a GPU, a CPU with AMX or AVX512-BF16."""
    if device.type != "cpu":
        return device.type == "cuda"
    if torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX", "AVX2"):
        return False  # or ATEN_CPU_CAPABILITY restricts torch to these
    tests = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")  # torch has no public ones
    return any(getattr(torch.cpu, test, bool)() for test in tests)


def has_matrix_units(device: torch.device) -> bool:
    """Whether the device has units for products of matrices of bfloat16: a GPU, a CPU with AMX."""
    if device.type != "cpu":
        return device.type == "cuda"
    return multiplies_bfloat16(device) and getattr(torch.cpu, "_is_amx_tile_supported", bool)()


def device_name(device: torch.device) -> str:
    """The device in a run's record: a GPU's model, or ``cpu`` and whether it has bfloat16."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "cpu with bfloat16" if multiplies_bfloat16(device) else device.type


@contextmanager
def chosen_threads(
    device: torch.device, former: int | None, say: Callable[[str], None]
) -> Iterator[None]:
    """Use as many threads as other processes leave cores free, until the block ends.

    Threads that share a core wait for one another most of the time. OMP_NUM_THREADS, where it is
    set, decides instead.

    Args:
        device: where the run computes; only a CPU is concerned.
        former: number of threads of an interrupted run, which it keeps when it is resumed: sums
            depend on it in their last bits.
        say: told when the run leaves cores unused.
    """
    most = torch.get_num_threads()
    if adjusts_threads(device):
        threads = former or min(most, _free_cores())
        if threads < most:
            say(f"Training with {threads} of {most} threads; OMP_NUM_THREADS={most} uses all.")
            torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(most)


def adjusts_threads(device: torch.device) -> bool:
    """Whether a run's number of threads follows other work: several, of a CPU, not the user's."""
    return (
        device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() > 1
    )


class StepTimes:
    """Durations of training steps, to notice when other work takes the cores that they share.

    A thread that waits for another one takes the core from the very thread it waits for: with two
    threads beside two busy processes a step takes 17 times as long as alone, with one thread twice
    as long (results/contention.json).
    """

    _WINDOW, _CROWDED = 10, 3.0

    def __init__(self) -> None:
        self._recent: list[float] = []
        self._usual = math.inf

    def crowded(self, seconds: float) -> bool:
        """Whether, after another step of that duration, steps take three times the usual."""
        self._recent.append(seconds)
        if len(self._recent) < self._WINDOW:
            return False
        median = statistics.median(self._recent)
        self._recent.clear()
        self._usual = min(self._usual, median)
        return median > self._CROWDED * self._usual


@cache
def _free_cores() -> int:
    """Cores that are free, counted once, so that the runs of a process are alike."""
    return free_cores()
