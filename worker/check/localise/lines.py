"""What may have happened to the figures of one row or one column.

The mechanisms are those seen in real files: figures slip by one because a blank was dropped or a
stray figure slipped in, one number is split in two or two are run together, two change places.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from models.disclosure.localisation import Mechanism
from models.disclosure.report import Cell, Printed

Values = Sequence[int]

ADJACENT: Final = 1.2
APART: Final = 1.4
SHIFTED: Final = 1.3
SHIFTED_WITHIN: Final = 1.4
SPLIT: Final = 1.3
SLIPPED: Final = 1.6


@dataclass(frozen=True, slots=True)
class Told:
    """What explains a change, and what it costs beside one wrong cell, which costs 1."""

    mechanism: Mechanism
    events: float


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of a row or a column as read; ``digits`` are those that stand in the file."""

    values: tuple[int, ...]
    digits: tuple[str, ...]

    @classmethod
    def of(cls, values: Values, cells: Sequence[Cell]) -> "Line":
        """Return the line of some cells and what they count for."""
        return cls(tuple(values), tuple(map(digits, cells)))


def digits(cell: Cell) -> str:
    """Return the digits of a cell as they stand in the file, empty where there is no figure."""
    if cell.printed is not Printed.NUMBER or cell.value is None or cell.value < 0:
        return ""
    raw = cell.raw.strip()
    return raw if raw.isdecimal() and raw.isascii() else str(int(cell.value))


def of_row(line: Line, need: Values) -> Told | None:
    """Return what would have made a row of ``need`` read as it was, ``None`` where nothing would.

    The last figure is the total; what fell out of the row at either end may have been anything.
    """
    swapped = _swapped(line.values, need, Mechanism.WRONG_COLUMN)
    told = [swapped] if swapped else []
    for mechanism, events, fits in _ROW:
        at = next((at for at in range(len(need) - 1) if fits(line, need, at)), None)
        if at is not None:
            whole = at == 0 or events != SHIFTED
            told.append(Told(mechanism, events if whole else SHIFTED_WITHIN))
    return min(told, key=lambda one: one.events, default=None)


def of_column(line: Line, need: Values) -> Told | None:
    """Return what would have made a column of ``need`` read as it was."""
    values = line.values
    swapped = _swapped(values, need, Mechanism.WRONG_ROW)
    if swapped is not None:
        return swapped
    changed = [at for at, value in enumerate(need) if value != values[at]]
    first, last = changed[0], changed[-1]
    up = need[first:last] == values[first + 1 : last + 1]
    down = need[first + 1 : last + 1] == values[first:last]
    if (up or down) and len(changed) > 2:
        return Told(Mechanism.COLUMN_SLIPPED, SLIPPED)
    return None


def _swapped(values: Values, need: Values, moved: Mechanism) -> Told | None:
    changed = [at for at, value in enumerate(need) if value != values[at]]
    if len(changed) != 2:
        return None
    one, other = changed
    if need[one] != values[other] or need[other] != values[one]:
        return None
    alone = not values[one] or not values[other]
    events = ADJACENT if other - one == 1 else APART
    return Told(moved if alone else Mechanism.SWAPPED, events)


def _left(line: Line, need: Values, at: int) -> bool:
    values = line.values
    kept, moved = values[:at] == need[:at], values[at:-1]
    return kept and any(moved) and moved == need[at + 1 :]


def _right(line: Line, need: Values, at: int) -> bool:
    values = line.values
    kept, moved = values[:at] == need[:at], values[at + 1 :]
    return kept and any(moved) and moved == need[at:-1]


def _split(line: Line, need: Values, at: int) -> bool:
    values, (one, other) = line.values, line.digits[at : at + 2]
    if not one or not other or values[:at] != need[:at] or int(one + other) != need[at]:
        return False
    return values[at + 2 :] in (need[at + 1 : -1], need[at + 2 :])


def _merged(line: Line, need: Values, at: int) -> bool:
    values = line.values
    if values[:at] != need[:at] or line.digits[at] != f"{need[at]}{need[at + 1]}":
        return False
    moved = values[at + 1 : -1] == need[at + 2 :]
    return moved or (not values[at + 1] and values[at + 2 :] == need[at + 2 :])


_Fits = Callable[[Line, Values, int], bool]
_ROW: Final[tuple[tuple[Mechanism, float, _Fits], ...]] = (
    (Mechanism.SPLIT, SPLIT, _split),
    (Mechanism.MERGED, SPLIT, _merged),
    (Mechanism.SHIFTED_LEFT, SHIFTED, _left),
    (Mechanism.SHIFTED_RIGHT, SHIFTED, _right),
)


def undone(line: Line) -> Iterator[tuple[int, ...]]:
    """Yield what a row may have been before one of the mechanisms, each balanced by its total."""
    values, last = line.values, len(line.values) - 1
    for at in range(last):
        yield from _balanced((*values[:at], 0, *values[at:-1]), at)
        yield from _balanced((*values[:at], *values[at + 1 :], 0), last)
        one, other = line.digits[at : at + 2]
        if one and other:
            whole = int(one + other)
            yield from _balanced((*values[:at], whole, *values[at + 2 :], 0), last)
        for cut in range(1, len(one)):
            parts = int(one[:cut]), int(one[cut:])
            apart = (*values[:at], *parts, *values[at + 1 : -1])
            if sum(apart[:-1]) == apart[-1]:
                yield apart


def _balanced(values: tuple[int, ...], unknown: int) -> Iterator[tuple[int, ...]]:
    *leaves, total = values
    value = sum(leaves) if unknown == len(leaves) else total - sum(leaves)
    if value >= 0:
        yield (*values[:unknown], value, *values[unknown + 1 :])
