"""The colors that pictures and workbooks share."""

# From slow to fast.
RATES = ("#4E79A7", "#F28E2B", "#59A14F", "#E15759", "#B07AA1", "#9C755F")

# Of weights, by their sign, and of gradients.
POSITIVE, NEGATIVE, GRADIENT = "#2563EB", "#DC2626", "#7C3AED"

NEURONS = {"input": "#F2C14E", "bias": "#D1D5DB", "hidden": "#7FB77E", "output": "#E58A5B"}


def of_rate(number: int) -> str:
    """The color of the 0-based learning rate ``number``; they repeat."""
    return RATES[number % len(RATES)]
