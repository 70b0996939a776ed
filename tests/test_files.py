"""Files appear whole or not at all; whatever fails with one is one error."""

import os
from pathlib import Path

import pytest

from gradsheet.errors import GradsheetError
from gradsheet.files import is_leftover, is_same_file, read_bytes, read_text, reading, whole_file


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    with pytest.raises(ZeroDivisionError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert not list(path.parent.iterdir())
    with whole_file(path) as temporary:
        temporary.write_text("whole")
        assert is_leftover(temporary)
        assert not path.exists()
    assert [found.name for found in path.parent.iterdir()] == ["a.txt"]
    assert not is_leftover(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".config-k3_x9qab.json", True),
        (".mistakes-abcd1234.png", True),
        (".model-abcd1234", True),
        ("config.json", False),
        (".config.json", False),
        (".gitignore", False),
        (".config-k3_x9qab.json.bak", False),
    ],
)
def test_what_a_killed_process_leaves_is_known_by_its_name(name: str, expected: bool) -> None:
    assert is_leftover(Path("run") / name) == expected


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError(), RecursionError("deep"), OSError()])
def test_whatever_a_library_raises_is_one_error(error: Exception, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.touch()
    with pytest.raises(GradsheetError, match=r"a\.txt") as caught, reading(path, "a text"):
        raise error
    assert caught.value.__cause__ is error


def test_what_would_be_waited_for_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(GradsheetError, match="it is not a regular file; expected a text"):
            read_bytes(path, "a text", 100)
    with pytest.raises(GradsheetError, match="it is a folder"):
        read_bytes(tmp_path, "a text", 100)
    with pytest.raises(GradsheetError, match=r"cannot read .*: No such file"):
        read_bytes(tmp_path / "missing", "a text", 100)
    (tmp_path / "a").write_bytes(bytes(101))
    with pytest.raises(GradsheetError, match="is larger than 100 bytes; expected a text"):
        read_bytes(tmp_path / "a", "a text", 100)
    (tmp_path / "a").write_bytes(b"\xff")
    with pytest.raises(GradsheetError, match="is not UTF-8 text; expected a text"):
        read_text(tmp_path / "a", "a text", 100)


def test_the_same_file_by_another_name(tmp_path: Path) -> None:
    path, link, other = tmp_path / "a", tmp_path / "link", tmp_path / "b"
    path.touch()
    other.touch()
    link.symlink_to("a")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert is_same_file(path, link)
    assert is_same_file(path, tmp_path / "x" / ".." / "a")
    assert not is_same_file(path, other)
    assert not is_same_file(path, tmp_path / "one")
    assert not is_same_file(path, tmp_path / "missing")
