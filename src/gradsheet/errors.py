"""The one error a user is meant to read, and the one line it is shown in."""

import re

LONGEST_LINE = 300
"""Characters of a line on stderr, with the program's name that begins it."""

_LONGEST = LONGEST_LINE - len("gradsheet: ")
_TAIL = 100  # what to do about it comes last
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NO_CHARACTERS = re.compile("[\ud800-\udfff\ufffe\uffff]")


class GradsheetError(Exception):
    """Invalid input, or a failure that the user can fix, reported in one line.

    The message says what was read, what was expected and what to do about it. The command line
    prints it on stderr and exits with code 2. It may quote a file that came from anywhere: the
    line that is shown has no control characters and is not long.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


def one_line(text: str) -> str:
    """Text in one line of a bearable length: of a longer one the middle is left out."""
    line = " ".join(legible(text).split())
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST - _TAIL - 3]} … {line[-_TAIL:]}"


def reason(error: BaseException) -> str:
    """What another library or the system says of its failure: the first line of it."""
    said = error.strerror if isinstance(error, OSError) else None
    return said or (str(error).strip().splitlines() or [type(error).__name__])[0]


def why(error: BaseException, path: object) -> str:
    """What an error says of the file at ``path``, for a line that names the file already."""
    said = str(error).removeprefix(f"cannot read {path}: ")
    return f"it {said.removeprefix(f'{path} ')}" if said.startswith(f"{path} ") else said


def legible(text: str) -> str:
    """Text from a file, safe to show anywhere.

    Control characters become a space, and what turns the direction of writing is dropped: either
    can make a terminal or a page show something else than is there.
    """
    return encodable(_TURNS.sub("", _CONTROLS.sub(" ", text)))


def encodable(text: str) -> str:
    """Text that UTF-8 can hold: halves of a character become the sign for an unknown one."""
    return _NO_CHARACTERS.sub("\ufffd", text)
