"""The device a network runs on: which there are, what they compute in, how many threads."""

import os
import re
from collections.abc import Callable
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


def device_name(device: torch.device) -> str:
    """The device in a run's record: a GPU's model, or ``cpu`` and whether it has bfloat16."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "cpu with bfloat16" if multiplies_bfloat16(device) else device.type


def choose_threads(device: torch.device, former: int | None, say: Callable[[str], None]) -> None:
    """Use as many threads as other processes leave cores free.

    Threads that share a core wait for one another most of the time. OMP_NUM_THREADS, where it is
    set, decides instead.

    Args:
        device: where the run computes; only a CPU is concerned.
        former: number of threads of an interrupted run, which it keeps when it is resumed: sums
            depend on it in their last bits.
        say: told when the run leaves cores unused.
    """
    most = torch.get_num_threads()
    if "OMP_NUM_THREADS" in os.environ or most == 1 or device.type != "cpu":
        return
    threads = former or min(most, _free_cores())
    if threads < most:
        say(f"Training with {threads} of {most} threads; OMP_NUM_THREADS={most} uses all.")
        torch.set_num_threads(threads)


@cache
def _free_cores() -> int:
    """Cores that are free, counted once, so that the runs of a process are alike."""
    return free_cores()
