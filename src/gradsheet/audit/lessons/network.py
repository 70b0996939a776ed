"""Lessons on the forward pass, the loss and the gradients: GS4, GS5 and GS6."""

from gradsheet.audit import rules
from gradsheet.audit.lessons.lesson import Lessons, lesson

FORWARD: Lessons = {
    rules.WRONG_WEIGHT: lesson(
        """w5 leads from h1 to o1 and w7 from h1 to o2. The path through o2 uses w6, the next column
        after w5.""",
        written="dE/dw1 = (delta_o1*w5+delta_o2*w6)*a_h1*(1-a_h1)*i1",
        right="dE/dw1 = (delta_o1*w5+delta_o2*w7)*a_h1*(1-a_h1)*i1",
        loss="""Yes: starting weights are mostly alike (0.40, 0.45, 0.50, 0.55), so the gradient is
        off by a few percent. In a pre-activation the sheet trains another network than it
        draws.""",
        fix="""Follow the connection in the drawing of the network and use its weight in both
        directions.""",
    ),
    rules.WRONG_BIAS: lesson(
        """The pre-activation of o1 uses b1, the bias of the hidden layer, instead of b2.""",
        written="o1 = w5*a_h1+w6*a_h2+b1",
        right="o1 = w5*a_h1+w6*a_h2+b2",
        loss="""Yes: the other parameters adapt to the wrong bias. b2 gets steps that have no
        effect on this output.""",
        fix="""Use the bias of the unit's own layer, or of the unit itself.""",
    ),
    rules.NEIGHBOR: lesson(
        """The gradient of w2 multiplies by the signal that w2 carries, i2. It was copied from the
        gradient of w1 and still has i1.""",
        written="dE/dw2 = (delta_o1*w5+delta_o2*w7)*a_h1*(1-a_h1)*i1",
        right="dE/dw2 = (delta_o1*w5+delta_o2*w7)*a_h1*(1-a_h1)*i2",
        loss="""Yes: both signals are positive, so the weight moves in the right direction. With
        i1 = 0.05 and i2 = 0.10 its steps are half as long as they should be.""",
        fix="""The last factor of a weight's gradient is the signal at the start of its
        connection.""",
    ),
    rules.PRE_ACTIVATION_FOR_ACTIVATION: lesson(
        """The gradient of w5 uses h1, the pre-activation, in place of a_h1, its sigmoid.""",
        written="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*h1",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""Yes, while h1 is positive: the step has the right direction. With h1 = 0.0275 and
        a_h1 = 0.507, as in the first row of the course network, it is eighteen times too
        short.""",
        fix="""Use the activation: what leaves a unit is what the next layer, and the gradient of
        its weight, receives.""",
    ),
    rules.ACTIVATION_FOR_PRE_ACTIVATION: lesson(
        """The derivative of the sigmoid is written with EXP, and uses a_h1 where h1 belongs.""",
        written="EXP(-a_h1)/(1+EXP(-a_h1))^2",
        right="EXP(-h1)/(1+EXP(-h1))^2",
        loss="""Yes: the derivative stays positive. a_h1 lies between 0 and 1, where the derivative
        is 0.20 to 0.25 whatever h1 is, so a saturated unit, which should hardly learn, learns at
        full speed.""",
        fix="""Apply a function of z to z. Written with the activation, the local derivative is
        a·(1 − a).""",
    ),
    rules.WRONG_PRE_ACTIVATION: lesson(
        """a_h2 is the sigmoid of h1.""",
        written="a_h2 = 1/(1+EXP(-h1))",
        right="a_h2 = 1/(1+EXP(-h2))",
        loss="""Yes: the output weights can reduce the error with one signal twice. w3 and w4 no
        longer have any effect on the outputs, though their gradients are not 0.""",
        fix="""Point the activation to the pre-activation of its own unit.""",
    ),
}

LOSS: Lessons = {
    rules.WRONG_TARGET: lesson(
        """The error of o2 is measured against t1.""",
        written="dE/dw7 = (a_o2-t1)*a_o2*(1-a_o2)*a_h1",
        right="dE/dw7 = (a_o2-t2)*a_o2*(1-a_o2)*a_h1",
        loss="""Mostly, if it is one gradient of eight. If error and gradients all use the wrong
        target, the curve falls as it should, towards the wrong output.""",
        fix="""Pair each output with its own target: o1 with t1, o2 with t2.""",
    ),
    rules.WRONG_OUTPUT: lesson(
        """The gradient of w5 was copied to w7; one of three references to the output was
        forgotten.""",
        written="dE/dw7 = (a_o2-t2)*a_o2*(1-a_o1)*a_h1",
        right="dE/dw7 = (a_o2-t2)*a_o2*(1-a_o2)*a_h1",
        loss="""Yes: 1 − a_o1 is positive, as 1 − a_o2 is, so the step has the right direction and
        the wrong length.""",
        fix="""Check that each formula uses one output only.""",
    ),
    rules.WRONG_ERROR: lesson(
        """The column E2 holds the formula of E1.""",
        written="E2 = 0.5*(t1-a_o1)^2",
        right="E2 = 0.5*(t2-a_o2)^2",
        loss="""The training is not affected if the gradients are right. The curve counts the error
        of o1 twice and that of o2 not at all.""",
        fix="""Write the error of each output with its own target and its own activation.""",
    ),
}

GRADIENTS: Lessons = {
    rules.WRONG_LOCAL_DERIVATIVE: lesson(
        """w3 leads into h2, so its gradient contains the local derivative of h2. It was copied from
        the gradient of w1, which leads into h1.""",
        written="dE/dw3 = (delta_o1*w6+delta_o2*w8)*a_h1*(1-a_h1)*i1",
        right="dE/dw3 = (delta_o1*w6+delta_o2*w8)*a_h2*(1-a_h2)*i1",
        loss="""Yes: in the first row of the course network the two local derivatives are 0.24995
        and 0.24989. They differ by less than one part in a thousand, and so do the steps.""",
        fix="""The local derivative is that of the unit that the weight leads into. Change both
        references, in a and in 1 − a.""",
    ),
    rules.LOCAL_DERIVATIVE_MISSING: lesson(
        """The gradient of w5 goes from the error straight to the weight and leaves the sigmoid
        out.""",
        written="dE/dw5 = (a_o1-t1)*a_h1",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""Yes, often faster than with the right gradient: the step has the right sign and is
        at least four times as long. It is the gradient of the cross-entropy, not of the squared
        error.""",
        fix="""Multiply by a·(1 − a) of every sigmoid unit on the path.""",
    ),
    rules.OTHER_LOCAL_DERIVATIVE: lesson(
        """The derivative of tanh, 1 − a², is used for a sigmoid unit.""",
        written="dE/dw5 = (a_o1-t1)*(1-a_o1^2)*a_h1",
        right="dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
        loss="""Yes: both derivatives are positive. 1 − a² = (1 − a)·(1 + a) is more than twice the
        sigmoid's derivative, since 1 + a is more than 2·a.""",
        fix="""Sigmoid: a·(1 − a). Tanh: 1 − a². ReLU: 1 where the pre-activation is positive,
        else 0.""",
    ),
    rules.SWAPPED: lesson(
        """w7 and w8 both lead into o2, from h1 and from h2. Their two gradient columns are
        exchanged.""",
        written="dE/dw7 = delta_o2*a_h2",
        right="dE/dw7 = delta_o2*a_h1",
        loss="""Yes: the gradients differ only in a_h1 and a_h2, which are alike (0.507 and 0.511 in
        the course network).""",
        fix="""Exchange the two columns, or the last factor in each.""",
    ),
    rules.OTHER_GRADIENT: lesson(
        """The update of w2 subtracts the gradient of w1.""",
        written="w2: =F3-$G$1*X3",
        right="w2: =F3-$G$1*Y3",
        loss="""Mostly: both weights lead into the same unit, so their gradients have the same sign
        where both inputs have.""",
        fix="""Pair each weight with its own gradient. If the columns are in the same order, one
        formula can be filled across all of them.""",
    ),
}
