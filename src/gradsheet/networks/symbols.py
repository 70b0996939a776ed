"""What every value of a small network is called, as a typed symbol.

A symbol is parsed and written here and nowhere else: as text (``a_h1@2``), as textbook markup, in
plain letters and as the name of a cell. Nothing takes a name apart.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum

from gradsheet.symbolic.expression import Binding, Expression, Variable
from gradsheet.symbolic.render import plain


class Kind(Enum):
    """What a symbol names."""

    INPUT = "input"
    TARGET = "target"
    WEIGHT = "weight"
    BIAS = "bias"
    HIDDEN = "pre-activation of a hidden unit"
    OUTPUT = "pre-activation of an output unit"
    HIDDEN_ACTIVATION = "activation of a hidden unit"
    OUTPUT_ACTIVATION = "activation of an output unit"
    LARGEST = "largest pre-activation of a softmax"
    EXPONENTIALS = "sum of the exponentials of a softmax"
    LOG_SUM = "logarithm of a softmax's sum"
    ERROR = "error of an output"
    EXAMPLE_LOSS = "loss of an example"
    REGULARIZER = "regularization term of the loss"
    LOSS = "total loss"
    LEARNING_RATE = "learning rate"
    MOMENTUM = "momentum of the optimizer"
    DECAY = "decay rate of the optimizer"
    EPSILON = "least denominator of the optimizer"
    PENALTY = "weight decay of the optimizer"
    BOUND = "bound on the gradients"
    COUNT = "number of the update"
    POWER = "power of a decay rate"
    MEAN = "moving average of a gradient"
    VELOCITY = "velocity, or moving average of a squared gradient"
    GRADIENT = "derivative of the loss"
    LOCAL = "local derivative"
    NEXT = "value after the update"
    CHANGE = "change in an update"
    OPPOSITE = "opposite of a derivative or a change"

    __hash__ = object.__hash__  # symbols are looked up very often; Enum's own is slow


# How the text of each kind begins; several numbers are joined by a low line.
_PREFIXES = {
    Kind.INPUT: "i",
    Kind.TARGET: "t",
    Kind.WEIGHT: "w",
    Kind.BIAS: "b",
    Kind.HIDDEN: "h",
    Kind.OUTPUT: "o",
    Kind.HIDDEN_ACTIVATION: "a_h",
    Kind.OUTPUT_ACTIVATION: "a_o",
    Kind.LARGEST: "m",
    Kind.EXPONENTIALS: "S",
    Kind.LOG_SUM: "L",
    Kind.ERROR: "E",
    Kind.EXAMPLE_LOSS: "E",
    Kind.REGULARIZER: "E_reg",
    Kind.LOSS: "E_total",
    Kind.LEARNING_RATE: "η",
    Kind.MOMENTUM: "μ",
    Kind.DECAY: "β",
    Kind.EPSILON: "ε",
    Kind.PENALTY: "λ",
    Kind.BOUND: "c",
    Kind.COUNT: "n",
    Kind.POWER: "p",
    Kind.MEAN: "m",
    Kind.VELOCITY: "v",
}
_CELL_PREFIXES = {
    Kind.LEARNING_RATE: "lr",
    Kind.MOMENTUM: "mu",
    Kind.DECAY: "beta",
    Kind.EPSILON: "epsilon",
    Kind.PENALTY: "lambda",
    Kind.BOUND: "clip",
}
_SIGNS = {Kind.CHANGE: "Δ", Kind.OPPOSITE: "−"}
_SIGNED = {sign: kind for kind, sign in _SIGNS.items()}
_SETTINGS = (Kind.MOMENTUM, Kind.DECAY, Kind.EPSILON, Kind.PENALTY, Kind.BOUND)
_MEMORY = {_PREFIXES[kind]: kind for kind in (Kind.MEAN, Kind.VELOCITY)}
_PAIRS = {
    Kind.HIDDEN: Kind.HIDDEN_ACTIVATION,
    Kind.OUTPUT: Kind.OUTPUT_ACTIVATION,
}

# The kinds that have neither parts nor a fixed text, by how many numbers they take.
_NUMBERED = {
    kind: (1, 2) if kind in (Kind.HIDDEN, Kind.HIDDEN_ACTIVATION) else (1, 1)
    for kind in (
        *(Kind.INPUT, Kind.TARGET, Kind.WEIGHT, Kind.BIAS, Kind.DECAY, Kind.POWER, Kind.ERROR),
        *_PAIRS,
        *_PAIRS.values(),
    )
} | {
    kind: (0, 1) if kind in (Kind.LEARNING_RATE, Kind.PENALTY) else (0, 0)
    for kind in (
        *(Kind.LARGEST, Kind.EXPONENTIALS, Kind.LOG_SUM, Kind.EXAMPLE_LOSS, Kind.LOSS),
        Kind.REGULARIZER,
        *(Kind.LEARNING_RATE, Kind.MOMENTUM, Kind.EPSILON, Kind.PENALTY, Kind.BOUND, Kind.COUNT),
    )
}
_PER_EXAMPLE = frozenset(
    (
        *(Kind.INPUT, Kind.TARGET, Kind.ERROR, Kind.EXAMPLE_LOSS),
        *(Kind.LARGEST, Kind.EXPONENTIALS, Kind.LOG_SUM),
        *_PAIRS,
        *_PAIRS.values(),
    )
)
_TEXT = re.compile(r"(E_total|E_reg|a_[ho]|\D)((?:[1-9]\d*)(?:_[1-9]\d*)*)?(?:@([1-9]\d*))?")
_DERIVATIVE = re.compile(r"d([^/]+)/d([^/]+)")


@dataclass(frozen=True, slots=True)
class Symbol:
    """The name of one value of a network.

    Attributes:
        kind: what it names.
        numbers: which one, counted from 1: of a unit in a network of several hidden layers the
            layer and the unit.
        example: of which example it is, counted from 1; None where there is one only, and of what
            all examples share.
        of: whose gradient, next value, change, opposite or memory it is; of a local derivative the
            value above.
        by: of a local derivative the value below.
    """

    kind: Kind
    numbers: tuple[int, ...] = ()
    example: int | None = None
    of: "Symbol | None" = None
    by: "Symbol | None" = None

    @classmethod
    def parse(cls, text: str) -> "Symbol":
        """The symbol that ``text`` is written for.

        Raises:
            ValueError: there is none.
        """
        if found := _parse(text):
            return found
        raise ValueError(f"{text!r} is no symbol of a network; expected one such as w5 or a_h1@2")

    def __str__(self) -> str:
        """The text that ``parse`` reads back."""
        if self.by:
            return f"d{self.of}/d{self.by}"
        if self.kind is Kind.GRADIENT:
            return f"dE/d{self.of}"
        if self.kind is Kind.NEXT:
            return f"{self.of}'"
        if self.kind in _SIGNS:
            return f"{_SIGNS[self.kind]}{self.of}"
        if self.of:
            return f"{_PREFIXES[self.kind]}_{self.of}"
        example = f"@{self.example}" if self.example else ""
        return f"{_PREFIXES[self.kind]}{'_'.join(map(str, self.numbers))}{example}"

    @property
    def markup(self) -> str:
        """Textbook notation: ``_{…}`` is a subscript, ``^{…}`` a superscript.

        >>> [Symbol.parse(text).markup for text in ("a_h1@3", "h1_2", "dE/dw5")]
        ['a_{h1}^{(3)}', 'h_{1,2}', '∂E/∂w_{5}']
        """
        if self.kind in (Kind.GRADIENT, Kind.LOCAL) and self.of:
            above, below = ("E", self.of) if self.by is None else (self.of.markup, self.by)
            return f"∂{above}/∂{below.markup}"
        if self.kind is Kind.NEXT and self.of:
            return f"{self.of.markup}′"
        if self.kind in _SIGNS and self.of:
            return f"{_SIGNS[self.kind]}{self.of.markup}"
        letter, _, low = _PREFIXES[self.kind].partition("_")
        low += str(self.of) if self.of else ",".join(map(str, self.numbers))
        example = f"^{{({self.example})}}" if self.example else ""
        return f"{letter}_{{{low}}}{example}" if low else f"{letter}{example}"

    @property
    def plain(self) -> str:
        """One line of plain text: ``∂E/∂w5``, ``a_h1⁽³⁾``."""
        return plain(self.markup)

    @property
    def cell_name(self) -> str:
        """The defined name of a cell to type in: ``w_1``, ``i_1_2`` of example 2, ``lr_1``.

        Where more is asked for than a letter it is followed by a number, so that no name is an
        address such as ``W1``.
        """
        prefix = _CELL_PREFIXES.get(self.kind, _PREFIXES[self.kind])
        example = (self.example,) if self.example else ()
        return "_".join([prefix, *map(str, (*self.numbers, *example))])

    @property
    def binding(self) -> Binding:
        """A fraction such as ∂E/∂w goes into a product as it is, but not under a square.

        Nor does what has an exponent already, the number of its example.
        """
        return Binding.POWER if self.is_derivative or self.example else Binding.ATOM

    @property
    def is_data(self) -> bool:
        """Whether it is an input or a target."""
        return self.kind in (Kind.INPUT, Kind.TARGET)

    @property
    def is_parameter(self) -> bool:
        """Whether it is a weight or a bias."""
        return self.kind in (Kind.WEIGHT, Kind.BIAS)

    @property
    def is_pre_activation(self) -> bool:
        """Whether it is the pre-activation of a unit."""
        return self.kind in _PAIRS

    @property
    def is_activation(self) -> bool:
        """Whether it is the activation of a unit."""
        return self.kind in _PAIRS.values()

    @property
    def is_setting(self) -> bool:
        """Whether it is a setting of the optimizer, which no update changes."""
        return self.kind in _SETTINGS

    @property
    def is_memory(self) -> bool:
        """Whether the optimizer remembers it from one update to the next."""
        return self.kind in (Kind.POWER, *_MEMORY.values())

    def is_memory_of(self, parameter: "Symbol") -> bool:
        """Whether it is what is remembered for a parameter, before or after an update."""
        own = self.of if self.kind is Kind.NEXT and self.of else self
        return own.is_memory and own.of == parameter

    @property
    def is_gradient(self) -> bool:
        """Whether it is the derivative of the loss with respect to another value."""
        return self.kind is Kind.GRADIENT

    @property
    def is_derivative(self) -> bool:
        """Whether it is a gradient or a local derivative."""
        return self.kind in (Kind.GRADIENT, Kind.LOCAL)

    @property
    def is_helper(self) -> bool:
        """Whether it is what columns hold that lead to an update: a derivative, a change."""
        return self.is_derivative or self.kind in _SIGNS

    def concerns(self, example: int) -> bool:
        """Whether it is a value of this example, or a derivative of or by one."""
        parts = (self.of, self.by)
        return self.example == example or any(part and part.concerns(example) for part in parts)

    @property
    def gradient(self) -> "Symbol":
        """The derivative of the loss with respect to it."""
        return Symbol(Kind.GRADIENT, of=self)

    def derivative(self, by: "Symbol") -> "Symbol":
        """Its local derivative with respect to ``by``."""
        return Symbol(Kind.LOCAL, of=self, by=by)

    @property
    def next(self) -> "Symbol":
        """Its value after the update."""
        return Symbol(Kind.NEXT, of=self)

    @property
    def change(self) -> "Symbol":
        """What an update adds to it."""
        return Symbol(Kind.CHANGE, of=self)

    @property
    def opposite(self) -> "Symbol":
        """The same with the other sign."""
        return Symbol(Kind.OPPOSITE, of=self)

    @property
    def activation(self) -> "Symbol":
        """Of a pre-activation, the activation of its unit."""
        return replace(self, kind=_PAIRS[self.kind])

    def in_example(self, example: int | None) -> "Symbol":
        """The same value of another example."""
        return replace(self, example=example)

    def without_example(self) -> "Symbol":
        """The same whatever the example."""
        of, by = (part and part.without_example() for part in (self.of, self.by))
        return replace(self, example=None, of=of, by=by)


def _parse(text: str) -> Symbol | None:
    if text.endswith("'"):
        of = _parse(text[:-1])
        return of.next if of and (of.is_parameter or of.is_memory) else None
    if (signed := _SIGNED.get(text[:1])) is not None:
        of = _parse(text[1:])
        return Symbol(signed, of=of) if of else None
    if match := _DERIVATIVE.fullmatch(text):
        above, below = _parse(match[1]), _parse(match[2])
        if below and match[1] == "E":
            return below.gradient
        return above.derivative(below) if above and below else None
    if text[1:2] == "_" and (memory := _MEMORY.get(text[0])):
        of = _parse(text[2:])
        return Symbol(memory, of=of) if of and of.is_parameter else None
    return _parse_simple(text)


def _parse_simple(text: str) -> Symbol | None:
    """The symbol that is made of a prefix, numbers and an example."""
    if not (match := _TEXT.fullmatch(text)):
        return None
    numbers = tuple(map(int, match[2].split("_"))) if match[2] else ()
    example = int(match[3]) if match[3] else None
    kinds = (kind for kind in _NUMBERED if _PREFIXES[kind] == match[1])
    symbols = (Symbol(kind, numbers, example) for kind in kinds)
    return next(filter(_is_possible, symbols), None)


def _is_possible(symbol: Symbol) -> bool:
    least, most = _NUMBERED[symbol.kind]
    if symbol.kind is Kind.EXAMPLE_LOSS and symbol.example is None:
        return False
    marked = symbol.example is None or symbol.kind in _PER_EXAMPLE
    return least <= len(symbol.numbers) <= most and marked


LOSS = Symbol(Kind.LOSS)
LEARNING_RATE = Symbol(Kind.LEARNING_RATE)


def named(symbol: Symbol, definition: Expression | None = None, meaning: str = "") -> Variable:
    """The variable that ``symbol`` names."""
    return Variable(str(symbol), definition, meaning, symbol)


def symbol_of(variable: Variable) -> Symbol:
    """The symbol of a network's variable.

    Raises:
        ValueError: the variable is of no network.
    """
    if not isinstance(variable.label, Symbol):
        raise ValueError(f"{variable.name} is no value of a network")
    return variable.label


def name_derivative(above: Variable | None, below: Variable) -> Symbol:
    """The symbol of a local derivative, or, of the loss (None), of a gradient."""
    by = symbol_of(below)
    return by.gradient if above is None else symbol_of(above).derivative(by)
