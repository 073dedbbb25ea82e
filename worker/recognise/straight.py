"""Straight down: alignments that can be told without trying all the others.

Most files print one line a row, in the order of the form, each with its own label. An alignment
takes each row at most once, so it scores at most what its rows gain; what is skipped or missed
only costs. Where for every row one record gains more than any other way to account for that row
could, by more than all that is skipped between these records costs, and they stand in order, no
other alignment is as good, and the dynamic programme need not be filled to find it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from worker.recognise.align import MOST_CUTS, Alignment, Match
from worker.recognise.worth import MOST_UNLIKE, Worth

_ROUNDING: Final = 1e-6


def straight(worth: Worth) -> Alignment | None:
    """Return the best alignment of records with a layout; ``None`` where that is not so plain."""
    chosen, best, ahead = _singles(worth)
    if -1 in chosen or any(at >= after for at, after in pairwise(chosen)):
        return None
    if any(worth.several_rows(at) for at in range(len(worth))):
        return None
    lead = min(ahead)
    between = range(chosen[0], chosen[-1] + 1)
    skipped = {at: worth.skipping(at) for at in between if at not in chosen}
    if lead + sum(skipped.values()) < _ROUNDING:
        return None
    gains = dict(zip(chosen, best, strict=True))
    score = 0.0
    for at in between:
        score += skipped[at] if at in skipped else gains[at]
    matches = tuple(Match(row, at, at + 1) for row, at in enumerate(chosen))
    return Alignment(worth.layout, score, matches)


def _singles(worth: Worth) -> tuple[Sequence[int], Sequence[float], Sequence[float]]:
    """Return by row the record that gains most for it, how much, and how far that is ahead.

    It is ahead of every other whole record, of the others and those put together, and of none.
    """
    chosen = [-1] * len(worth.sizes)
    best = [MOST_UNLIKE] * len(chosen)
    second = worth.most_in_part()
    for at in filter(worth.whole, range(len(worth))):
        for row, gain in worth.labelled(at).items():
            if gain > best[row]:
                second[row] = max(second[row], best[row])
                chosen[row], best[row] = at, gain
            elif gain > second[row]:
                second[row] = gain
    return chosen, best, [gain - other for gain, other in zip(best, second, strict=True)]


def most(worth: Worth) -> float:
    """Return what no alignment of records with a layout scores more than.

    Every step of an alignment ends with another record, or costs.
    """
    total = _ROUNDING
    for last in range(1, len(worth) + 1):
        steps = [worth.one_row(last - taken, last) for taken in range(1, min(MOST_CUTS, last) + 1)]
        several = (gain for gain, _ in worth.several_rows(last - 1).values())
        total += max([0.0, *(gains.best for gains in steps if gains), *several])
    return total
