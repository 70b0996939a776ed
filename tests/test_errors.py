"""The one error, and the line it is shown in."""

import pickle

import pytest

from gradsheet.errors import LONGEST_LINE, GradsheetError, one_line, reason, why


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb\tc  d", "a b c d"),
        ("\x1b[31mred\x07\x9b", "[31mred"),
        ("left\u202eright", "leftright"),
        ("half \ud800", "half \ufffd"),
        ("∂E/∂w5", "∂E/∂w5"),
    ],
)
def test_a_line_has_no_control_characters(text: str, line: str) -> None:
    assert one_line(text) == line
    assert str(GradsheetError(text)) == line


def test_a_long_line_keeps_its_beginning_and_its_end() -> None:
    text = f"{'x' * 99} is unknown: {'y' * 1_000_000}; expected z"
    line = str(GradsheetError(text))
    assert len(f"gradsheet: {line}") == LONGEST_LINE
    assert line.startswith("x" * 99 + " is unknown: y")
    assert " … " in line
    assert line.endswith("; expected z")
    assert one_line(line) == line


def test_an_error_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(GradsheetError("a\nb")))
    assert (type(error), str(error)) == (GradsheetError, "a b")


def test_what_others_say_of_their_failure() -> None:
    assert reason(ValueError("first\nsecond")) == "first"
    assert reason(MemoryError()) == "MemoryError"
    assert reason(OSError(28, "No space left on device")) == "No space left on device"
    assert reason(OSError("odd")) == "odd"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("cannot read b.xlsx: it is a folder", "it is a folder"),
        ("b.xlsx is not a sound .xlsx", "it is not a sound .xlsx"),
        ("only .xlsx can be annotated and b.xlsx is .ods", None),
    ],
)
def test_what_is_said_beside_the_name_of_a_file(said: str, words: str | None) -> None:
    assert why(GradsheetError(said), "b.xlsx") == (words or said)
