"""Straight down: alignments that can be told without trying all the others.

Most files print one line a row, in the order of the form, each with its own label. An alignment
takes each row at most once, so it scores at most what its rows gain; what is skipped or missed
only costs. Where for every row one way to match it gains more than any other that accounts for
this row could, by more than all that is skipped between them costs, and they stand in order, no
other alignment is as good, and the dynamic programme need not be filled to find it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from models.tuples import maker
from worker.recognise.align import Alignment, Match
from worker.recognise.worth import MOST_UNLIKE, Worth

_ROUNDING: Final = 1e-6


class _Step(NamedTuple):
    """Records ``first:last`` for one row."""

    first: int
    last: int
    gain: float


_match: Final = maker(Match)
_step: Final = maker(_Step)
_NONE: Final = _Step(-1, -1, MOST_UNLIKE)


def straight(worth: Worth, *, wholly: bool = True) -> Alignment | None:
    """Return the best alignment of records with a layout; ``None`` where that is not so plain.

    With ``wholly`` only records that print a figure for every column are looked at, which is
    enough where every row does, and quick; without it all that may be put together for a row too.
    """
    if any(worth.several_rows(at) for at in range(len(worth))):
        return None
    if wholly:
        steps, lead = _foremost(_whole(worth), worth.most_in_part())
    else:
        steps, lead = _foremost(_every(worth), [MOST_UNLIKE] * len(worth.sizes))
    if lead <= 0.0 or any(one.last > other.first for one, other in pairwise(steps)):
        return None
    starts = {step.first: step for step in steps}
    at, score, skipped = steps[0].first, 0.0, 0.0
    while at < steps[-1].last:
        if (step := starts.get(at)) is not None:
            at, score = step.last, score + step.gain
        else:
            cost = worth.skipping(at)
            at, score, skipped = at + 1, score + cost, skipped + cost
    if lead + skipped < _ROUNDING:
        return None
    matches = tuple([_match((row, s.first, s.last, 0, None, False)) for row, s in enumerate(steps)])
    return Alignment(worth.layout, score, matches)


_Gains = Iterable[tuple[int, int, dict[int, float]]]


def _whole(worth: Worth) -> Iterator[tuple[int, int, dict[int, float]]]:
    for at in range(len(worth)):
        if worth.whole(at):
            yield at, at + 1, worth.labelled(at)


def _every(worth: Worth) -> Iterator[tuple[int, int, dict[int, float]]]:
    for last in range(1, len(worth) + 1):
        for taken, gains in worth.steps(last):
            yield last - taken, last, gains.by_row


def _foremost(gained: _Gains, second: list[float]) -> tuple[Sequence[_Step], float]:
    """Return by row the step that gains most, and by how much the least of them is ahead.

    Each is ahead of every other step for its row, and of what ``second`` says of the row.
    """
    best = [_NONE] * len(second)
    for first, last, by_row in gained:
        for row, gain in by_row.items():
            if gain > best[row].gain:
                second[row] = max(second[row], best[row].gain)
                best[row] = _step((first, last, gain))
            elif gain > second[row]:
                second[row] = gain
    return best, min([step.gain - other for step, other in zip(best, second, strict=True)])


def most(worth: Worth) -> float:
    """Return what no alignment of records with a layout scores more than.

    Every step of an alignment ends with another record, or costs.
    """
    total = _ROUNDING
    for last in range(1, len(worth) + 1):
        several = (gain for gain, _ in worth.several_rows(last - 1).values())
        total += max([0.0, *(gains.best for _, gains in worth.steps(last)), *several])
    return total


def most_by_labels(worth: Worth) -> float:
    """Return what no alignment scores more than, by the labels alone, which is quick to tell."""
    return _ROUNDING + worth.most_by_labels
