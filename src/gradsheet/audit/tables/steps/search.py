"""Tables of steps in a book, whatever the layout: what follows from one parameter to the next."""

from collections.abc import Iterator

from gradsheet.audit.tables.steps.chains import Chain, find_chains
from gradsheet.audit.tables.steps.dependencies import Dependencies
from gradsheet.audit.tables.steps.grid import StepGrid
from gradsheet.audit.tables.steps.training import Training, training_of
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.formulas import Formulas

_MOST_FORMULAS = 60_000  # in a book that is searched


def find_trainings(formulas: Formulas) -> list[Training]:
    """Every set of parameters that are moved on together, with all that is computed from them."""
    if not is_searched(formulas):
        return []
    book = Dependencies(formulas)
    return list(_Search(book, find_chains(book)).trainings())


def is_searched(formulas: Formulas) -> bool:
    """Whether a book holds few enough formulas to be searched."""
    sheets = formulas.book.sheets.values()
    count = sum(cell.formula is not None for sheet in sheets for cell in sheet.cells.values())
    return count <= _MOST_FORMULAS


class _Search:
    def __init__(self, book: Dependencies, chains: list[Chain]) -> None:
        self._book, self._chains = book, chains
        self._steps = _steps(book, chains)

    def trainings(self) -> Iterator[Training]:
        """One for each set of parameters that belong together."""
        for number, (chains, cells) in enumerate(self._components()):
            grid = StepGrid(self._book, chains, cells, self._steps)
            found = training_of(self._book, grid, f"{chains[0].values[0]} step {number}")
            if found is not None:
                yield found

    def _components(self) -> Iterator[tuple[list[Chain], list[CellRef]]]:
        """Parameters that are used together, and the cells that are computed from them."""
        groups = _Groups()
        for cell in self._steps:
            for other in self._book.reads.get(cell, ()):
                if other in self._steps:
                    groups.join(cell, other)
        chains: dict[CellRef, list[Chain]] = {}
        for chain in self._chains:
            chains.setdefault(groups.of(chain.values[0]), []).append(chain)
        cells: dict[CellRef, list[CellRef]] = {}
        for cell in self._steps:
            cells.setdefault(groups.of(cell), []).append(cell)
        for group, own in chains.items():
            yield own, cells[group]


class _Groups:
    """Cells that were joined, directly or through others."""

    def __init__(self) -> None:
        self._above: dict[CellRef, CellRef] = {}

    def of(self, cell: CellRef) -> CellRef:
        """The cell that stands for all that are joined with this one."""
        top = cell
        while (above := self._above.get(top, top)) != top:
            top = above
        while cell != top:
            self._above[cell], cell = top, self._above.get(cell, top)
        return top

    def join(self, one: CellRef, other: CellRef) -> None:
        """Take two cells, and all that are joined with them, for one group."""
        first, second = self.of(one), self.of(other)
        if first != second:
            self._above[second] = first


def _steps(book: Dependencies, chains: list[Chain]) -> dict[CellRef, int]:
    """For each cell that depends on a parameter the number of its step."""
    steps: dict[CellRef, int] = {}
    for chain in chains:
        steps |= {cell: number for number, cell in enumerate(chain.values)}
        steps |= {cell: number for number, cell in chain.updated.items()}
    for cell in book.ordered:
        if cell not in steps:
            below = [steps[other] for other in book.reads[cell] if other in steps]
            if below:
                steps[cell] = max(below)
    return steps
