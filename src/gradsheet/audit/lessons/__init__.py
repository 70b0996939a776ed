"""What each rule teaches: an example, what happens to the loss, and how to fix it."""

from gradsheet.audit.lessons.algebra import ALGEBRA
from gradsheet.audit.lessons.lesson import Lessons
from gradsheet.audit.lessons.network import FORWARD, GRADIENTS, LOSS
from gradsheet.audit.lessons.presentation import PRESENTATION
from gradsheet.audit.lessons.reading import READING
from gradsheet.audit.lessons.structure import STRUCTURE
from gradsheet.audit.lessons.training import LEARNING_RATE, UPDATES

LESSONS: Lessons = {
    **READING,
    **STRUCTURE,
    **ALGEBRA,
    **FORWARD,
    **LOSS,
    **GRADIENTS,
    **UPDATES,
    **LEARNING_RATE,
    **PRESENTATION,
}
"""By rule, in the order of the codes."""
