"""The command ``gradsheet``, which is ``python -m gradsheet`` too."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit; an interrupt ends its imports, too, with one line."""
    try:
        from gradsheet.cli.app import main as run
    except KeyboardInterrupt:
        print("gradsheet: interrupted", file=sys.stderr)
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
