"""Figures that obey every hard edit of the form."""

import random
from collections.abc import Iterator, Mapping
from decimal import Decimal

from models.disclosure.form import (
    APPLICANTS,
    LAYOUTS,
    NATURAL_PERSON,
    OUTCOME_ROWS,
    RESULTS,
    TOTAL,
    Column,
    Kind,
    cell_key,
)

Value = int | Decimal


def balanced_values(layouts: Mapping[str, str], rng: random.Random) -> dict[str, Value]:
    """Return a value for every cell of the three tables, in printed order."""
    found: dict[str, Value] = dict(_disclosure(layouts["disclosure"], rng))
    found.update(_applications(layouts["applications"], rng))
    found.update(_review(layouts["review"], rng))
    order = (cell for table in layouts for cell in LAYOUTS[layouts[table]].cells)
    return {cell: found[cell] for cell in order}


def magnitude(rng: random.Random) -> int:
    """Return a count as real tables hold them: mostly nothing or little, seldom five digits."""
    low, high = rng.choices(
        ((0, 0), (1, 9), (10, 99), (100, 999), (1_000, 99_999)), (50, 26, 14, 7, 3)
    )[0]
    return rng.randint(low, high)


def _disclosure(layout: str, rng: random.Random) -> Iterator[tuple[str, Value]]:
    for row in LAYOUTS[layout].rows:
        for column in row.columns:
            yield cell_key("disclosure", row.key, column.key), _disclosed(column, rng)


def _disclosed(column: Column, rng: random.Random) -> Value:
    if column.kind is Kind.AMOUNT:
        return _amount(rng)
    if column.kind is Kind.CHANGE:
        return rng.choice((0, 0, 0, rng.randint(1, 40), -rng.randint(1, 40)))
    return magnitude(rng)


def _amount(rng: random.Random) -> Decimal:
    places = rng.choice((0, 0, 1, 2, 3, 4, 6))
    whole = rng.choice((0, rng.randint(0, 999), rng.randint(0, 99_999)))
    return Decimal(whole * 10**places + rng.randrange(10**places)).scaleb(-places)


def _applications(layout: str, rng: random.Random) -> Iterator[tuple[str, Value]]:
    rows = LAYOUTS[layout].row_keys
    outcomes = [key for key in rows if key in OUTCOME_ROWS]
    table = {column.key: _flow(outcomes, column, rng) for column in APPLICANTS[:-1]}
    table[TOTAL.key] = {key: sum(cells[key] for cells in table.values()) for key in rows}
    for row in rows:
        for column in APPLICANTS:
            yield cell_key("applications", row, column.key), table[column.key][row]


def _flow(outcomes: list[str], column: Column, rng: random.Random) -> dict[str, int]:
    """One column from its outcomes up: what was decided and what is left came in somehow."""
    busy = column is NATURAL_PERSON or rng.random() < 0.3
    chosen = rng.sample(outcomes, rng.randint(1, 7)) if busy else []
    cells = {key: magnitude(rng) if key in chosen else 0 for key in outcomes}
    processed = sum(cells.values())
    left = rng.choice((0, 0, 0, rng.randint(1, 12))) if busy else 0
    before = min(rng.choice((0, 0, 0, rng.randint(1, 12))), processed + left)
    cells.update(
        new_requests=processed + left - before,
        carried_in=before,
        processed_total=processed,
        carried_out=left,
    )
    return cells


def _review(layout: str, rng: random.Random) -> Iterator[tuple[str, Value]]:
    for row in LAYOUTS[layout].rows:
        addends = [rng.choice((0, 0, 0, rng.randint(1, 4), rng.randint(1, 60))) for _ in range(4)]
        for column, value in zip(RESULTS, (*addends, sum(addends)), strict=True):
            yield cell_key("review", row.key, column.key), value
