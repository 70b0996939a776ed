"""The command line: which commands there are, and how the program ends."""

import sys
from collections.abc import Callable
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from gradsheet.cli import audit, demo, digits, models, networks
from gradsheet.cli.terminal import INTERRUPTED, complain
from gradsheet.errors import GradsheetError

# Every command imports what it needs when it runs, so that help and errors come at once.

app = typer.Typer(
    name="gradsheet",
    help="Small neural networks that hide nothing: backpropagation as a live workbook, and a "
    "17,410-parameter network that reads digits.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "workbook": networks.workbook,
    "verify": networks.verify,
    "sweep": networks.sweep,
    "diagram": networks.diagram,
    "audit": audit.audit,
    "summary": digits.summary,
    "train": digits.train,
    "lr-find": digits.lr_find,
    "study": digits.study,
    "compare": digits.compare,
    "evaluate": digits.evaluate,
    "predict": digits.predict,
    "open": models.open_model,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)


def main() -> NoReturn:
    """Run the command line and exit.

    0 done, 1 not verified or mistakes found, 2 invalid input, 130 interrupted.
    """
    try:
        code = app(standalone_mode=False)
    except GradsheetError as error:
        code = _invalid(str(error))
    except TyperException as error:
        code = _invalid(error.format_message())
    except OSError as error:
        code = _invalid(f"{error.filename or 'the output'}: {error.strerror or error}")
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except RuntimeError as error:
        # An interrupt while a class is made, in an import, comes wrapped.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        code = INTERRUPTED
    if code == INTERRUPTED:
        complain("interrupted")
    sys.exit(code)


def _invalid(message: str) -> int:
    complain(message)
    return 2
