"""What the search for causes has done in a workbook, so that it comes to an end."""

from dataclasses import dataclass, field

_MOST_PAIRS = 30_000  # of mistakes tried together, in one workbook; about two seconds
_MOST_UNEXPLAINED = 8  # formulas of a workbook


@dataclass
class Work:
    """What the search for causes has done in a workbook.

    Attributes:
        pairs_left: how many pairs of mistakes may still be tried.
        unexplained: how many formulas no mistake explained; after some the search is short.
        known: what was found for formulas before; another sheet may hold the same.
    """

    pairs_left: int = _MOST_PAIRS
    unexplained: int = 0
    known: dict[object, object] = field(default_factory=dict)

    @property
    def is_hopeless(self) -> bool:
        """Whether so much is unexplained that the rest is searched and told in short."""
        return self.unexplained >= _MOST_UNEXPLAINED
