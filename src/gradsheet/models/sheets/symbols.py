"""What the tensors of a sheet are called there."""

from gradsheet.models.graph import Node
from gradsheet.models.layout import ModelLayout, Sheet
from gradsheet.models.primitives.leaves import Copy, Parameter

_LONGEST = 400


def symbols(layout: ModelLayout, sheet: Sheet) -> dict[Node, str]:
    """A name for each node: given ones, ``input``, and ``h1``, ``h2`` for what is computed."""
    found: dict[Node, str] = {}
    copies = [node for node in sheet.group.nodes if isinstance(node.primitive, Copy)]
    plain = [node for node in copies if node.name == "input"]
    for node in copies:
        number = f" {plain.index(node) + 1}" if node in plain and len(plain) > 1 else ""
        found[node] = f"{node.name}{number}"
    for leaf in sheet.group.leaves:
        found[leaf] = (leaf.name or leaf.primitive.name) + _without_gradient(layout, leaf)
    computed = sheet.group.computed
    for place, node in enumerate(computed, start=1):
        found[node] = "output" if len(computed) == 1 else f"h{place} {_word(node)}"
    return found


def _without_gradient(layout: ModelLayout, leaf: Node) -> str:
    """Why a parameter has no gradient, where it has none."""
    if not isinstance(leaf.primitive, Parameter) or leaf.flows or not layout.backward:
        return ""
    return " (no gradient)" if leaf.primitive.learned else " (frozen)"


def _word(node: Node) -> str:
    return {"_prelu_kernel": "prelu", "log_sigmoid_forward": "log σ"}.get(
        node.primitive.name, node.primitive.name
    )


def description(layout: ModelLayout, sheet: Sheet) -> str:
    """How the tensors of a sheet are computed, in one line."""
    computed = set(sheet.group.computed)
    names = {
        node: name.split(" ")[0] if node in computed else name
        for node, name in symbols(layout, sheet).items()
    }
    parts: list[str] = []
    for node in sheet.group.computed:
        operands = [_name_of(layout, node, which, names) for which in range(len(node.operands))]
        text = f"{names[node]} = {node.primitive.describe(operands)}"
        parts.append(text.replace("output = output =", "output ="))
        if len("; ".join(parts)) > _LONGEST:
            parts[-1] = "…"
            break
    return "; ".join(parts)


def _name_of(layout: ModelLayout, node: Node, which: int, names: dict[Node, str]) -> str:
    graph = layout.graph
    ids = node.operands[which].ids
    owners = {graph.nodes[n] for n in set(graph.owners(ids).ravel().tolist())}
    known = [names.get(owner, owner.name or "constant") for owner in owners]
    return known[0] if len(known) == 1 else "(" + ", ".join(sorted(known)) + ")"
