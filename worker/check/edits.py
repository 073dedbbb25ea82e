"""The balance edits of a layout as data: which cells add up to which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from models.disclosure.form import (
    APPLICANTS,
    LAYOUTS,
    OUTCOME_ROWS,
    RESULTS,
    TOTAL,
    Layout,
    cell_key,
)

_FLOW_IN: Final = ("new_requests", "carried_in")
_FLOW_OUT: Final = ("processed_total", "carried_out")
_ACROSS: Final = {"applications": "T3.APPLICANTS", "review": "T4.RESULTS"}


@dataclass(frozen=True, slots=True)
class Edit:
    """One sum that must hold: the cells of ``left`` add up to those of ``right``.

    ``total`` is the cell without which it cannot be assessed. ``row`` is the row that it is about,
    empty for the edits of columns: one about a row that is not in the file is left out.
    ``parts`` are the figures whose sums the addends are, where each is itself the 总计 of a row.
    Some publishers print none of those; each part is in an edit of its own column then, and this
    one cannot be assessed.
    """

    rule: str
    scope: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    total: str
    row: str = ""
    parts: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """How findings and candidates name it: ``T3.FLOW:total``."""
        return f"{self.rule}:{self.scope}"

    @property
    def terms(self) -> tuple[str, ...]:
        """Every cell that takes part, those on the left first."""
        return (*self.left, *self.right)


@cache
def edits(layout: str) -> tuple[Edit, ...]:
    """Return the balance edits of a layout (FORM.md): columns first; none for table 二."""
    form = LAYOUTS[layout]
    if form.table not in _ACROSS:
        return ()
    columns = _columns(form) if form.table == "applications" else ()
    return (*columns, *_rows(form))


def _columns(form: Layout) -> Iterator[Edit]:
    outcomes = [row for row in form.row_keys if row in OUTCOME_ROWS]
    for column in (c.key for c in APPLICANTS):
        going_in, going_out, addends = (
            tuple(cell_key(form.table, row, column) for row in rows)
            for rows in (_FLOW_IN, _FLOW_OUT, outcomes)
        )
        total = going_out[0]
        yield Edit("T3.FLOW", column, going_in, going_out, total)
        parts = _parts(form, outcomes) if column == TOTAL.key else ()
        yield Edit("T3.OUTCOMES", column, addends, (total,), total, parts=parts)


def _parts(form: Layout, rows: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell for row in rows for cell in form.addresses[row][:-1])


def _rows(form: Layout) -> Iterator[Edit]:
    columns = APPLICANTS if form.table == "applications" else RESULTS
    for row in form.row_keys:
        *addends, total = [cell_key(form.table, row, column.key) for column in columns]
        assert total.endswith(f".{TOTAL.key}")  # noqa: S101 - the form puts 总计 last
        yield Edit(_ACROSS[form.table], row, tuple(addends), (total,), total, row)
