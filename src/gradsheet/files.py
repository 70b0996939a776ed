"""Files appear whole or not at all, and whatever fails with a file is one error.

Everything is written beside its place, then renamed. What the libraries that read or write a file
raise, whatever it is, becomes a ``GradsheetError`` here and nowhere else.
"""

import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from gradsheet.errors import GradsheetError, reason

try:
    import fcntl
except ImportError:  # Windows, which opens no folder either
    fcntl = None  # type: ignore[assignment]

_NEW = 1.0  # seconds
_TEMPORARY = re.compile(r"\..*-[a-z0-9_]{8}(\.\w+)?")


@contextmanager
def reading(path: Path, expected: str, remedy: str = "") -> Iterator[None]:
    """Turn whatever goes wrong in the block, which reads the file at ``path``, into one error.

    A file can come from anywhere, and a library that reads it may fail in any way.

    Args:
        path: the file; a pipe or a device, for which reading would wait, is refused.
        expected: what the file should be, such as ``a TOML file``.
        remedy: what to do where it is something else.

    Raises:
        GradsheetError: the file is not there, cannot be read, or is not what was expected.
    """
    try:
        if not stat.S_ISREG(mode := path.stat().st_mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise GradsheetError(f"cannot read {path}: it is {kind}; expected {expected}")
        yield
    except GradsheetError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:
            said = f"cannot read {path}: {error.strerror}; expected {expected}"
            raise GradsheetError(said) from error
        end = f"; {remedy}" if remedy else ""
        raise GradsheetError(f"{path} is not {expected} ({reason(error)}){end}") from error


def read_bytes(path: Path, expected: str, most: int = 1_000_000_000) -> bytes:
    """The content of a file that is no larger than ``most`` bytes.

    Raises:
        GradsheetError: it is larger, or as ``reading``.
    """
    with reading(path, expected), path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise GradsheetError(f"{path} is larger than {most:,} bytes; expected {expected}")
    return content


def read_text(path: Path, expected: str, most: int = 100_000_000) -> str:
    """The same of a file of UTF-8 text."""
    content = read_bytes(path, expected, most)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise GradsheetError(f"{path} is not UTF-8 text; expected {expected}") from error


def read_json(
    path: Path, expected: str, hook: Callable[[dict[str, Any]], Any] | None = None
) -> Any:
    """What a file of JSON says; ``hook`` sees every object of it."""
    text = read_text(path, expected)
    with reading(path, expected):
        return json.loads(text, object_hook=hook)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block succeeds.

    When the block raises, what stood at ``path`` before is untouched and nothing is left beside
    it, also of what a killed process left. Missing parent folders are made. The temporary name
    keeps the suffix, by which many writers choose their format.

    Raises:
        GradsheetError: the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        _remove_leftovers(path)
        handle, name = mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        with _in_use(handle):
            yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _in_use(handle: int) -> Iterator[None]:
    """Lock a temporary file while it is written; the lock goes with the process."""
    if fcntl is None:
        os.close(handle)
        yield
        return
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remove_leftovers(path: Path) -> None:
    """Remove what killed processes left of the same file: nobody holds a lock on it."""
    for other in path.parent.iterdir() if fcntl is not None else ():
        same = other.name.startswith(f".{path.stem}-") and other.suffix == path.suffix
        if not (same and is_leftover(other)):
            continue
        with suppress(OSError), other.open("rb") as file:
            if time.time() - other.stat().st_mtime > _NEW:  # else it may not be locked yet
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                other.unlink()


def is_same_file(first: Path, second: Path) -> bool:
    """Whether two paths lead to one file, also by way of a link or of letters in another case."""
    try:
        return os.path.realpath(first) == os.path.realpath(second) or first.samefile(second)
    except OSError:  # one of them is not there, or links lead in a circle
        return False


def is_within(path: Path, folder: Path) -> bool:
    """Whether a file lies below a folder, whatever links lead there."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def is_leftover(path: Path) -> bool:
    """Whether a file has a temporary name from here: what a killed process leaves."""
    return _TEMPORARY.fullmatch(path.name) is not None


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def check_suffix(path: Path, suffix: str) -> None:
    """Refuse a name under which no program would open the file.

    Raises:
        GradsheetError: it does not end in ``suffix``.
    """
    if path.suffix.lower() != suffix:
        raise GradsheetError(f"the output name must end in {suffix} (got {path})")


def check_place(path: Path, is_folder: bool = False) -> None:
    """Refuse a file or a folder that cannot be written, before long work; nothing is made.

    Raises:
        GradsheetError: something of another kind has its name, or its place cannot be written.
    """
    if is_folder and path.exists() and not path.is_dir():
        raise _not_a_folder(path)
    if not is_folder and path.is_dir():
        raise _unwritable(path, IsADirectoryError(21, "it is a folder"))
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    parent = path.absolute().parent if there == path and not is_folder else there
    if not parent.is_dir():
        raise _unwritable(path, NotADirectoryError(20, f"{parent} is a file"))
    if not os.access(parent, os.W_OK):
        raise _unwritable(path, PermissionError(13, "Permission denied"))


def make_folder(path: Path) -> Path:
    """Make the folder ``path`` (and its parents) where it is missing and return it.

    Raises:
        GradsheetError: it cannot be made, or a file has its name.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise _not_a_folder(path) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


@contextmanager
def exclusive(folder: Path, wait: bool = False) -> Iterator[None]:
    """Keep other commands from working in ``folder``, and remove what killed ones left there.

    The lock goes with the process, however it ends. Where a file system knows none, there is none.

    Args:
        folder: made where it is missing.
        wait: whether to wait for another command instead of refusing.

    Raises:
        GradsheetError: another command works there.
    """
    make_folder(folder)
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder, wait)
        for path in filter(is_leftover, folder.iterdir()):
            path.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, wait: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise GradsheetError(
            f"another command works in {folder}; wait until it is done, or give another folder"
        ) from error
    except OSError:
        return


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _not_a_folder(path: Path) -> GradsheetError:
    return GradsheetError(f"cannot write {path}: it is a file; expected a folder")


def _unwritable(path: Path, error: OSError) -> GradsheetError:
    return GradsheetError(f"cannot write {path}: {reason(error)}; choose a place you may write to")
