"""Choosing between equally good placements of a row's figures.

The balance edits never decide how a cell is read. Where a row prints fewer or more figures than
it has columns and nothing tells which column each belongs to, they may choose the one placement
under which they hold; the report says so. Where they cannot, the row stays unplaced.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from models.disclosure.form import OUTCOME_ROWS, Layout
from worker.recognise import figures
from worker.recognise.columns import Placement, Slots

Values = tuple[int | None, ...]

_FLOW: Final = (
    ("new_requests", 1),
    ("carried_in", 1),
    ("processed_total", -1),
    ("carried_out", -1),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The slots of each row; a row that stays unplaced has none."""

    slots: Mapping[str, Slots] = field(default_factory=dict)
    unplaced: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    across: Slots | None = None


def choose(layout: Layout, placements: Mapping[str, Placement]) -> Choice:
    """Choose for every row of a table whose rows stand below each other."""
    slots = {key: p.candidates[0] for key, p in placements.items() if p.certain}
    open_rows = {key: p for key, p in placements.items() if not p.certain}
    chosen: list[str] = []
    for key, placement in list(open_rows.items()):
        if _all_zero(placement):
            slots[key] = (None,) * len(placement.candidates[0])
            del open_rows[key]
    for key in list(open_rows):
        kept = _only(open_rows[key].candidates, lambda c: _adds_up(layout, c))
        if len(kept) > 1:
            kept = _only(kept, _columns_hold(layout, key, slots, open_rows))
        if len(kept) == 1:
            slots[key] = kept[0]
            chosen.append(key)
            del open_rows[key]
    zeros = [key for key, p in placements.items() if not p.certain and _all_zero(p)]
    return Choice(slots, (*open_rows, *zeros), tuple(chosen))


def choose_across(layout: Layout, placement: Placement) -> Choice:
    """Choose for a table whose rows stand side by side on one line."""
    if placement.certain:
        return Choice(across=placement.candidates[0])
    if _all_zero(placement):
        size = len(placement.candidates[0])
        return Choice(unplaced=layout.row_keys, across=(None,) * size)
    sizes = [len(row.columns) for row in layout.rows]

    def holds(candidate: Slots) -> bool:
        at = 0
        for size in sizes:
            if not _adds_up(layout, candidate[at : at + size]):
                return False
            at += size
        return True

    kept = _only(placement.candidates, holds)
    if len(kept) == 1:
        return Choice(chosen=layout.row_keys, across=kept[0])
    return Choice(unplaced=layout.row_keys)


def _only(candidates: Iterable[Slots], holds: Callable[[Slots], bool]) -> list[Slots]:
    """Return the distinct candidates that hold, by their figures."""
    found: dict[Values, Slots] = {}
    for candidate in candidates:
        if holds(candidate):
            found.setdefault(_values(candidate), candidate)
    return list(found.values())


def _values(slots: Slots) -> Values:
    values = []
    for piece in slots:
        value = None if piece is None else figures.read(piece.text).value
        values.append(None if value is None else int(value))
    return tuple(values)


def _all_zero(placement: Placement) -> bool:
    """Figures that are all zero (or marks) add nothing, wherever they stand."""
    return all(not any(_values(candidate)) for candidate in placement.candidates[:1]) and all(
        piece is None or figures.read(piece.text).value is not None or not piece.text.strip("-—/／")
        for piece in placement.candidates[0]
    )


def _adds_up(layout: Layout, slots: Slots) -> bool:
    """Whether the addends make the printed total (``T3.APPLICANTS``, ``T4.RESULTS``)."""
    if layout.table == "disclosure":
        return True
    *addends, total = _values(slots)
    return total is not None and sum(value or 0 for value in addends) == total


def _columns_hold(
    layout: Layout, key: str, slots: Mapping[str, Slots], others: Mapping[str, Placement]
) -> Callable[[Slots], bool]:
    """Whether ``T3.FLOW`` and ``T3.OUTCOMES`` hold with the rows that are certain."""
    known = {row: _values(found) for row, found in slots.items()}

    def holds(candidate: Slots) -> bool:
        rows = known | {key: _values(candidate)}
        return all(
            _balanced(rows, terms)
            for terms in _terms(layout)
            if key in dict(terms) and not any(row in others and row != key for row, _ in terms)
        )

    return holds if layout.table == "applications" else lambda _: True


def _terms(layout: Layout) -> tuple[tuple[tuple[str, int], ...], ...]:
    outcomes = tuple((row, 1) for row in layout.row_keys if row in OUTCOME_ROWS)
    return _FLOW, (*outcomes, ("processed_total", -1))


def _balanced(rows: Mapping[str, Values], terms: Iterable[tuple[str, int]]) -> bool:
    size = max(len(values) for values in rows.values())
    totals = [0] * size
    for row, sign in terms:
        for at, value in enumerate(rows.get(row, ())):
            totals[at] += sign * (value or 0)
    return not any(totals)
