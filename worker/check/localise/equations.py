"""The edits of a layout over numbered cells, and a table that was read as the state of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from models.disclosure.form import LAYOUTS
from models.disclosure.report import ABSENT, Printed, ReadTable
from worker.check.edits import Edit, edits

Terms = tuple[tuple[int, int], ...]
"""(number, coefficient) each; coefficients are 1 and -1."""
Changes = Mapping[int, int]
"""What cells would say, by number."""

BLANK: Final = (Printed.BLANK, Printed.ABSENT)
"""How a cell is printed that holds nothing, not even a mark that there is no figure."""


@dataclass(frozen=True)
class System:
    """The edits of a layout. Cells are numbered row by row as printed, ``width`` to a row.

    ``terms`` lists the cells of each edit and ``totals`` the one it needs, ``touching`` the edits
    of each cell, ``row_edits`` the edit of each row.
    """

    layout: str
    cells: tuple[str, ...]
    width: int
    edits: tuple[Edit, ...]
    terms: tuple[Terms, ...]
    touching: tuple[Terms, ...]
    totals: tuple[int, ...]
    row_edits: tuple[int, ...]

    @cached_property
    def of_columns(self) -> tuple[Terms, ...]:
        """The edits of each cell that are about its column."""
        rows = set(self.row_edits)
        return tuple(tuple(t for t in touched if t[0] not in rows) for touched in self.touching)

    @cached_property
    def of_rows(self) -> tuple[Terms, ...]:
        """The edit of each cell that is about its row."""
        rows = set(self.row_edits)
        return tuple(tuple(t for t in touched if t[0] in rows) for touched in self.touching)

    @cached_property
    def of_totals(self) -> tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...]:
        """The edits that add up totals of rows, each with those and their parts."""
        number = {cell: at for at, cell in enumerate(self.cells)}
        return tuple(
            (
                at,
                tuple(map(number.__getitem__, edit.left)),
                tuple(map(number.__getitem__, edit.parts)),
            )
            for at, edit in enumerate(self.edits)
            if edit.parts
        )

    @cached_property
    def row_masks(self) -> tuple[int, ...]:
        """The edits of the cells of each row, as bits."""
        return tuple(self._mask(self.row(number)) for number in range(self.height))

    @cached_property
    def column_masks(self) -> tuple[int, ...]:
        """The edits of the cells of each column, as bits."""
        return tuple(self._mask(self.column(number)) for number in range(self.width))

    @cached_property
    def signatures(self) -> Mapping[int, tuple[int, ...]]:
        """Cells by the set of edits that break when they alone are wrong, as bits."""
        return signatures(self.touching)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.cells) // self.width

    def row(self, number: int) -> range:
        """Return the cells of a row."""
        return range(number * self.width, (number + 1) * self.width)

    def column(self, number: int) -> range:
        """Return the cells of a column."""
        return range(number, len(self.cells), self.width)

    def _mask(self, cells: range) -> int:
        edits = {edit for cell in cells for edit, _ in self.touching[cell]}
        return sum(1 << edit for edit in edits)


@cache
def system(layout: str) -> System:
    """Return the edits of a layout of table 三 or 四 over numbered cells."""
    form = LAYOUTS[layout]
    cells = form.cells
    number = {cell: at for at, cell in enumerate(cells)}
    known = edits(layout)
    terms = tuple(
        (*((number[c], 1) for c in edit.left), *((number[c], -1) for c in edit.right))
        for edit in known
    )
    touching: list[list[tuple[int, int]]] = [[] for _ in cells]
    for at, term in enumerate(terms):
        for cell, coefficient in term:
            touching[cell].append((at, coefficient))
    rows = {edit.row: at for at, edit in enumerate(known) if edit.row}
    return System(
        layout,
        cells,
        len(form.rows[0].columns),
        known,
        terms,
        tuple(map(tuple, touching)),
        tuple(number[edit.total] for edit in known),
        tuple(rows[key] for key in form.row_keys),
    )


def signatures(touching: Iterable[Terms]) -> dict[int, tuple[int, ...]]:
    """Return cells by the set of their edits as bits; cells of no edit are left out."""
    found: dict[int, tuple[int, ...]] = {}
    for cell, touched in enumerate(touching):
        mask = 0
        for edit, _ in touched:
            mask |= 1 << edit
        if mask:
            found[mask] = (*found.get(mask, ()), cell)
    return found


class Problem:
    """A table as read, and how far each edit is from holding.

    ``values`` counts what is no number as 0. ``residuals`` are left less right, for every edit;
    only those of ``active`` edits must be 0: the others cannot be assessed, as ``totals`` has it,
    until a figure is proposed for what they lack (``unsummed``: for the total of some row).
    ``violated`` lists those that fail, ``mask`` has them as bits. ``assumed`` gives figures in
    place of what was read, by cell.
    """

    def __init__(self, table: ReadTable, assumed: Changes | None = None) -> None:
        self.table = table
        self.system = system(table.layout)
        self.read = [table.cells.get(cell, ABSENT) for cell in self.system.cells]
        self.printed = [cell.printed is Printed.NUMBER for cell in self.read]
        self.values = [int(cell.value or 0) for cell in self.read]
        self.assumed = assumed or {}
        for at, value in self.assumed.items():
            self.values[at], self.printed[at] = value, True
        self.unreadable = frozenset(
            at
            for at, cell in enumerate(self.read)
            if cell.printed is Printed.UNREADABLE and at not in self.assumed
        )
        values = self.values
        self.residuals = [
            sum([k * values[cell] for cell, k in terms]) for terms in self.system.terms
        ]
        self.unsummed = {
            at: (addends, parts)
            for at, addends, parts in self.system.of_totals
            if not any(self.printed[cell] for cell in addends)
        }
        self.active = [self._assessed(at, {}) for at in range(len(self.system.edits))]
        self.violated = [at for at, left in enumerate(self.residuals) if left and self.active[at]]
        self.mask = sum(1 << edit for edit in self.violated)

    @cached_property
    def touching(self) -> Sequence[Terms]:
        """The active edits of each cell."""
        if all(self.active):
            return self.system.touching
        return [
            tuple((e, k) for e, k in touched if self.active[e]) for touched in self.system.touching
        ]

    @cached_property
    def signatures(self) -> Mapping[int, tuple[int, ...]]:
        """Cells by the set of their active edits, as bits."""
        return self.system.signatures if all(self.active) else signatures(self.touching)

    @cached_property
    def blank_rows(self) -> frozenset[int]:
        """The rows that hold nothing at all: neither a figure nor a mark for none."""
        blank = [cell.printed in BLANK for cell in self.read]
        system = self.system
        return frozenset(
            row for row in range(system.height) if all(blank[cell] for cell in system.row(row))
        )

    def balanced(self, changes: Changes) -> bool:
        """Tell whether every edit that could be assessed then would hold; no figure is negative."""
        left: dict[int, int] = {}
        for cell, value in changes.items():
            if value < 0:
                return False
            difference = value - self.values[cell]
            for edit, k in self.system.touching[cell]:
                left[edit] = left.get(edit, self.residuals[edit]) + k * difference
        if any(edit not in left for edit in self.violated):
            return False
        return not any(rest and self._assessed(edit, changes) for edit, rest in left.items())

    def after(self, changes: Changes) -> "Problem":
        """Return the table with figures changed."""
        return Problem(self.table, {**self.assumed, **changes})

    def _unsummed(self, edit: int, changes: Changes) -> bool:
        """Tell whether rows would have figures, and none its total."""
        addends, parts = self.unsummed[edit]
        return not any(cell in changes for cell in addends) and any(
            changes.get(cell, self.values[cell])
            or (cell in self.unreadable and cell not in changes)
            for cell in parts
        )

    def _assessed(self, edit: int, changes: Changes) -> bool:
        total = self.system.totals[edit]
        if not self.printed[total] and total not in changes:
            return False
        if edit in self.unsummed and self._unsummed(edit, changes):
            return False
        open_ones = self.unreadable
        return not open_ones or not any(
            cell in open_ones and cell not in changes for cell, _ in self.system.terms[edit]
        )
