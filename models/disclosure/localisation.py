"""Which cells would have to say something else so that a report balances: candidates, not verdicts.

Terms follow Fellegi & Holt 1976 and de Waal, Pannekoek & Scholtus 2011: *error localisation* looks
for the smallest change after which every edit holds. A candidate says what would balance if it were
so; it never says what is wrong, and nothing applies it by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


class Mechanism(StrEnum):
    """What would have happened to the figures."""

    SINGLE_CELL = "single_cell"
    LEAF_AND_TOTAL = "leaf_and_total"
    TWO_CELLS = "two_cells"
    THREE_CELLS = "three_cells"
    SWAPPED = "swapped"
    WRONG_COLUMN = "wrong_column"
    WRONG_ROW = "wrong_row"
    SHIFTED_LEFT = "shifted_left"
    SHIFTED_RIGHT = "shifted_right"
    SPLIT = "split"
    MERGED = "merged"
    LINE_SLIPPED = "line_slipped"
    COLUMN_SLIPPED = "column_slipped"
    ROW_MISSING = "row_missing"
    ROWS_SLIPPED = "rows_slipped"
    ROWS_SWAPPED = "rows_swapped"
    TOTALS_NOT_PRINTED = "totals_not_printed"
    UNREADABLE = "unreadable"
    SEVERAL = "several"


FIGURES: Final = frozenset(
    {
        Mechanism.SINGLE_CELL,
        Mechanism.LEAF_AND_TOTAL,
        Mechanism.TWO_CELLS,
        Mechanism.THREE_CELLS,
        Mechanism.UNREADABLE,
    }
)
"""Mechanisms by which figures themselves are others, not only their places."""


class Origin(StrEnum):
    """Who would have erred: the reading of the file, or its publisher."""

    READING = "reading"
    PUBLISHER = "publisher"
    UNDETERMINED = "undetermined"


class Status(StrEnum):
    """How far localisation came.

    ``unique``: one candidate costs least. ``tied``: several do. ``not_localised``: nothing within
    reach balances. ``capped``: the search was cut off before its end.
    """

    UNIQUE = "unique"
    TIED = "tied"
    NOT_LOCALISED = "not_localised"
    CAPPED = "capped"


Supports = Literal["proposed", "read", "reading", "publisher"]


@dataclass(frozen=True, slots=True)
class Change:
    """One cell: what was printed, the figure read (``None`` where there was none), and another.

    ``delta`` is ``proposed`` less what the cell counted for: 0 where no figure was read.
    """

    cell: str
    raw: str
    read: int | None
    proposed: int

    @property
    def delta(self) -> int:
        """How much more the cell would say."""
        return self.proposed - (self.read or 0)


@dataclass(frozen=True, slots=True)
class Witness:
    """Something that speaks for a candidate or against it.

    ``kind`` is ``source``, ``confidence``, ``second_extraction``, ``previous_year``, ``next_year``
    or ``narrative``. ``supports`` is the figure ``proposed`` or the one ``read``, or who erred:
    ``reading`` or ``publisher``.
    """

    kind: str
    supports: Supports
    quote: str
    place: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to make a block of edits hold.

    ``rank`` counts from 1 within its ``block``; candidates of one ``tie_group`` cost the same
    but for ``digits`` and ``evidence``, which only order them. ``resolves`` lists edits as
    ``RULE:scope``.
    """

    block: int
    rank: int
    tie_group: int
    changes: tuple[Change, ...]
    mechanism: Mechanism
    cost: float
    cost_parts: Mapping[str, float]
    resolves: tuple[str, ...]
    evidence: tuple[Witness, ...] = ()
    origin: Origin = Origin.UNDETERMINED

    @property
    def id(self) -> str:
        """Its name within the inspection: block and rank, ``1.2``."""
        return f"{self.block}.{self.rank}"

    @property
    def events(self) -> float:
        """How many slips it takes, 1 being one wrong cell: what candidates of a tie share."""
        return self.cost_parts.get("events", self.cost)


@dataclass(frozen=True, slots=True)
class Search:
    """What was looked through: sets of up to ``k`` cells, ``nodes`` of them tried."""

    k: int
    nodes: int
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Edits that fail together and are repaired together.

    ``cut`` counts the candidates that were found and left out of the list for their number.
    """

    number: int
    table: str
    edits: tuple[str, ...]
    status: Status
    search: Search
    candidates: tuple[Candidate, ...] = ()
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Localisation:
    """Every block of failing edits; one candidate of each makes the whole report balance."""

    blocks: tuple[Block, ...]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All candidates, block by block, the cheapest first."""
        return tuple(one for block in self.blocks for one in block.candidates)

    @property
    def status(self) -> Status:
        """The least certain of the blocks' own."""
        return max((block.status for block in self.blocks), key=list(Status).index)

    @property
    def search(self) -> Search:
        """The effort over all blocks."""
        searches = [block.search for block in self.blocks]
        return Search(
            max(one.k for one in searches),
            sum(one.nodes for one in searches),
            any(one.capped for one in searches),
        )
