"""``python -m gradsheet`` is ``gradsheet``."""

from gradsheet.cli import main

main()
