"""Lessons on mistakes that any formula can hold, GS3."""

from gradsheet.audit import rules
from gradsheet.audit.lessons.lesson import Lessons, lesson

ALGEBRA: Lessons = {
    rules.SIGN: lesson(
        """The loss is ½(t1 − a_o1)², so its derivative is −(t1 − a_o1) = a_o1 − t1. The minus was
        forgotten.""",
        written="dE/dw5 = (t1-a_o1)*a_o1*(1-a_o1)*a_h1",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""Often: w5 moves uphill, and the other seven weights move downhill further than w5
        can climb. If the sign is wrong in every gradient, or in the update, the loss rises.""",
        fix="""Derive the sign once: the derivative of (t − a) by a is −1. The update subtracts the
        gradient.""",
    ),
    rules.FACTOR_MISSING: lesson(
        """The chain rule for w5 has three factors: the derivatives of the error, of the sigmoid
        and of the pre-activation. The last one, a_h1, is missing.""",
        written="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""Yes, where the missing factor is positive: the step has the right direction and the
        wrong length. The sigmoid's activations and derivatives are positive.""",
        fix="""Write down the path from the loss to the weight, and count one factor for each
        arrow.""",
    ),
    rules.FACTOR_REPEATED: lesson(
        """A helper column holds δ_o1 = (a_o1 − t1)·a_o1·(1 − a_o1). The gradient multiplies it by
        the local derivative once more.""",
        written="dE/dw5 = delta_o1*a_o1*(1-a_o1)*a_h1",
        right="dE/dw5 = delta_o1*a_h1",
        loss="""Yes: the repeated factor is positive. A sigmoid's derivative is at most ¼, so this
        weight takes steps at most a quarter as long as they should be.""",
        fix="""Decide which column holds which factors, name it accordingly, and use each factor
        once.""",
    ),
    rules.TERM_MISSING: lesson(
        """h1 feeds both outputs, so the error comes back to it along two paths. The gradient of w1
        has only the path through o1.""",
        written="dE/dw1 = delta_o1*w5*a_h1*(1-a_h1)*i1",
        right="dE/dw1 = (delta_o1*w5+delta_o2*w7)*a_h1*(1-a_h1)*i1",
        loss="""Mostly: w1 serves one output and ignores the other, and the output weights reduce
        the error of the other one. If a bias is missing in a pre-activation, the rest of the sheet
        trains a network without that bias.""",
        fix="""Add one term for each path, one for each weight into the unit, one for each
        output.""",
    ),
    rules.TERM_REPEATED: lesson(
        """The total loss was extended by E2, which was in it already.""",
        written="E_total = E1+E2+E2",
        right="E_total = E1+E2",
        loss="""Yes. In the loss the term is only displayed twice. In a gradient one path counts
        double, so the step leans towards one output.""",
        fix="""Remove the repeated term; check the range of a SUM.""",
    ),
    rules.BRACKET: lesson(
        """Both paths into h1 share the factors a_h1·(1 − a_h1)·i1. Without the bracket only the
        second path gets them.""",
        written="dE/dw1 = delta_o1*w5+delta_o2*w7*a_h1*(1-a_h1)*i1",
        right="dE/dw1 = (delta_o1*w5+delta_o2*w7)*a_h1*(1-a_h1)*i1",
        loss="""Mostly: both terms keep their sign. The first one lacks the local derivative (at
        most ¼) and the input, so it is far too large and determines the direction alone.""",
        fix="""Put a bracket around the sum over the paths before multiplying by what they
        share.""",
    ),
    rules.OPERATOR: lesson(
        """The derivative of the sigmoid was typed with + in place of ·.""",
        written="dE/dw5 = (a_o1-t1)*a_o1+(1-a_o1)*a_h1",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""By chance: the value can be positive where the gradient is negative. With seven
        right weights the loss often falls all the same.""",
        fix="""Compare the formula with the product of the chain rule, factor by factor.""",
    ),
    rules.SQUARE_MISSING: lesson(
        """The error of o1 lacks its square.""",
        written="E1 = 0.5*(t1-a_o1)",
        right="E1 = 0.5*(t1-a_o1)^2",
        loss="""The network trains as before if the gradients are right, for they do not use this
        cell. The curve is wrong: it passes through 0 into negative numbers when the output exceeds
        its target, and an error of one output hides that of the other.""",
        fix="""Square the difference: ^2.""",
    ),
    rules.DOUBLED: lesson(
        """The derivative of (t − a)² is 2·(a − t). The loss of the sheet is ½(t − a)², where the ½
        cancels the 2.""",
        written="dE/dw5 = 2*(a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""Yes: the step is twice as long, in the right direction. If every gradient is
        doubled, the sheet trains with twice the learning rate it states.""",
        fix="""Keep loss and gradient together: with the ½ in the loss there is no 2 in the
        gradient.""",
    ),
    rules.HALVED: lesson(
        """The ½ of ½(t − a)² was kept in the derivative, although the 2 of the square cancels
        it.""",
        written="dE/dw5 = 0.5*(a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""Yes: the step is half as long, in the right direction. If every gradient is halved,
        the sheet trains with half the learning rate it states.""",
        fix="""Remove the ½: the derivative of ½x² is x.""",
    ),
    rules.FUNCTION: lesson(
        """The hidden units are sigmoid units; a_h2 was computed with TANH.""",
        written="a_h2 = TANH(h2)",
        right="a_h2 = 1/(1+EXP(-h2))",
        loss="""Mostly. The forward pass belongs to another network than the gradients, which then
        have the wrong size for everything in front of this unit.""",
        fix="""Use one activation in a layer, or give the unit the derivative of its own
        activation.""",
    ),
    rules.OTHER_VALUE: lesson(
        """After a column was inserted, the gradient of w5 refers to the total loss where the
        activation of h1 was.""",
        written="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*E_total",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""As long as the wrong value has the sign of the right one. The loss and the
        activations of a sigmoid are both positive.""",
        fix="""Click into the formula: the spreadsheet colors the cells it uses. Point it to the
        right column and fill it down.""",
    ),
    rules.UNEXPLAINED: lesson(
        """The formula differs from the right one in three places at once, so that no single mistake
        of this list, and no two together, produce it.""",
        loss="""It depends on the formula. The finding states how far its value is off, and what
        that does to the loss.""",
        fix="""Compare both formulas from left to right, or write the right one anew and fill it
        down.""",
    ),
}
