"""Every fixed sentence of the workbook's sheets, sheet by sheet; what they hold is elsewhere.

Those of Gradient check and Common mistakes are in ``check_texts``, those of exercises in
``exercise_texts``. A text of a formula has at most 255 characters.
"""

from collections.abc import Sequence

from gradsheet.networks.sweep import in_updates

# --- Words of several sheets -------------------------------------------------------------------

LOSS = "the loss"
LOSS_AXIS = "E_total"
SHORT = "∂E/∂w is short for ∂E_total/∂w."
"""On every sheet that shows gradients."""
UPDATES = "updates"
RATE_MESSAGE = "A learning rate of the Inputs sheet."
RATE_IN_USE = "η used"
FIRST_STEP = "first step"
RIGHT, WRONG = "right", "wrong"
NONE = "—"
CHANGED = "changed"

# --- Start -------------------------------------------------------------------------------------

FILE_HEADING = "This network as a file for gradsheet"
CHECKED = "What is checked, now and after every change"
RECALCULATED = "Recalculated by other programs"
HOW_TO_VERIFY = "This file: run gradsheet verify FILE.xlsx; --engine chooses the program."
HOW_TO_READ, WHAT_TO_DO = "How to read it", "What to do"
READING = (
    "Click a cell: its formula is the mathematics, over the cells that it names.",
    "Follow one iteration on Derivation from top to bottom, then the same in one row of a training "
    "sheet.",
    "Then change any weight on Inputs: every cell, the diagram and the charts update.",
)
THE_SHEETS, THE_COLORS = "The sheets", "The colors"
PURPOSES = (  # of Inputs, Network, Derivation, Step, Learning rates, Gradient check, mistakes
    "the only cells to type in: change one and everything updates",
    "the network drawn, at any iteration of any learning rate",
    "one iteration, every step of the chain rule in a row of its own",
    "any one update, from the weights before to the weights after",
    "the loss after each update, and what too large a rate does",
    "every gradient against its central difference and autograd",
    "mistakes found in published course sheets, live, and why nobody noticed",
)
COLORS = (
    *("a cell to type in", "inputs", "targets", "weights and biases"),
    *("pre-activations and activations", "errors and the loss", "deltas, such as ∂E/∂o1"),
    *("gradients", "the optimizer's memory"),
)
LEFT_OUT = "Step, Gradient check and Common mistakes come with smaller networks."
NO_MISTAKES = "Common mistakes is left out: none of them can be made in this network."
LEFT_OUT_OF_EXERCISES = "Step, Gradient check and Common mistakes would show the answers: left out."


def start_subtitle(witness: bool) -> str:
    """What this is."""
    words = "Backpropagation in live cells: every result is a formula"
    return f"{words}, except autograd's on Gradient check." if witness else f"{words}."


def training_purpose(updates: int, number: int) -> str:
    """What the sheet of the 1-based learning rate ``number`` is for."""
    rows = ", one a row" if updates > 1 else ""
    return f"{in_updates(updates)} at learning rate η{number}{rows}"


# --- Inputs ------------------------------------------------------------------------------------

INPUTS_TITLE = "Inputs"
INPUTS_NOTE = "Change any yellow cell: every other sheet updates."
INPUTS_OF_EXERCISE = "The numbers of this exercise. They are locked: the marks belong to them."
NUMBERS_TO_USE = "Numbers to use"
NUMBERS_CHOICE = "The numbers in the yellow cells, or another set."
NOT_IN_LIST, CHOOSE_FROM_LIST = "Not in the list", "Choose from the list."
YELLOW_RESTING = "the yellow numbers are not in use, except the learning rates"
NUMBERS_IN_USE = "The numbers in use, which every other sheet reads:"
NUMBERS_HEADINGS = ("name", "in use")
SET_NUMBER = "set number"
EXAMPLE = "example"


def not_possible(symbol: str, wanted: str) -> tuple[str, str]:
    """The title and the message about a number that cannot be typed."""
    return f"{symbol}: not possible", f"Expected {wanted}, such as 0.5."


def iteration_message(last: int) -> str:
    """Which iterations can be chosen."""
    return f"A number of updates, 0 to {last}."


def network_summary(sizes: str, parameters: int, examples: int, optimizer: str, loss: str) -> str:
    """One line that describes a network."""
    trained = f"{parameters} trained parameter{'s' if parameters > 1 else ''}"
    count = f"{examples} example{'s' if examples > 1 else ''}"
    return f"A {sizes} network with {trained}, {count}, {optimizer}; {loss}."


# --- Derivation --------------------------------------------------------------------------------

DERIVATION_TITLE = "One iteration, step by step"
DERIVATION_HEADINGS = (
    *("", "step", "  in words", "  formula", "with the numbers", "value", "  the cell's formula"),
    *("", "in a formula"),
)
DIFFERS, UPDATES_THAT_DIFFER = (
    "differs from the table",
    "updates that differ from the training table:",
)
DERIVATION_CHECK = "the updates, derived step by step, equal the training table's next row"
GIVEN, FORWARD_LOSS = "Given on the Inputs sheet", "Forward: the loss"
BACKWARD_LOSS = "Backward: from the loss to each error"
MEMORY = "The optimizer's memory before the update"
UPDATE = "Update: one step of the optimizer"


def derivation_notes(examples: int) -> tuple[str, str]:
    """What is worked out."""
    first = (
        "The network of the Inputs sheet before any update: to the loss E_total, and back to every "
        f"weight. {SHORT}"
    )
    if examples == 1:
        return first, (
            "What several steps need, above all each unit's ∂E/∂h, is computed once and reused."
        )
    return first, (
        f"Example 1 of {examples} is worked out, the others alike: their values come from the "
        "first training sheet, iteration 0. E_total and every ∂E/∂w are over all examples."
    )


def forward_layer(number: int) -> str:
    """The heading of a layer's forward pass."""
    return f"Forward: layer {number}"


def backward_units(number: int) -> str:
    """The heading of a layer's deltas."""
    return f"Backward: the units of layer {number}"


def backward_weights(number: int) -> str:
    """The heading of a layer's gradients."""
    return f"Backward: the weights of layer {number}"


# --- Training sheets ---------------------------------------------------------------------------

ITERATION = "iteration"
COLUMN = "column"
ITS_FORMULA = "its formula, for every iteration"
OPTIMIZER_EXPLAINED = {
    "sgd": "Each parameter moves against its gradient, by η times it.",
    "momentum": "v is a sum of the gradients so far; each update keeps μ of it. The step is η·v.",
    "adam": "m and v are moving averages of the gradient and of its square, divided by 1 − p, "
    "because they start at 0. The step is η·m/(√v + ε).",
    "nesterov": "v is a sum of the gradients so far; each update keeps μ of it. The step looks "
    "ahead: η·(gradient + μ·v).",
    "adagrad": "v is the sum of the squares of the gradients so far. The step is η/(√v + ε) times "
    "the gradient.",
    "rmsprop": "v is a moving average of the square of the gradient. The step is η/(√v + ε) times "
    "the gradient.",
    "weight-decay": "Each parameter moves against its gradient and, by η·λ of itself, toward 0.",
}


def training_title(optimizer: str) -> str:
    """What is trained, up to the learning rate."""
    return f"{optimizer[0].upper()}{optimizer[1:]} at learning rate "


def after_updates(updates: int) -> str:
    """Behind the loss that is reached."""
    return f" after {in_updates(updates)}"


def formulas_notes(examples: int, parameters: int, listed: int) -> list[str]:
    """What the list of formulas leaves out; ``listed``: of how many parameters the gradients."""
    notes = []
    if listed < parameters:
        notes.append("The other gradients of a layer are computed like those listed.")
    if parameters > 1:
        notes.append("Every other parameter moves like the first.")
    notes.append(SHORT)
    if examples > 1:
        others = "example 2" if examples == 2 else f"examples 2 to {examples}"
        notes.append(f"The columns of {others} are computed like example 1's.")
    return notes


# --- Learning rates ----------------------------------------------------------------------------

RATES_TITLE = "The loss E_total at each learning rate"
RATES_NOTE = (
    "Each curve repeats E_total of one training sheet; #N/A marks a training that diverged."
)
RATES_RISES = "rises: updates after which E_total was higher than before; — where it diverged."
RATES_TABLE = "E_total after every update"
RATES_CHARTS = ("E_total", "E_total, logarithmic")
LOWEST = "◄ lowest"
TOO_LARGE = "What too large a rate does"
TOO_LARGE_CHART = "The weight w, update after update"


def too_large_notes(optimizer: str, is_plain: bool) -> tuple[str, str]:
    """What the rates do to one weight; ``is_plain``: so does the optimizer of the network."""
    network = (
        ": a network diverges the same way where its loss curves more sharply."
        if is_plain
        else f". The limits of {optimizer} are different."
    )
    return (
        "One weight w, the loss ½w² and gradient descent. The gradient is w, so an update makes "
        "w − η·w = (1 − η)·w of it. Below 1 it approaches 0, at 1 it reaches it at once,",
        "up to 2 it overshoots and still converges, above 2 every step leads farther away"
        f"{network}",
    )


def rates_headings(marks: Sequence[int]) -> list[str]:
    """The headings of the summary: the loss after so many updates, and whether it rose."""
    return ["η", "at first", *(f"after {mark}" for mark in marks), "rises", ""]


# --- Network -----------------------------------------------------------------------------------

NETWORK_TITLE = "The network"
NETWORK_EDGE = "Choose an edge from the list."
EDGE, NETWORK_VALUES, CHOSEN_EDGE = "edge", "what the chart shows", "the chosen edge"
NO_SUCH_EXAMPLE = "No such example"


def network_example(count: int) -> str:
    """What can be chosen."""
    return f"An example, 1 to {count}; the gradients are of the mean over all."


def network_notes(labeled: bool, has_choice: bool) -> tuple[str, ...]:
    """What the lines and the labels of the drawing mean."""
    colors = "Blue weights are positive, red ones negative; the thicker, the larger."
    if labeled:
        return (
            f"Choose what to see. On each edge: the weight, and below it ∂E/∂w. {SHORT} {colors}",
        )
    if has_choice:
        return (f"Choose what to see, and an edge (orange). {SHORT} {colors}",)
    return ("Choose what to see. With so many edges the lines do not show their weights.",)


def network_loss(examples: int) -> str:
    """Which loss is shown above the drawing."""
    if examples == 1:
        return "the loss"
    every = "both" if examples == 2 else f"all {examples}"
    return f"the mean over {every} examples, and so is every ∂E/∂w"


# --- Step --------------------------------------------------------------------------------------

STEP_TITLE = "One update, from before to after"
STEP_NOTES = (
    "Choose a learning rate and an iteration. The weights before the update come from the training "
    "table; everything else is computed again here, and the weights after it must be the table's "
    f"next. {SHORT}",
)
STEP_BLOCKS = (
    "1  before",
    "2  forward, with the weights before and after",
    "3  backward: each unit's delta",
    "4  the update",
)
STEP_UPDATE = ("", "before", "∂E/∂w", "  formula", "change", "after", "differs")
WEIGHTS_THAT_DIFFER = "weights that differ from the table:"
STEP_CHECK = "the update on the Step sheet leads to the training table's next row"
STEP_EXAMPLES = (
    "Each column of values is one example. E_total and ∂E/∂w are over all examples: Σ adds over "
    "them."
)


def step_marks(examples: int) -> tuple[list[str], list[str]]:
    """The headings of the values of each example before the update, and after it."""
    if examples == 1:
        return ["before"], ["after"]
    numbers = range(1, examples + 1)
    return [f"example {n}\nbefore" for n in numbers], [f"example {n}\nafter" for n in numbers]


def step_examples(examples: int) -> list[str]:
    """The headings of each example's deltas."""
    return [f"example {n}" for n in range(1, examples + 1)] if examples > 1 else ["value"]
