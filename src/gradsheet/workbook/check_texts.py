"""The fixed sentences of the sheets Gradient check and Common mistakes."""

from collections.abc import Sequence

from gradsheet.networks.mistakes import Kind
from gradsheet.networks.sweep import in_updates
from gradsheet.workbook.texts import RIGHT, SHORT

# --- Gradient check ----------------------------------------------------------------------------

NOT_COMPUTED = (
    "autograd: not computed, because PyTorch was not installed when this workbook was written."
)
GRADIENT_HEADINGS = (
    *("", "formula", "central difference", "autograd", "formula − difference"),
    *("formula − autograd", "fails", "kinks"),
)
FAILURES, NUDGED_ROW, TOO_LARGE_TO_WRITE = "failures", "nudged", "too large"
NUDGED = "The nudged networks: in each row one parameter, marked, is moved up or down."
KINKS = (
    "kinks: those of a ReLU between w − ε and w + ε. Where there is one, the difference is not "
    "a derivative and is not compared."
)


def gradient_title(witness: bool) -> str:
    """With autograd there are three witnesses."""
    return f"Is every gradient right? {'Three' if witness else 'Two'} witnesses"


def gradient_notes(version: str) -> tuple[str, str]:
    """What is compared; ``version`` is torch's, where autograd was computed."""
    autograd = (
        f"autograd: torch {version}, float64, for the numbers this workbook was made with; "
        "not computed again when they change."
    )
    return (
        "formula: the training table's, iteration 0. central difference: "
        "(E_total(w + ε) − E_total(w − ε))/2ε, by forward passes of the networks on the right.",
        f"{autograd if version else NOT_COMPUTED} {SHORT}",
    )


def changed_numbers(witness: bool) -> str:
    """Behind how many numbers were changed."""
    words = "of the numbers this workbook was made with"
    return f"{words}; with any changed, autograd is not compared" if witness else words


def tolerances(witness: bool) -> str:
    """How far a gradient may be from each witness."""
    words = (
        "Tolerance: 1E-9·(1 + E_total) + 1E-6·|formula| against the difference, which is rounded "
        "and truncated"
    )
    return f"{words}; 1E-12·(1 + |autograd|) against autograd." if witness else f"{words}."


def some_checked(checked: int, every: int) -> str:
    """Where there are too many parameters."""
    return f"{checked} of {every} parameters are checked, evenly spread."


def gradients_checked(checked: int, every: int, witness: bool) -> str:
    """What is checked, for the sheet Start."""
    if checked < every:
        autograd = ", and autograd's values" if witness else ""
        return f"{checked} of {every} gradients equal their central differences{autograd}"
    words = "every gradient equals its central difference"
    return f"{words} and autograd's value" if witness else words


# --- Common mistakes ---------------------------------------------------------------------------

MISTAKES_TITLE = "Mistakes that nobody noticed"
MISTAKES_NOTES = (
    "Of 51 published course sheets 33 hold a wrong formula, and the loss falls in all of them. "
    "Here each mistake is made in live cells and the network is trained with it, by its own",
    "optimizer. A loss that falls proves nothing about its gradients. Compare the numbers, as "
    f"Gradient check does. {SHORT}",
)
MISTAKES_TRAININGS = "The training runs behind the curves: right, then with each mistake."
MISTAKES_CHART = ("The loss at learning rate ", ", right and with each mistake")
MISTAKE_HEADINGS = ("at first", "error", "error / right")
MISTAKE_TRAINING_HEADINGS = (RIGHT, "with the mistake")
MISTAKE_STEP = "cosine between it and steepest descent: above 0 it leads downhill"
MISTAKE_SO = "so"
MISTAKE_GRADIENTS = {
    "none": "The gradients are too large to compare.",
    "same": "At first the wrong formula gives the right number.",
    "zero": "The right gradient is next to nothing beside the wrong one.",
    "vanishes": "The wrong gradient is next to nothing beside the right one.",
    "sign": "The gradient has the wrong sign.",
    "tiny": "The gradient has the right sign and an error of at most 1%.",
    "small": "The gradient has the right sign and an error of at most 50%.",
    "large": "The gradient has the right sign, but an error of more than 50%.",
}
MISTAKE_STEPS = {
    "none": "The first step has no direction to compare.",
    "downhill": "The first step of all weights together leads downhill.",
    "not downhill": "The first step of all weights together does not lead downhill.",
}
MISTAKE_LOSSES = {
    "both diverge": "Both trainings diverge, the right one too: the learning rate is too large.",
    "diverges": "The training with the mistake diverges: here the curve shows it.",
    "right diverges": "The right training diverges, the one with the mistake does not.",
    "right rises": "Even with the right formulas the loss ends no lower than it started, so the "
    "curves tell nothing.",
    "rises": "With the mistake the loss ends no lower than it started: here the curve shows it.",
    "same": "The loss falls as far as with the right formulas, to within 1%: the curve shows "
    "nothing.",
    "lower": "The loss falls even farther than with the right formulas: the curve shows nothing.",
    "higher": "The loss falls, though less far than with the right formulas: without their curve "
    "nobody would notice.",
}


def mistake_curve(number: int) -> str:
    """The name of the curve of a mistake."""
    return f"mistake {number}"


def mistake_losses(updates: int) -> tuple[str, str]:
    """The words before and after the loss at first."""
    return "from ", f" at first, after {in_updates(updates)}"


def kind_and_needs(kind: Kind) -> str:
    """A kind of mistake that a network does not admit, and what it takes."""
    return f"{kind.name} (needs {kind.needs})"


def mistakes_absent(absent: Sequence[str]) -> str:
    """The kinds of mistake that are not made."""
    words = "Not made here, because the network lacks what they need or the formula is too long: "
    return f"{words}{'; '.join(absent)}."
