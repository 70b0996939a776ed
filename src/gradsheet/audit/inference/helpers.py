"""Helper columns without a known name, named by what the columns that read them need."""

from collections.abc import Mapping

from gradsheet.audit.inference.column_formulas import column_formulas
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.losses import is_known_measure
from gradsheet.audit.inference.points import agree
from gradsheet.networks.symbols import LOSS, Kind, Symbol, symbol_of
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references
from gradsheet.spreadsheet.functions import FormulaError, outside_conditions
from gradsheet.symbolic.expression import Expression, Variable, variables

_ROWS_ABOVE = (0, 1)
"""Where helpers are from the formulas that read them: an update reads those of the last step."""


def name_helpers(found: Interpretation, wrong: list[int]) -> None:
    """Name each helper column that makes all the wrong columns right that follow from it.

    What is wrong is then wrong in the helper column, and in none of those.

    Args:
        found: the table.
        wrong: its wrong columns.
    """
    helpers = {column for column in found.table.usual if _is_helper(found, column, wrong)}
    if found.table.arrangement is not None:  # what is typed among the formulas of a step
        helpers |= {c for c in found.table.columns if c not in found.symbols}
    errors = {c for c, s in found.symbols.items() if s.kind is Kind.ERROR} - helpers
    if not wrong or not helpers | errors:
        return
    read = _read(found)
    read_by: dict[int, set[int]] = {}
    for column, others in read.items():
        for other in others:
            read_by.setdefault(other, set()).add(column)
    named: dict[int, Symbol] = {}
    for helper in sorted(helpers):
        following = _reached(helper, read_by, helpers)
        akin = {helper, *following, *_reached(helper, read, helpers)}
        ends = [c for c in sorted(following - helpers) if _is_computed(found, c)]
        # Beside other helpers, which may be wrong as well, it alone decides nothing.
        alone = [c for c in ends if _reached(c, read, helpers) & helpers <= akin] or ends
        symbol = None if set(wrong).isdisjoint(alone) else _needed(found, helper, alone)
        if symbol is not None and not _is_sound(found, helper, symbol, alone, set(wrong)):
            named[helper] = symbol
    for error in sorted(errors - named.keys() if wrong else ()):
        ends = [
            c for c in sorted(_reached(error, read_by, helpers) - helpers) if _is_computed(found, c)
        ]
        if len(ends) > 1 and set(ends) <= set(wrong) and (symbol := _needed(found, error, ends)):
            named[error] = symbol  # all that use it are wrong because of its sign
    found.symbols.update(named)


def name_gradients(found: Interpretation, wrong: list[int]) -> None:
    """Name the columns that hold gradients of parameters, where an update takes another one.

    Args:
        found: the table.
        wrong: its wrong columns.
    """
    for column in wrong:
        if (symbol := _own_of_shared(found, column)) is not None:
            found.symbols[column] = symbol
    if not any(_reads_gradient(found, column) for column in wrong):
        return
    named = set(found.symbols.values())
    moved = [s.gradient for s in found.symbols.values() if s in found.roles.parameters]
    missing = [gradient for gradient in moved if gradient not in named]
    free = [c for c in found.table.usual if c not in found.symbols] if missing else []
    written = {c: w for c in free if (w := found.typical(c)) is not None}
    values = dict(zip(written, found.reference.values(written.values()), strict=True))
    due = found.reference.values(found.reference[gradient] for gradient in missing)
    for gradient, right in zip(missing, due, strict=True):
        holder = next((c for c, value in values.items() if agree(value, right)), None)
        if holder is not None:
            found.symbols[holder] = gradient


def name_known(found: Interpretation) -> None:
    """Name the columns without a name that hold a value of the network, by what they compute."""
    free = [c for c in found.table.usual if c not in found.symbols]
    written = {c: w for c in free if (w := found.typical(c)) is not None and any(variables(w))}
    named = set(found.symbols.values())
    missing = [s for s in found.reference.row().values if _is_shown(s) and s not in named]
    due = found.reference.values(found.reference[symbol] for symbol in missing)
    values = found.reference.values(written.values())
    for column, value in zip(written, values, strict=True):
        known = zip(missing, due, strict=True)
        symbol = next((s for s, right in known if s not in named and agree(value, right)), None)
        if symbol is not None:
            found.symbols[column] = symbol
            named.add(symbol)
    if LOSS not in named:
        _name_wrong_loss(found)


def _name_wrong_loss(found: Interpretation) -> None:
    """Name the column that is called the loss and measures nothing that is known here."""
    formulas = column_formulas(found.table)
    called = [c for c in found.table.usual if c not in found.symbols and formulas.is_loss(c)]
    written = found.typical(called[0]) if len(called) == 1 else None
    if written is None or is_known_measure(found, written):
        return
    sizes, inside = found.shape.sizes, {symbol_of(v) for v in variables(written)}
    kinds = Kind.TARGET, Kind.OUTPUT_ACTIVATION
    if inside == {Symbol(kind, (n,)) for kind in kinds for n in range(1, sizes[-1] + 1)}:
        found.symbols[called[0]] = LOSS


def _is_shown(symbol: Symbol) -> bool:
    """Whether it is an error, the loss, or the gradient of a unit or of its activation."""
    return symbol.kind in (Kind.ERROR, Kind.LOSS) or symbol.is_gradient


def _reads_gradient(found: Interpretation, column: int) -> bool:
    """Whether a formula reads the gradient of a parameter."""
    written = found.typical(column)
    inside = () if written is None else map(symbol_of, variables(written))
    return any(s.is_gradient and s.of in found.roles.parameters for s in inside)


def _own_of_shared(found: Interpretation, column: int) -> Symbol | None:
    """The gradient that a column holds by which several parameters are moved."""
    moved_by = found.hypothesis.moved_by
    shared = [found.symbols[p] for p, c in moved_by.items() if c == column and p in found.symbols]
    written = found.typical(column) if len(shared) > 1 else None
    if written is None:
        return None
    own = [symbol.gradient for symbol in shared]
    value, *values = found.reference.values([written, *(found.reference[s] for s in own)])
    pairs = zip(own, values, strict=True)
    return next((symbol for symbol, right in pairs if agree(value, right)), None)


def _is_helper(found: Interpretation, column: int, wrong: list[int]) -> bool:
    """Whether a column has no name, or that of an error by its look alone, which it is not."""
    symbol = found.symbols.get(column)
    is_error = symbol is not None and symbol.kind in (Kind.ERROR, Kind.LOSS)
    is_guess = is_error and column in wrong and found.table.named.get(column) != symbol
    return is_guess or symbol is None


def _read(found: Interpretation) -> dict[int, set[int]]:
    """For each column those that it reads, in its own row or in that above."""
    read: dict[int, set[int]] = {}
    for column, tree in found.table.usual.items():
        row = found.typical_row(column)
        if row is not None:
            cells = [ref.seen_from(CellIndex(row, column)) for ref in references(tree)]
            read[column] = {c.column for c in cells if row - c.row in _ROWS_ABOVE} - {column}
    return read


def _reached(start: int, leads: Mapping[int, set[int]], through: set[int]) -> set[int]:
    """The columns to which a column leads, directly or through some others."""
    waiting, seen = [start], {start}
    while waiting:
        new = leads.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new & through
    return seen - {start}


def _is_sound(
    found: Interpretation, helper: int, symbol: Symbol, following: list[int], wrong: set[int]
) -> bool:
    """Whether a helper holds the gradient or the change that its one reader uses wrongly.

    The helper is to blame where another column uses its own by the same formula and is right.
    """
    usual, (first, *others) = found.table.usual, following
    alike = {c for c, tree in usual.items() if tree == usual[first]} - {first}
    written, root = found.typical(helper), symbol
    while root.of is not None and root.by is None:
        root = root.of
    natural = [s for s in (root.gradient, root.change) if s in found.reference]
    if written is None or others or alike - wrong:
        return False
    value, *values = found.reference.values([written, *(found.reference[s] for s in natural)])
    return any(agree(value, other) for other in values)


def _is_computed(found: Interpretation, column: int) -> bool:
    return found.typical_row(column) in found.roles.computed_rows(column)


def _needed(found: Interpretation, helper: int, following: list[int]) -> Symbol | None:
    """The value that a helper column must hold for what follows from it to be right."""
    unknown = {above: Variable("helper") for above in _ROWS_ABOVE}
    pairs: list[tuple[Expression, Expression]] = []
    for column in following:
        row = found.typical_row(column)
        expected = None if row is None else found.expected(row, column)
        if row is None or expected is None:
            return None
        taken = {
            CellRef(found.table.sheet.name, CellIndex(row - above, helper)): variable
            for above, variable in unknown.items()
        }
        try:
            written = found.written(row, column, taken)
        except FormulaError:
            return None
        if set(unknown.values()).isdisjoint(outside_conditions(written)):
            return None  # it decides whether there is an update, and not how large it is
        pairs.append((written, expected))
    helpers = (symbol for symbol in found.reference.row().values if symbol.is_helper)
    return next(found.reference.agreeing(pairs, unknown, helpers), None)
