"""The sentences of a finding, rendered from its rules and details: for every page, note and line.

This is the one file to translate. No code inspects what it renders.
"""

import math
from collections.abc import Iterator, Sequence
from functools import singledispatch

from gradsheet.audit import rules
from gradsheet.audit.details import (
    Cause,
    CellWithoutFormula,
    Change,
    ChartOfOtherColumn,
    ChartOfSomeRows,
    ColumnWithoutFormulas,
    Content,
    Details,
    Effect,
    EmptyData,
    FilledOver,
    Formula,
    GradientTaken,
    MoreWrongFormulas,
    NoStart,
    NotRead,
    OddCell,
    OtherHeader,
    OtherNumbering,
    OtherRateCell,
    OtherUpdateRule,
    OutOfDate,
    PastedLosses,
    RateCellWithoutNumber,
    RateTaken,
    Rounded,
    RowWithoutFormulas,
    Steps,
    TypedRate,
    Unreadable,
    Value,
    WeightsTaken,
    WrongFormula,
)
from gradsheet.audit.findings import ColumnAudit, Finding, Network
from gradsheet.audit.rules import Rule
from gradsheet.networks.losses import loss_named
from gradsheet.networks.step_units import is_step
from gradsheet.networks.update_rules import UPDATE_RULES
from gradsheet.spreadsheet.addresses import CellRef, column_letters

_LONGEST_TEXT = 30  # characters of a cell's text that are quoted

_MOST_FOLLOWERS = 6  # cells that follow from a mistake, by name

_WITHOUT_PARTS = {
    rules.SIGN: "has the wrong sign",
    rules.OPERATOR: "uses a wrong operator",
    rules.BRACKET: "has a misplaced bracket",
    rules.DOUBLED: "is twice the right formula",
    rules.HALVED: "is half the right formula",
    rules.SLIDING: "reads the learning rate from a cell that moves down with each row: its "
    "reference has no $",
    rules.UNEXPLAINED: "does not compute the right value, and no known mistake explains it",
}
_LONGEST_PART = 160  # characters
_OTHER_UPDATE = "the weights are not updated by w − η·gradient"
_WEIGHTS_TAKEN = {
    rules.UPDATED: "uses {} after the update instead of before it",
    rules.OTHER_ROW: "uses {} of the row above",
    rules.PINNED: "uses {} of the first row in every row",
}


def title(broken: Sequence[Rule]) -> str:
    """The titles of rules: ``factor left out and wrong output``."""
    return " and ".join(rule.title for rule in broken)


def label(broken: Sequence[Rule]) -> str:
    """Codes and titles: ``GS601 local derivative of the wrong unit``."""
    return f"{'+'.join(rule.code for rule in broken)} {title(broken)}"


def message(found: Finding) -> str:
    """What is wrong and how much it matters, as clauses whose subject is the cell."""
    clauses = [_message(found.details)]
    if found.elsewhere:
        clauses.append(f"the same in {', '.join(map(str, found.elsewhere))}")
    if found.followers:
        clauses.append(_followers(found))
    if others := tuple(dict.fromkeys(place.sheet for place in found.on_sheets)):
        clauses.append(f"the same on {'sheet' if len(others) == 1 else 'sheets'} {_listed(others)}")
    return "; ".join(clauses)


def _followers(found: Finding) -> str:
    """The cells that follow from a finding, the first of them by name."""
    own = (c._replace(sheet="") if c.sheet == found.sheet else c for c in found.followers)
    names = tuple(map(str, own))
    named, more = names[:_MOST_FOLLOWERS], len(names) - _MOST_FOLLOWERS
    listed = f"{', '.join(named)} and {more} more cells" if more > 1 else _listed(names)
    return f"{listed} {'follows' if len(names) == 1 else 'follow'} from it"


def follows_from(cell: CellRef) -> str:
    """That a value is wrong because of another cell."""
    return f"follows from {cell}"


def line(found: Finding) -> str:
    """The whole finding in one line."""
    return ": ".join(filter(None, (found.place, label(found.rules), message(found))))


def written_and_right(found: Finding) -> tuple[str, str]:
    """The formula as written and a right one; empty where the finding is about no formula."""
    if isinstance(found.details, WrongFormula):
        return formula(found.details.written), formula(found.details.right)
    return "", ""


def why_not_read(found: Finding) -> str:
    """The reason why a column was not read; empty where the finding gives none."""
    if isinstance(found.details, OtherUpdateRule):
        return _OTHER_UPDATE
    causes = found.details.causes if isinstance(found.details, WrongFormula) else ()
    unread = (c for c in causes if isinstance(c, Unreadable) and c.rule is rules.NOT_UNDERSTOOD)
    return next((cause.reason for cause in unread), "")


def cells_in_words(found: Finding) -> str:
    """How many cells show it, where they are several."""
    if found.cells <= 1:
        return ""
    sheets = 1 + len({place.sheet for place in found.on_sheets})
    where = f" on {sheets} sheets" if sheets > 1 else ""
    return f"Found in {found.cells} cells{where}, from {found.cell} on."


def named(subject: Finding | ColumnAudit) -> str:
    """What a column holds, in the field's notation, where its header differs."""
    header = subject.column if isinstance(subject, Finding) else subject.header
    name = subject.role.plain if subject.role else ""
    return name if name != header else ""


# --- Formulas --------------------------------------------------------------------------------


def formula(found: Formula) -> str:
    """A formula as one line of text."""
    return "".join(part if isinstance(part, str) else _value(part) for part in found.parts)


def _part(found: Formula) -> str:
    """A formula within a sentence: of a very long one the beginning."""
    text = formula(found)
    return text if len(text) <= _LONGEST_PART else f"{text[:_LONGEST_PART].rstrip()} …"


def _value(value: Value) -> str:
    row = "step" if value.in_steps else "row"
    match value.rows_above:
        case None:
            return value.name
        case 0:
            return f"{value.name} of this {row}"
        case 1 | -1 if value.in_steps:
            return f"{value.name} of the {'step before' if value.rows_above > 0 else 'next step'}"
        case 1 | -1:
            return f"{value.name} of the row {'above' if value.rows_above > 0 else 'below'}"
    return f"{value.name} of another {row}"


def _causes(causes: tuple[Cause, ...]) -> str:
    return " and ".join(map(cause_in_words, causes)).removesuffix(",")


@singledispatch
def cause_in_words(cause: object) -> str:
    """What was done, as a clause whose subject is the cell."""
    raise TypeError(f"no sentence for {cause!r}")


@cause_in_words.register
def _(cause: Change) -> str:
    every = ", and likewise in every such term," if cause.everywhere else ""
    if cause.wrong and cause.right:
        return f"uses {_part(cause.wrong)} instead of {_part(cause.right)}{every}"
    if cause.right:
        return f"leaves out {_part(cause.right)}{every}"
    if cause.wrong:
        return f"contains {_part(cause.wrong)} once too often{every}"
    return f"{_WITHOUT_PARTS[cause.rule]}{every}"


@cause_in_words.register
def _(cause: WeightsTaken) -> str:
    text = _WEIGHTS_TAKEN[cause.rule].format(_listed(cause.weights))
    if cause.in_steps:
        text = text.replace("row above", "step before").replace("row", "step")
    return text


@cause_in_words.register
def _(cause: GradientTaken) -> str:
    swapped = ", and that column computes this one" if cause.rule == rules.SWAPPED else ""
    return f"computes {cause.gradient}{swapped}"


@cause_in_words.register
def _(cause: RateTaken) -> str:
    holds = f" ({cause.holds})" if cause.holds else ""
    right = f" instead of {cause.right}" if cause.right else ""
    return f"takes the learning rate from {cause.cell}{holds}{right}"


@cause_in_words.register
def _(cause: FilledOver) -> str:
    return f"holds the formula of {cause.column}, which was filled across this column"


@cause_in_words.register
def _(cause: Unreadable) -> str:
    return cause.reason


def _listed(names: tuple[str, ...]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


# --- The effect of a wrong formula -----------------------------------------------------------


def _effects(effect: Effect) -> Iterator[str]:
    if effect.is_error:
        yield "the cell shows an error"
    elif not math.isnan(effect.largest):
        yield _size(effect)
    if effect.loss_change is not None:
        together = " because of both" if effect.jointly else ""
        change = f"{_too(effect.loss_change)}{together}" if effect.loss_change else "the same"
        yield f"after {effect.updates} updates the loss is {change}"


def _size(effect: Effect) -> str:
    first, most = f"{abs(effect.difference):.2g}", f"{effect.largest:.2g}"
    size = _too(effect.difference) if effect.difference else "right by chance"
    later = f", off by up to {most} in later rows" if most != first else ""
    return f"the {effect.of} is {size} in this row{later}"


def _too(difference: float) -> str:
    return f"{abs(difference):.2g} too {'large' if difference > 0 else 'small'}"


# --- Messages --------------------------------------------------------------------------------


@singledispatch
def _message(details: Details) -> str:
    raise TypeError(f"no sentence for {details!r}")


@_message.register
def _(details: WrongFormula) -> str:
    return "; ".join((_causes(details.causes), *_effects(details.effect)))


@_message.register
def _(details: MoreWrongFormulas) -> str:
    one, many = "wrong formula", "wrong formulas"
    if not details.are_read:
        one, many = "formula that is not understood", "formulas that are not understood"
    if details.count == 1:
        return f"one more cell of the column holds another {one}"
    return f"{details.count} more cells of the column hold other {many}"


@_message.register
def _(details: CellWithoutFormula) -> str:
    example = f"; {details.pattern} shows how the column continues" if details.pattern else ""
    return f"{_holds(details.content)} where the other rows compute{example}"


@_message.register
def _(_details: ColumnWithoutFormulas) -> str:
    return "holds pasted numbers, not formulas: they do not change with the rest of the table"


@_message.register
def _(details: RowWithoutFormulas) -> str:
    held = "is empty" if details.is_empty else "holds numbers"
    return f"row {details.row} {held} where the other rows compute"


@_message.register
def _(details: OddCell) -> str:
    return f"{_holds(details.content)}, unlike the other cells of the column"


@_message.register
def _(details: EmptyData) -> str:
    among = f" among {details.numbers} numbers" if details.numbers else ""
    return f"is empty{among}; the formulas that read it take it for 0"


@_message.register
def _(details: NoStart) -> str:
    return f"{_holds(details.content)}; the training needs a number to start from"


@_message.register
def _(details: Steps) -> str:
    numbers = ", ".join(f"{number:g}" for number in details.first)
    return (
        f"changes by {details.step:g} from row to row ({numbers}, …): filled down as a series "
        "instead of copied"
    )


@_message.register
def _(details: OutOfDate) -> str:
    return (
        f"the file states {details.cached:g} and the formula gives {details.computed:g}; "
        "recalculate the file"
    )


@_message.register
def _(details: RateCellWithoutNumber) -> str:
    return (
        f"the updates read the learning rate from {details.cell}, which {_holds(details.content)}"
    )


@_message.register
def _(details: OtherRateCell) -> str:
    return f"{details.labeled} is labeled as the learning rate; the updates use {details.used}"


@_message.register
def _(details: TypedRate) -> str:
    unused = f"; the learning-rate cell {details.unused} is not used" if details.unused else ""
    return f"the learning rate {details.rate:g} is typed into the updates{unused}"


@_message.register
def _(_details: OtherUpdateRule) -> str:
    return f"{_OTHER_UPDATE}; the updates were not checked"


@_message.register
def _(details: NotRead) -> str:
    return details.part


@_message.register
def _(details: Rounded) -> str:
    return f"the formulas of {_listed(details.columns)} round what they compute"


@_message.register
def _(details: OtherHeader) -> str:
    holds = f"{details.holds.plain}: {details.meaning}"
    return f"the header is {details.header}; the column holds {holds}"


@_message.register
def _(details: OtherNumbering) -> str:
    numbered, usual = (
        ", ".join(symbol.plain for symbol in symbols)
        for symbols in (details.numbered, details.usual)
    )
    return (
        f"the weights are numbered in another order than is usual: {numbered} are mostly called "
        f"{usual}; {details.numbered[0].plain} leads {details.meaning}"
    )


@_message.register
def _(details: ChartOfOtherColumn) -> str:
    return (
        f"the chart '{details.chart}' plots {details.plotted}; "
        f"{details.named} is in column {column_letters(details.named_column)}"
    )


@_message.register
def _(details: ChartOfSomeRows) -> str:
    return f"the chart plots {details.plotted} of the {details.rows} rows of {details.column}"


@_message.register
def _(details: PastedLosses) -> str:
    return (
        f"the losses at {details.rates} learning rates in {details.cells} are pasted numbers, not "
        f"linked to the table; {_compared(details.difference)}"
    )


def _compared(difference: float | None) -> str:
    if difference is None:
        return "what they should be is not known"
    if difference == 0:
        return "they are those of the right network"
    return f"they differ from those of the right network by up to {difference:.2g}"


def _holds(content: Content) -> str:
    if content.formula:
        return f"holds ={content.formula}"
    if content.value is None:
        return "is empty"
    if isinstance(content.value, str):
        return f"holds the text '{content.value[:_LONGEST_TEXT]}'"
    return f"holds the number {content.value:g}"


# --- Networks --------------------------------------------------------------------------------


def network_in_words(network: Network) -> str:
    """The network a table trains: ``2 inputs, 2 sigmoid hidden units, 2 sigmoid outputs, …``."""
    if not network.layers:
        return f"a function of {count(network.inputs, 'variable')}"
    *hidden, last = network.layers
    parts = [count(network.inputs, "input")]
    parts += [count(layer.units, f"{layer.activation} hidden unit") for layer in hidden]
    parts.append(count(last.units, f"{last.activation} output"))
    parts.append(count(network.biases, "bias", "biases") if network.biases else "no biases")
    if network.examples > 1:
        parts.append(f"{network.examples} examples")
    rule = UPDATE_RULES[network.update_rule].words
    moved = "" if network.update_rule == "sgd" else f"; updates: {rule}"
    # Without a derivative nothing is minimized.
    loss = loss_named(network.loss, last.units).words
    minimized = "" if is_step(last.activation) else f"; loss: {loss}"
    return f"{', '.join(parts)}{minimized}{moved}"


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 mistake``, ``2 mistakes``."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
