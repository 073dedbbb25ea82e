"""Alignment: the records of a document against the rows of a known layout.

The form is fixed, so recognition is a local alignment (Smith & Waterman 1981) of the stream of
records with the layout's rows. One record may be matched with one row, up to three records with
one row (a row cut by a page), or one record with several rows (figures whose labels stand
apart). What the figures add up to plays no part in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from models.disclosure.form import Layout
from worker.reading.pages import Shape
from worker.recognise.labels import LONGEST_FRAGMENT, LabelIndex, index_of, normalised, tails
from worker.recognise.records import Piece, Record, overlap

_ALIKE: Final = 0.45
_LABEL_WEIGHT: Final = 10.0
_UNLABELLED: Final = 1.5
_MISLABELLED: Final = -4.0
_NUMBERING: Final = 0.8
_FULL: Final = 4.0
_PARTLY: Final = 3.0
_MISSING_ROW: Final = -4.0
_EMPTY_ROW: Final = -1.0
_CUT: Final = -1.0
_MOST_CUTS: Final = 3
_NOTHING: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Match:
    """Records ``first:last`` are row ``row``; ``start:stop`` cuts the values that belong to it."""

    row: int
    first: int
    last: int
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best alignment of a document with one layout; matches in printed order."""

    layout: Layout
    score: float
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class _Likeness:
    """What the labels of one record say: similarity and numbering by row, whether it has any."""

    by_row: dict[int, float]
    labelled: bool
    numbers: dict[int, str]


def align(records: Sequence[Record], layout: Layout) -> Alignment:
    """Align records with a layout; a score of 0 and no matches when nothing is alike."""
    table = _Table(records, layout)
    table.fill()
    return table.best()


class _Table:
    """The dynamic programme.

    ``score[i][r]`` is the best alignment of ``records[:i]`` that ends with row ``r - 1`` decided.
    """

    def __init__(self, records: Sequence[Record], layout: Layout) -> None:
        self.records = records
        self.layout = layout
        index = index_of(layout.key)
        self.alike = [_likeness(record, index) for record in records]
        self.sizes = [len(row.columns) for row in layout.rows]
        self.printed = [len(record.printed) for record in records]
        rows = len(layout.rows)
        figured = {row for alike in self.alike for row, s in alike.by_row.items() if s >= 1.0}
        seen = _labels_seen(records, index) - figured
        self.missing = [_EMPTY_ROW if row in seen else _MISSING_ROW for row in range(rows)]
        self.score = [[0.0] * (rows + 1) for _ in range(len(records) + 1)]
        self.back: list[list[tuple[int, int]]] = [[(0, 0)] * (rows + 1) for _ in self.score]

    def fill(self) -> None:
        """Fill the table; 0 is the score of starting afresh anywhere."""
        for at in range(1, len(self.records) + 1):
            for row in range(1, len(self.layout.rows) + 1):
                best, back = 0.0, (0, 0)
                for score, taken, rows in self._moves(at, row):
                    if score > best:
                        best, back = score, (taken, rows)
                self.score[at][row] = best
                self.back[at][row] = back

    def _moves(self, at: int, row: int) -> Iterator[tuple[float, int, int]]:
        """Yield (score, records taken, rows taken) of every way to end at (at, row)."""
        yield self.score[at - 1][row] + self._skipped(at - 1), 1, 0
        yield self.score[at][row - 1] + self.missing[row - 1], 0, 1
        for taken in range(1, min(_MOST_CUTS, at) + 1):
            gain = self._one_row(at - taken, at, row - 1)
            if gain > _NOTHING:
                yield self.score[at - taken][row - 1] + gain, taken, 1
        gain, rows = self._several_rows(at - 1, row)
        if rows:
            yield self.score[at - 1][row - rows] + gain, 1, rows

    def _skipped(self, at: int) -> float:
        printed = self.printed[at]
        if not printed:
            return -0.1
        sure = max(self.alike[at].by_row.values(), default=0.0) >= 1.0
        return -0.5 - 0.4 * min(printed, 7) - (3.0 if sure else 0.0)

    def _one_row(self, first: int, last: int, row: int) -> float:
        """Return what matching records ``first:last`` with one row is worth."""
        size = self.sizes[row]
        printed = sum(self.printed[first:last])
        if last - first > 1 and (
            printed > size or not all(self.printed[first:last]) or self._another(first, last, row)
        ):
            return _NOTHING
        alike = max(self.alike[at].by_row.get(row, 0.0) for at in range(first, last))
        if not printed:
            return self._empty_row(first, alike, size)
        labelled = self.alike[first].labelled
        if not labelled and self._fragment(first, last, printed, size):
            return _NOTHING
        return (
            self._label(first, row, alike, labelled=labelled)
            + self._count(first, last, printed, size)
            + _CUT * (last - first - 1)
        )

    def _fragment(self, first: int, last: int, printed: int, size: int) -> bool:
        """Whether figures without a label are too few for a row and stand nowhere in particular."""
        cells = sum(len(record.values) for record in self.records[first:last])
        return printed < size and cells < size and self.records[first].shape is not Shape.SPACED

    def _another(self, first: int, last: int, row: int) -> bool:
        """Whether a later record clearly carries the label of another row."""
        for at in range(first + 1, last):
            by_row = self.alike[at].by_row
            if max(by_row.values(), default=0.0) >= 1.0 and by_row.get(row, 0.0) < 1.0:
                return True
        return False

    def _empty_row(self, at: int, alike: float, size: int) -> float:
        if alike < 0.8 or len(self.records[at].values) < size:
            return _NOTHING
        return _LABEL_WEIGHT * alike

    def _label(self, at: int, row: int, alike: float, *, labelled: bool) -> float:
        if not labelled:
            return _UNLABELLED
        if alike < _ALIKE:
            return _MISLABELLED
        number = self.layout.rows[row].number
        return _LABEL_WEIGHT * alike + (
            _NUMBERING if number == self.alike[at].numbers.get(row) else 0.0
        )

    def _count(self, first: int, last: int, printed: int, size: int) -> float:
        if printed == size:
            return _FULL
        if printed > size:
            return -2.0 * (printed - size)
        cells = sum(len(record.values) for record in self.records[first:last])
        known = cells >= size or self.records[first].shape is not Shape.RAGGED
        return _PARTLY if known else _PARTLY - 0.6 * (size - printed)

    def _several_rows(self, at: int, row: int) -> tuple[float, int]:
        """Match one run of figures with as many rows as it fills exactly, ending at ``row``."""
        printed = self.printed[at]
        filled, rows = 0, 0
        while rows < row and filled < printed:
            rows += 1
            filled += self.sizes[row - rows]
        if rows < 2 or filled != printed:
            return _NOTHING, 0
        gain = 0.0
        for which in range(row - rows, row):
            alike = self.alike[at].by_row.get(which, 0.0)
            if alike >= _ALIKE:
                gain += _FULL + _LABEL_WEIGHT * alike
            elif self.alike[at].labelled and which == row - rows:
                return _NOTHING, 0
            else:
                gain += _FULL + _UNLABELLED
        return gain, rows

    def best(self) -> Alignment:
        """Trace the best local alignment back."""
        top, end = 0.0, (0, 0)
        for at, scores in enumerate(self.score):
            for row, score in enumerate(scores):
                if score > top:
                    top, end = score, (at, row)
        return Alignment(self.layout, top, tuple(reversed(list(self._trace(*end)))))

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
            cuts.append(cuts[-1] + self.sizes[row])
        for row in reversed(range(first, last)):
            yield Match(row, at, at + 1, cuts[row - first], cuts[row - first + 1])


def _labels_seen(records: Sequence[Record], index: LabelIndex) -> set[int]:
    """Return the rows whose label stands on a line without figures."""
    return {
        row
        for record in records
        for piece in (*record.before, *record.after)
        for row, alike in index.likeness(normalised(piece.text)[1]).by_row.items()
        if alike >= 1.0
    }


def _likeness(record: Record, index: LabelIndex) -> _Likeness:
    best: dict[int, float] = {}
    numbers: dict[int, str] = {}
    nearest = record.own[-1:] or record.before[-1:]
    for piece in nearest if record.shape is not Shape.SPACED or record.own else ():
        number, label = normalised(piece.text)
        exact = {r: s for r, s in index.likeness(label).by_row.items() if s >= 1.0}
        if exact:
            return _Likeness(exact, True, dict.fromkeys(exact, number))
    for text in _readings(record):
        number, label = normalised(text)
        if not label:
            continue
        for row, score in index.likeness(label).by_row.items():
            if score > best.get(row, 0.0):
                best[row], numbers[row] = score, number
    labelled = bool(record.own) or max(best.values(), default=0.0) >= _ALIKE
    return _Likeness(best, labelled, numbers)


def _readings(record: Record) -> Iterator[str]:
    """Yield the texts that may be the record's label.

    Fragments of one printed label stand in the same text column, above, beside and below the
    figures; they are read column by column. A numbering inside a text begins a label of its own.
    """
    for text in _texts(record):
        yield from tails(text)


def _texts(record: Record) -> Iterator[str]:
    texts = [piece.text for piece in record.own]
    yield from texts
    if len(texts) > 1:
        yield "".join(texts[-2:])
    for column in _columns(record):
        yield from _around(*column)


def _columns(record: Record) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Yield (above, beside, below) fragment texts for each text column near the record."""
    before = [piece for piece in record.before if len(piece.text) <= LONGEST_FRAGMENT]
    after = [piece for piece in record.after if len(piece.text) <= LONGEST_FRAGMENT]
    if record.shape is Shape.SPACED and not record.stacked:
        # What stands to the left of the nearest label is its group.
        edge = record.own[-1].left if record.own else 0.0
        for anchor in _distinct((*reversed(record.own), *before[-3:], *after[:3])):
            if anchor.right <= edge:
                continue
            yield (
                [piece.text for piece in before if overlap(piece, anchor)],
                [piece.text for piece in record.own if overlap(piece, anchor)],
                [piece.text for piece in after if overlap(piece, anchor)],
            )
        return
    # Without positions a label stands before its figures; what follows may only complete it.
    beside = [piece.text for piece in record.own[-1:]]
    yield [piece.text for piece in before], beside, [p.text for p in after] if beside else []


def _distinct(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return one piece for each text column."""
    found: list[Piece] = []
    for piece in pieces:
        if not any(overlap(piece, other) for other in found):
            found.append(piece)
    return tuple(found)


def _around(above: list[str], beside: list[str], below: list[str]) -> Iterator[str]:
    middle = "".join(beside)
    for up in range(min(4, len(above)) + 1):
        head = "".join(above[len(above) - up :])
        for down in range(min(3, len(below)) + 1):
            if up or down:
                yield head + middle + "".join(below[:down])
