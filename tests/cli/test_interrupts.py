"""Ctrl-C: what a library does with the exception does not keep the program alive."""

import importlib
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from gradsheet.cli import interrupts
from gradsheet.cli.interrupts import acknowledge, interruptible

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="POSIX timers")
LONG = 30.0  # seconds, which an interrupt cuts short


def test_an_interrupt_that_was_swallowed_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "_AGAIN", 0.05)
    with interruptible():
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with suppress(KeyboardInterrupt):
            time.sleep(LONG)
        with pytest.raises(KeyboardInterrupt):
            time.sleep(LONG)
    time.sleep(0.1)  # nothing comes any more


def test_an_import_is_finished_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import signal\nsignal.raise_signal(signal.SIGINT)\nfinished = True\n"
    (tmp_path / "interrupted_import.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with interruptible():
        assert importlib.import_module("interrupted_import").finished
        with pytest.raises(KeyboardInterrupt):
            time.sleep(LONG)


def test_who_acknowledges_is_left_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "_AGAIN", 0.05)
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        acknowledge()
        time.sleep(0.1)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
