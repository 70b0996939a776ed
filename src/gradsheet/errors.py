"""The one error a user is meant to read."""


class GradsheetError(Exception):
    """Something the user can mend, said in one line.

    The message says what was read, what was expected and what to do about it. The command line
    prints it on stderr and exits with code 2.
    """
