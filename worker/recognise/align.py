"""Alignment: the records of a document against the rows of a known layout.

The form is fixed, so recognition is a local alignment (Smith & Waterman 1981) of the stream of
records with the layout's rows. One record may be matched with one row, up to three records with
one row (a row cut by a page), or one record with several rows (figures whose labels stand
apart). What the figures add up to plays no part in it.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.disclosure.form import Layout
from worker.recognise.worth import NOTHING, Gains, Worth


class Match(NamedTuple):
    """Records ``first:last`` are row ``row``; ``start:stop`` cuts the values that belong to it.

    ``doubtful`` tells that neither a label nor the number of rows around it says so.
    """

    row: int
    first: int
    last: int
    start: int = 0
    stop: int | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best alignment of a document with one layout; matches in printed order."""

    layout: Layout
    score: float
    matches: tuple[Match, ...]


def align(worth: Worth) -> Alignment:
    """Align records with a layout; a score of 0 and no matches when nothing is alike."""
    table = _Table(worth)
    table.fill()
    return table.best()


class _Table:
    """The dynamic programme.

    ``score[i][r]`` is the best alignment of ``records[:i]`` that ends with row ``r - 1`` decided;
    ``back[i][r]`` is how many records and rows its last step took. A score of 0 starts afresh.
    """

    def __init__(self, worth: Worth) -> None:
        self.layout = worth.layout
        self.worth = worth
        rows = len(self.layout.rows) + 1
        self.score = [[0.0] * rows for _ in range(len(worth) + 1)]
        self.back: list[list[tuple[int, int]]] = [[(0, 0)] * rows for _ in self.score]

    def fill(self) -> None:
        """Fill the table, record by record."""
        for at in range(1, len(self.score)):
            self._skip(at)
            for taken, gains in self.worth.steps(at):
                self._match(at, taken, gains)
            for row, (gain, rows) in self.worth.several_rows(at - 1).items():
                self._offer(at, row, self.score[at - 1][row - rows] + gain, (1, rows))
            self._miss(at)

    def _skip(self, at: int) -> None:
        cost = self.worth.skipping(at - 1)
        back = self.back[at]
        for row, score in enumerate(self.score[at - 1]):
            if row and score + cost > 0.0:
                self.score[at][row] = score + cost
                back[row] = (1, 0)

    def _match(self, at: int, taken: int, gains: Gains) -> None:
        here, back = self.score[at], self.back[at]
        step = (taken, 1)
        by_size = [gains.unlike.get(size, NOTHING) for size in self.worth.sizes]
        for row, gain in gains.by_row.items():
            by_size[row] = gain
        for row, (before, gain) in enumerate(zip(self.score[at - taken], by_size, strict=False), 1):
            if before + gain > here[row]:
                here[row] = before + gain
                back[row] = step

    def _offer(self, at: int, row: int, score: float, step: tuple[int, int]) -> None:
        if score > self.score[at][row]:
            self.score[at][row], self.back[at][row] = score, step

    def _miss(self, at: int) -> None:
        here = self.score[at]
        for row, cost in enumerate(self.worth.missing, 1):
            if here[row - 1] + cost > here[row]:
                here[row] = here[row - 1] + cost
                self.back[at][row] = (0, 1)

    def best(self) -> Alignment:
        """Trace the best local alignment back."""
        top, end = 0.0, (0, 0)
        for at, scores in enumerate(self.score):
            for row, score in enumerate(scores):
                if score > top:
                    top, end = score, (at, row)
        matches = list(reversed(list(self._trace(*end))))
        return Alignment(self.layout, top, tuple(self._doubted(matches)))

    def _doubted(self, matches: Sequence[Match]) -> Iterator[Match]:
        """Mark matches by order alone that stand where there are more rows than matches."""
        sure = [match for match in matches if self.worth.sure(match.first, match.last, match.row)]
        rows = [-1, *(match.row for match in sure), len(self.layout.rows)]
        taken = {match.row for match in matches}
        open_rows = {
            row
            for row in range(len(self.layout.rows))
            if row not in taken and not self.worth.seen(row)
        }
        for match in matches:
            if match.row in rows:
                yield match
                continue
            at = bisect_left(rows, match.row)
            between = range(rows[at - 1] + 1, rows[at])
            yield match._replace(doubtful=not open_rows.isdisjoint(between))

    def _trace(self, at: int, row: int) -> Iterator[Match]:
        while self.score[at][row] > 0.0:
            taken, rows = self.back[at][row]
            if taken and rows == 1:
                yield Match(row - 1, at - taken, at)
            elif taken and rows > 1:
                yield from self._shares(at - 1, row - rows, row)
            elif not taken and not rows:
                return
            at, row = at - taken, row - rows

    def _shares(self, at: int, first: int, last: int) -> Iterator[Match]:
        cuts = [0]
        for row in range(first, last):
            cuts.append(cuts[-1] + self.worth.sizes[row])
        for row in reversed(range(first, last)):
            yield Match(row, at, at + 1, cuts[row - first], cuts[row - first + 1])
