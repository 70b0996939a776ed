"""What can be asked of an expression."""

from gradsheet.symbolic import operations as table
from gradsheet.symbolic.expression import Variable, apply, expand
from gradsheet.symbolic.render import to_excel

X, Y = Variable("x"), Variable("y")


def test_a_variable_can_be_replaced_while_another_is_written_out() -> None:
    inner = Variable("inner", X + Y)
    outer = inner * X
    assert to_excel(expand(outer, lambda v: False), lambda v: v.name) == "(x+y)*x"
    swapped = expand(outer, lambda v: False, {inner: apply(table.SQUARE, Y), X: Y})
    assert to_excel(swapped, lambda v: v.name) == "y^2*y"
