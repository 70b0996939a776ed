"""The command line: which commands there are, and how the program ends."""

import inspect
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn, TextIO

import typer
from typer.exceptions import TyperException

from gradsheet.cli import audit, classroom, demo, digits, explorer, models, networks, zoo
from gradsheet.cli.interrupts import acknowledge, interruptible
from gradsheet.cli.terminal import INTERRUPTED, complain, finish_output, prepare_streams
from gradsheet.deprecation import FormerKey
from gradsheet.errors import GradsheetError, reason
from gradsheet.extras import missing_extra

# Every command imports what it needs when it runs, so that help and errors come at once.

_TRACEBACK = "GRADSHEET_TRACEBACK"

app = typer.Typer(
    name="gradsheet",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)

_COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Networks": {
        "workbook": networks.workbook,
        "verify": networks.verify,
        "sweep": networks.sweep,
        "diagram": networks.diagram,
    },
    "Audit": {"audit": audit.audit},
    "Classroom": {"assign": classroom.assign, "mark": classroom.mark},
    "Pages": {"explore": explorer.explore},
    "Digit classifier": {
        "zoo": zoo.zoo,
        "summary": digits.summary,
        "train": digits.train,
        "lr-find": digits.lr_find,
        "study": digits.study,
        "compare": digits.compare,
        "evaluate": digits.evaluate,
        "predict": digits.predict,
        "open": models.open_model,
    },
    "Demo": {"demo": demo.demo},
}


def _help_of(command: Callable[..., None]) -> str:
    """The docstring of a command, a paragraph a line: the terminal wraps it."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


for _group, _commands in _COMMANDS.items():
    for _name, _command in _commands.items():
        app.command(_name, help=_help_of(_command), rich_help_panel=_group)(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"gradsheet {version('gradsheet')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def gradsheet(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Backpropagation in live spreadsheets, and a 17,410-parameter digit classifier."""
    if context.invoked_subcommand is None:
        context.get_help()  # prints it


def main() -> NoReturn:
    """Run the command line and exit.

    0 done, 1 not verified or mistakes found, 2 invalid input, 130 interrupted.
    """
    prepare_streams()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it draws without its cache as well
    with interruptible():
        sys.exit(finish_output(_run()))


def _run() -> int:
    """Run the command and print why it ended early; the exit code."""
    try:
        with _former_keys_noted():
            code = app(prog_name="gradsheet", standalone_mode=False) or 0
        return _interrupted() if code == INTERRUPTED else code  # typer says nothing of it
    except SystemExit as ended:
        return int(ended.code or 0)
    except GradsheetError as error:
        return _invalid(str(error))
    except TyperException as error:
        return _invalid(_usage_error(error))
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except OSError as error:
        return _invalid(f"{error.filename or 'cannot print'}: {reason(error)}")
    except Exception as error:
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """What no part of the program foresaw; a traceback helps those who fix it, nobody else."""
    if isinstance(error, ModuleNotFoundError) and (message := missing_extra(error)):
        return _invalid(message)
    # An interrupt while a class is made, in an import, comes wrapped.
    if isinstance(error.__cause__, KeyboardInterrupt):
        return _interrupted()
    if os.environ.get(_TRACEBACK):
        raise error
    if isinstance(error, MemoryError):
        return _invalid("there is not enough memory for this; use something smaller")
    return _invalid(
        f"unexpected {type(error).__name__} ({reason(error)}); this is a fault of gradsheet: "
        f"please report it with what the same command prints under {_TRACEBACK}=1"
    )


def _interrupted() -> int:
    acknowledge()
    complain("interrupted")
    return INTERRUPTED


@contextmanager
def _former_keys_noted() -> Iterator[None]:
    """Print one line for a key that a file still has under its former name."""
    with warnings.catch_warnings():
        warnings.simplefilter("once", FormerKey)
        show = warnings.showwarning

        def note(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, FormerKey):
                complain(f"note: {message}")
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = note
        yield


def _invalid(message: str) -> int:
    complain(message)
    return 2


# What a check of an option expects, by the name that pydantic has for it.
_EXPECTED = {
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}


def _in_our_words(message: str, check: dict[str, Any]) -> str:
    """A message that ends in pydantic's words, which are about strings and parsing."""
    expected = _EXPECTED.get(check["type"])
    if expected is None:
        return message
    option = message.removesuffix(check["msg"]).rstrip(": ")
    return f"{option}: expected {expected.format_map(check.get('ctx', {}))}"


def _usage_error(error: TyperException) -> str:
    """What is wrong with the command given, and which help explains it."""
    message = error.format_message().rstrip(".?")
    pydantic = getattr(error.__cause__, "errors", None)  # with which Typer checks options
    if pydantic is not None and (checks := pydantic()):
        message = f"{_in_our_words(message, checks[0])} (got {checks[0]['input']})"
    context = getattr(error, "ctx", None)
    return f"{message}; see '{context.command_path} --help'" if context else f"{message}."
