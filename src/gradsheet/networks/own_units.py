"""Activations that a sheet makes itself, such as TANH(x/2), beside those that have names."""

from gradsheet.symbolic.expression import Expression, Variable, expand
from gradsheet.symbolic.render import plain, to_textbook


class OwnUnit(str):
    """An activation as a function of one variable; as a name the text of the function."""

    function: Expression
    of: Variable

    def __new__(cls, function: Expression, of: Variable, name: str = "") -> "OwnUnit":
        """The activation.

        Args:
            function: what it computes.
            of: the variable in it that stands for the pre-activation.
            name: what it is called instead; no other function has it.
        """
        made = super().__new__(cls, name or plain(to_textbook(function, lambda _: "x")))
        made.function, made.of = function, of
        return made

    def __call__(self, value: Expression) -> Expression:
        """What it makes of a pre-activation."""
        return expand(self.function, lambda _: True, {self.of: value})
