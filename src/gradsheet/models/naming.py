"""The names of sheets."""

from gradsheet.models.capture.scope import LOSS
from gradsheet.models.grouping import Group, Grouped
from gradsheet.spreadsheet.limits import NOT_IN_A_SHEET_NAME, SHEET_NAME_CHARACTERS

LOSS_SHEET, OUTPUT_SHEET = "Loss", "Output"

_PLAIN_NAMES = {"_prelu_kernel": "prelu", "log_sigmoid_forward": "log sigmoid"}


def sheet_names(grouped: Grouped) -> list[str]:
    """A name for each group: its number, its module and what it computes."""
    names = []
    for index, group in enumerate(grouped.groups):
        if group.where.path == LOSS:
            names.append(LOSS_SHEET if grouped.loss is not None else OUTPUT_SHEET)
        else:
            names.append(_name(index + 1, group))
    return _distinct(names)


def _name(number: int, group: Group) -> str:
    words = [group.where.path.replace("'", " ")]
    if group.where.standard and not group.where.path:
        words.append(group.where.kind)
    elif not group.where.standard:
        words.append(operations(group))
    elif group.where.path.split(".")[-1].isdigit():
        words.append(group.where.kind)
    plain = NOT_IN_A_SHEET_NAME.sub(" ", printable(" ".join(w for w in words if w)))
    return f"{number} {' '.join(plain.split())}"[:SHEET_NAME_CHARACTERS].rstrip()


def operations(group: Group) -> str:
    """The first operations of a group."""
    found = dict.fromkeys(node.primitive.name for node in group.computed)
    return " ".join(_PLAIN_NAMES.get(name, name) for name in found if name)[:24]


def _distinct(names: list[str]) -> list[str]:
    """The numbers in front keep names apart; two losses get a number behind."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return found


def printable(text: str) -> str:
    """The text with spaces for control characters and for those beyond 16 bits."""
    return "".join(c if c.isprintable() and ord(c) < 0x10000 else " " for c in text)
