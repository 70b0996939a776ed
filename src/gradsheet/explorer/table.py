"""The table of operations for the pages: TypeScript and JSON, generated and never written by hand.

The pages have no mathematics of their own. What an operation computes comes from its ``code``; what
activations, losses and optimizers are, and their derivatives, comes from here as expressions. The
pages only put variables into them, evaluate them and apply the chain rule.

An expression is a number, the name of a variable, or a list of an operation and its arguments:
``["subtract", 1, "a"]``.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradsheet.networks.initial_weights import usual_scheme
from gradsheet.networks.losses import LOSSES, Loss, Output
from gradsheet.networks.optimizers import OPTIMIZERS, Optimizer, setting_names
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.symbols import LEARNING_RATE, Kind, Symbol, named
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.symbolic import operations
from gradsheet.symbolic.differentiate import partials
from gradsheet.symbolic.expression import (
    Apply,
    Expression,
    Number,
    Operation,
    Variable,
    apply,
    arguments_of,
)
from gradsheet.symbolic.render import to_code
from gradsheet.symbolic.simplify import Names

Tree = float | str | list[Any]

_Z, _A, _TARGET, _LOG_SUM = map(Variable, ("z", "a", "t", "L"))
_ARGUMENTS = tuple(map(Variable, "xyz"))


def table_of_operations() -> list[Operation]:
    """Every operation of the table, each once."""
    found = {o.name: o for o in vars(operations).values() if isinstance(o, Operation)}
    return list(found.values())


def is_binary(operation: Operation) -> bool:
    """Whether its code takes two arguments; of more, it takes them in from left to right."""
    return operation.code is not None and "@1" in operation.code.template


def to_typescript() -> str:
    """The operations as a module: what each computes, and its notation."""
    lines = [
        "// Generated from the table of operations (make explorer). Changes here are lost.",
        'import { PI, erfc, exp, fabs, fmax, log, log1p, sqrt, square, tanh } from "./prelude";',
        'import type { Operation } from "./expression";',
        "",
        "export const OPERATIONS: Record<string, Operation> = {",
    ]
    for operation in table_of_operations():
        arguments = _ARGUMENTS[: 2 if is_binary(operation) else 1]
        code = to_code(Apply(operation, arguments), lambda variable: variable.name)
        names = ", ".join(f"{variable.name}: number" for variable in arguments)
        text = operation.textbook
        notation = json.dumps([text.template, int(text.binding), list(map(int, text.needs))])
        lines.append(
            f"  {json.dumps(operation.name)}: {{ value: ({names}) => {code}, "
            f"notation: {json.dumps(json.loads(notation), ensure_ascii=False)} }},"
        )
    return "\n".join([*lines, "};", ""])


def to_json() -> dict[str, Any]:
    """Activations, losses, optimizers and presets."""
    return {
        "activations": {name: _activation(name) for name in operations.ACTIVATIONS},
        "softmax": _softmax(),
        "losses": {name: _loss(loss) for name, loss in LOSSES.items()},
        "optimizers": {name: _optimizer(name, rule) for name, rule in OPTIMIZERS.items()},
        "schemes": {name: usual_scheme(name) for name in (*operations.ACTIVATIONS, SOFTMAX)},
        "presets": [_preset(name) for name in PRESETS],
    }


def tree(expression: Expression) -> Tree:
    """An expression as JSON holds it."""
    if isinstance(expression, Number):
        value = expression.value
        return int(value) if float(value).is_integer() else value
    if isinstance(expression, Variable):
        return expression.name
    if not isinstance(expression, Apply):
        raise TypeError(f"no tree for {expression!r}")
    return [expression.operation.name, *map(tree, expression.arguments)]


def _derivatives(
    definition: Expression, result: Variable, known: Iterable[Variable] = ()
) -> dict[str, Tree]:
    """The partial derivative of a definition by each variable in it."""
    names = Names(known)
    found = partials(definition, result)
    return {variable.name: tree(names.put_into(partial)) for variable, partial in found.items()}


def _activation(name: str) -> dict[str, Any]:
    """``a``, the activation of ``z``, and its derivative, which may use both."""
    definition = operations.ACTIVATIONS[name](_Z)
    rule = definition.operation.rule if isinstance(definition, Apply) else ""
    return {"value": tree(definition), "by": _derivatives(definition, _A), "rule": rule}


def _softmax() -> dict[str, Any]:
    """What the units of a softmax share, of one unit ``z``: a sum over all is left to the page."""
    largest, exponentials = Variable("m"), Variable("S")
    parts = {
        "power": ("p", apply(operations.EXPONENTIAL, _Z - largest)),
        "logSum": ("L", largest + apply(operations.LOGARITHM, exponentials)),
        "activation": ("a", apply(operations.EXPONENTIAL, _Z - _LOG_SUM)),
    }
    return {
        part: {"value": tree(definition), "by": _derivatives(definition, Variable(result))}
        for part, (result, definition) in parts.items()
    }


def _loss(loss: Loss) -> dict[str, Any]:
    """The error of one target ``t`` and its output, and whether errors are averaged."""
    error = loss.error(_TARGET, Output(_Z, _A, _LOG_SUM))
    known = []
    if loss.activation in operations.ACTIVATIONS:
        known = [Variable("a", operations.ACTIVATIONS[loss.activation](_Z))]
    derivatives = _derivatives(error, Variable("E"), known)
    derivatives.pop("t", None)
    whole = loss.total([Variable("E1"), Variable("E2")])
    return {
        "words": loss.words,
        "value": tree(error),
        "by": derivatives,
        "mean": bool(arguments_of(whole, "divide")),
        "activation": loss.activation,
    }


def _optimizer(name: str, rule: Optimizer) -> dict[str, Any]:
    """One update of a weight ``w`` with the gradient ``g``, in the order of computation."""
    weight, gradient = named(Symbol(Kind.WEIGHT, (1,))), Variable("g")
    settings = [named(symbol) for symbol, _, _ in rule.settings]
    steps = rule.step([(weight, gradient)], named(LEARNING_RATE), *settings)
    return {
        "words": rule.words,
        "settings": [
            {"name": str(symbol), "key": key, "value": value, "meaning": meaning}
            for (symbol, value, meaning), key in zip(
                rule.settings, setting_names(name), strict=True
            )
        ],
        "memory": {variable.name: start for variable, start in steps.memory.items()},
        "updates": {
            variable.name: tree(after.definition or after)
            for variable, after in steps.updates.items()
        },
    }


def _preset(name: str) -> Mapping[str, Any]:
    whole = asdict(load_network(name))
    return {field: whole[field] for field in _PRESET_FIELDS}


_PRESET_FIELDS = ("inputs", "targets", "layers", "loss", "optimizer", "name", "title")


def main() -> None:
    """Write both files into the folder named on the command line."""
    folder = Path(sys.argv[1])
    (folder / "operations.ts").write_text(to_typescript(), encoding="utf-8")
    text = json.dumps(to_json(), ensure_ascii=False, indent=1)
    (folder / "table.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
