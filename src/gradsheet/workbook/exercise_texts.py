"""Every fixed sentence of an exercise that other workbooks do not have."""

from gradsheet.workbook.cover import COVER_SHEET
from gradsheet.workbook.exercise import Exercise
from gradsheet.workbook.exercise_levels import Level
from gradsheet.workbook.inputs_layout import INPUTS_SHEET
from gradsheet.workbook.layout import DERIVATION_SHEET, NETWORK_SHEET, RATES_SHEET

MARK = "mark"
HINT_TITLE = "Hint"
HINT_MESSAGE = "Choose hint: it appears in the column formula, and is counted."
NO_SUCH_HINT = "Choose hint, or leave the cell empty."
SEARCH_GROUP = "Find the mistake"
SEARCHED_STEP = "The first step with a wrong formula: its number, in column A"
SEARCHED_VALUE = "The right value of that step"

_FILL = (
    "Fill in the yellow cells of Derivation, each as a number or as a formula over the cells above "
    "it.",
    "Then fill in the yellow columns of the training sheet: the first row, and copy it down. The "
    "first row is marked.",
    "A hint: choose hint beside the mark, and it appears in the column formula. Hints in use are "
    "counted.",
)
_SEARCH = (
    "One step of the backward pass on Derivation has a wrong formula. What follows from it is "
    "wrong, too, on every sheet.",
    "Fill in the two yellow cells at the top of Derivation: the number of the wrong step, and its "
    "right value.",
)
_FALLS = "With all of them right the loss on Learning rates ends lower than it started."
_LOCKED = "Only yellow cells and the choices of hints can be changed; all others are locked."
_MARKS = (
    "The mark: right; right from your own values (an earlier answer is not); right so far: give "
    "more digits; rounded too early;",
    "sign wrong; a factor that is missing or too much, such as twice the right value; the value of "
    "another cell; not a number; wrong.",
)


def exercise_lines(exercise: Exercise) -> list[str]:
    """What to do, and what the marks mean."""
    lines = _SEARCH if exercise.level is Level.MISTAKE else _FILL
    falls = [_FALLS] if exercise.falls and exercise.asked else []
    rounded = f"Give {exercise.digits} significant digits; compute with more."
    return [*lines, *falls, _LOCKED, rounded, *_MARKS]


def exercise_purposes(exercise: Exercise) -> dict[str, str]:
    """What the sheets are for, where that is not what it is in other workbooks."""
    purposes = {
        COVER_SHEET: "whose exercise this is",
        INPUTS_SHEET: "the numbers of this exercise, locked: the marks belong to them",
        DERIVATION_SHEET: "one iteration, step by step; the yellow cells are to be filled in",
        RATES_SHEET: "the loss after each update, and what too large a rate does",
    }
    if exercise.asked:
        purposes[NETWORK_SHEET] = "the network drawn; what is not filled in yet counts as 0"
    return purposes
