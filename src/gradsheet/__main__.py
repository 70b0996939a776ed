"""``python -m gradsheet`` is ``gradsheet``."""

from gradsheet.cli.app import main

main()
