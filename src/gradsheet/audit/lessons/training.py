"""Lessons on the updates and the learning rate: GS7 and GS8."""

from gradsheet.audit import rules
from gradsheet.audit.lessons.lesson import Lessons, lesson

UPDATES: Lessons = {
    rules.UPDATED: lesson(
        """The new w5 is computed first, and the gradient of w1 then uses it.""",
        written="dE/dw1 = (delta_o1*new w5+delta_o2*w7)*a_h1*(1-a_h1)*i1",
        right="dE/dw1 = (delta_o1*w5+delta_o2*w7)*a_h1*(1-a_h1)*i1",
        loss="""Yes: in the course network the first update at learning rate 0.5 changes w5 by 9%,
        and with it one of the two paths to w1. The larger the learning rate, the larger the
        difference.""",
        fix="""Compute all gradients from the weights before the update, then update all weights
        at once.""",
    ),
    rules.OTHER_RULE: lesson(
        """The weights move by a running mean of the gradients, in a way that the audit does not
        recognize.""",
        written="E5: =E4-$G$1*X4/(1+SQRT(AF4))",
        loss="""That depends on the rule, which was not checked. Everything else in the table
        was.""",
        fix="""Nothing, if this rule is meant: check it by hand. For plain gradient descent write
        w − η·gradient.""",
    ),
}

LEARNING_RATE: Lessons = {
    rules.UNUSED_RATE: lesson(
        """G1 is labeled "learning rate", and the updates multiply by G3, which holds a weight.""",
        written="E4: =E3-$G$3*X3",
        right="E4: =E3-$G$1*X3",
        loss="""Yes, if the cell that is used holds a small positive number. Typing another learning
        rate into G1 changes nothing.""",
        fix="""Point every update to the labeled cell, with $: $G$1.""",
    ),
    rules.TYPED_RATE: lesson(
        """G1 was changed to 0.1, and every update still holds 0.5 as a number.""",
        written="E4: =E3-0.5*X3",
        right="E4: =E3-$G$1*X3",
        loss="""Yes, at the rate that is typed: G1 has no effect.""",
        fix="""Replace the number by $G$1 in the first update and fill it over all others.""",
    ),
    rules.RATE_WITHOUT_CELL: lesson(
        """Every update multiplies by 0.5, and no cell holds the learning rate.""",
        written="E4: =E3-0.5*X3",
        right="G1: 0.5, E4: =E3-$G$1*X3",
        loss="""Yes: nothing is wrong.""",
        fix="""Put the learning rate into a cell of its own and refer to it with $. Then one number
        changes the whole training.""",
    ),
}
