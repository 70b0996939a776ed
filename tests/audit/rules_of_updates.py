"""Handmade tables whose weights are moved by another rule than plain gradient descent."""

import random

from tests.audit.handmade import Handmade, handmade

RULES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # the update of w, as a sum of steps; what it remembers (v and m), each from its row above
    "momentum": ("[w<]-[rate]*[v]", "[mu]*[v<]+[g<]", ()),
    "momentum of steps": ("[w<]+[v]", "[mu]*[v<]-[rate]*[g<]", ()),
    "momentum of scaled gradients": ("[w<]-[v]", "[mu]*[v<]+[rate]*[g<]", ()),
    "momentum of averages": ("[w<]-[rate]*[v]", "[mu]*[v<]+(1-[mu])*[g<]", ()),
    "nesterov": ("[w<]-[rate]*([g<]+[mu]*[v])", "[mu]*[v<]+[g<]", ()),
    "nesterov of steps": ("[w<]-[mu]*[v<]+(1+[mu])*[v]", "[mu]*[v<]-[rate]*[g<]", ()),
    "adagrad": ("[w<]-[rate]*[g<]/(SQRT([v])+[eps])", "[v<]+[g<]^2", ()),
    "adagrad inside": ("[w<]-[rate]/SQRT([v]+[eps])*[g<]", "[v<]+[g<]^2", ()),
    "adagrad without eps": ("[w<]-[rate]*[g<]/SQRT([v])", "[v<]+[g<]^2", ()),
    "rmsprop": ("[w<]-[rate]*[g<]/(SQRT([v])+[eps])", "[beta]*[v<]+(1-[beta])*[g<]^2", ()),
    "rmsprop inside": ("[w<]-[rate]*[g<]/SQRT([v]+[eps])", "[beta]*[v<]+(1-[beta])*[g<]^2", ()),
    "weight decay": ("[w<]-[rate]*([g<]+[lambda]*[w<])", "", ()),
    "weights shrunk": ("(1-[lambda])*[w<]-[rate]*[g<]", "", ()),
    "weight decay of whole squares": ("[w<]-[rate]*([g<]+2*[lambda]*[w<])", "", ()),
    "l1": ("[w<]-[rate]*([g<]+[lambda]*SIGN([w<]))", "", ()),
    "elastic net": ("[w<]-[rate]*([g<]+[lambda1]*SIGN([w<])+[lambda2]*[w<])", "", ()),
    "clipped": ("[w<]-[rate]*MAX(-[clip],MIN([clip],[g<]))", "", ()),
    "adam": (
        "[w<]-[rate]*([m]/(1-[beta1]^[n<]))/(SQRT([v]/(1-[beta2]^[n<]))+[eps])",
        "[beta2]*[v<]+(1-[beta2])*[g<]^2",
        ("[beta1]*[m<]+(1-[beta1])*[g<]",),
    ),
    "adam uncorrected": (
        "[w<]-[rate]*[m]/(SQRT([v])+[eps])",
        "[beta2]*[v<]+(1-[beta2])*[g<]^2",
        ("[beta1]*[m<]+(1-[beta1])*[g<]",),
    ),
}
NUMBERS = {
    "mu": 0.9,
    "beta": 0.95,
    "beta1": 0.9,
    "beta2": 0.99,
    "eps": 1e-6,
    "lambda": 0.02,
    "lambda1": 0.01,
    "lambda2": 0.03,
    "clip": 0.05,
}
LABELS = {
    "mu": ("momentum", "μ", "gamma"),
    "beta": ("β", "decay rate", "rho"),
    "beta1": ("β1", "beta 1", "beta_1"),
    "beta2": ("β2", "beta 2", "beta_2"),
    "eps": ("ε", "epsilon", "eps"),
    "lambda": ("λ", "weight decay", "L2"),
    "lambda1": ("λ1", "l1 penalty", "lambda 1"),
    "lambda2": ("λ2", "l2 penalty", "lambda 2"),
    "clip": ("clip", "threshold", "max gradient"),
}


def by_rule(name: str, draw: random.Random, *, now: bool = False, typed: bool = False) -> Handmade:
    """A right table of a rule.

    Args:
        name: of the rule.
        draw: of everything else.
        now: what is remembered is updated in the row of its gradient, not in the one below.
        typed: the settings are typed into the formulas.
    """
    table = handmade(draw)
    update, velocity, means = RULES[name]
    used = [s for s in NUMBERS if any(f"[{s}]" in text for text in (update, velocity, *means))]
    parameters = list(table.updates)
    for parameter in parameters:
        marks = {
            "w": parameter,
            "g": f"dE/d{parameter}",
            "v": f"v {parameter}",
            "m": f"m {parameter}",
        }
        kept = {mark: text for mark, text in (("v", velocity), *(("m", m) for m in means)) if text}
        table.updates[parameter] = _put(update, marks, now)
        for mark, text in kept.items():
            column = marks[mark]
            table.columns.append(column)
            table.updates[column] = _put(text, marks, now, remembered=True)
            start = {"v": 0.0, "m": 0.0}[mark]
            table.numbers[column] = start or 0.0
            if now:
                first = _put(text, marks, now, remembered=True)
                table.in_row[column, 0] = first.replace(f"[{column}<]", "0")
    if "[n<]" in update:
        table.columns.insert(0, "n")
        table.numbers["n"] = 1.0
        table.series = ("n",)
    for setting in used:
        number = NUMBERS[setting]
        if typed:
            for column, text in table.updates.items():
                table.updates[column] = text.replace(f"[{setting}]", f"{number:g}")
            table.in_row = {
                place: text.replace(f"[{setting}]", f"{number:g}")
                if isinstance(text, str)
                else text
                for place, text in table.in_row.items()
            }
        else:
            table.settings[setting] = (draw.choice(LABELS[setting]), number)
    return table


def _put(text: str, marks: dict[str, str], now: bool, remembered: bool = False) -> str:
    """A rule's formula for one parameter, with its memory updated now or in the row below."""
    for mark, name in marks.items():
        for row in ("<", ""):
            at = row
            if now and mark == "g" and remembered:
                at = ""
            elif now and mark in "vm" and not remembered:
                at = "<" if row == "" else "<<"
            text = text.replace(f"[{mark}{row}]", f"[\0{name}{at}]")
    return text.replace("\0", "")
