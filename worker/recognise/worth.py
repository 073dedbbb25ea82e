"""What it is worth to match records with rows: label, numbering and number of figures.

The weights order hypotheses; none of them looks at what the figures add up to.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from models.disclosure.form import Layout
from worker.reading.pages import Shape
from worker.recognise.columns import once
from worker.recognise.labels import (
    LONGEST_FRAGMENT,
    LabelIndex,
    columns_of,
    index_of,
    normalised,
    tails,
)
from worker.recognise.records import Piece, Record, overlap

_ALIKE: Final = 0.45
_LABEL_WEIGHT: Final = 10.0
_UNLABELLED: Final = 1.5
_MISLABELLED: Final = -4.0
_NUMBERING: Final = 0.8
_OTHER_NUMBERING: Final = -1.5
_FULL: Final = 4.0
_PARTLY: Final = 3.0
_MISSING_ROW: Final = -4.0
_EMPTY_ROW: Final = -1.0
_CUT: Final = -1.0
NOTHING: Final = float("-inf")


_TWO: Final = 2
_EMPTY_ALIKE: Final = 0.8
_A_HEADER: Final = 3
_CUT_SHORT: Final = 4
_BEGUN: Final = 0.6
"""The likeness of a label of which a page has left but the number and the first characters."""
_NARROW: Final = 6
_MOST_ABOVE: Final = 4
_MOST_BELOW: Final = 3


@dataclass(frozen=True, slots=True)
class _Likeness:
    """What the labels of one record say: similarity and numbering by row, whether it has any."""

    by_row: dict[int, float]
    labelled: bool
    numbers: dict[int, str]


class Worth:
    """The gains and costs of aligning records with a layout, prepared for every row at once.

    ``missing`` is the cost of each row that has no figures in the file.
    """

    def __init__(self, records: Sequence[Record], layout: Layout) -> None:
        index = index_of(layout.key)
        self._records, self._index = records, index
        self._numbers = [row.number for row in layout.rows]
        self.sizes = [len(row.columns) for row in layout.rows]
        self._largest = max(self.sizes)
        self._alike = [
            _likeness(_without_header(record, layout.key), index, self._numbers)
            for record in records
        ]
        self._printed = [len(record.printed) for record in records]
        figured = {row for alike in self._alike for row, s in alike.by_row.items() if s >= 1.0}
        seen = _labels_seen(records, index) - figured
        self.missing = [
            _EMPTY_ROW if row in seen else _MISSING_ROW for row in range(len(self.sizes))
        ]

    def skipping(self, at: int) -> float:
        """Return the cost of leaving a record out."""
        printed = self._printed[at]
        if not printed:
            return -0.1
        sure = max(self._alike[at].by_row.values(), default=0.0) >= 1.0
        return -0.5 - 0.4 * min(printed, 7) - (3.0 if sure else 0.0)

    def one_row(self, first: int, last: int) -> list[float] | None:
        """Return the gain of matching records ``first:last`` with each row; ``None`` for none."""
        printed = sum(self._printed[first:last])
        if not printed:
            return self._empty_row(first) if last - first == 1 else None
        if last - first == _TWO and self._printed[first] and not self._printed[first + 1]:
            return self._continued(first)
        if last - first > 1 and (printed > self._largest or not all(self._printed[first:last])):
            return None
        cut = _CUT * (last - first - 1)
        counts = {size: self._count(first, last, printed, size) + cut for size in set(self.sizes)}
        gains = [self._unlike(first, last, printed, size, counts[size]) for size in self.sizes]
        for row, alike in self._merged(first, last):
            if alike >= _ALIKE and gains[row] > NOTHING:
                gains[row] = counts[self.sizes[row]] + self._label(first, row, alike)
        if last - first > 1:
            self._forbid(first, last, printed, gains)
        return gains

    def _continued(self, at: int) -> list[float] | None:
        """A page cuts a row: above the figures and half of the label, below the other half."""
        above, below = self._records[at], self._records[at + 1]
        if not (above.own and below.own) or Shape.SPACED in (above.shape, below.shape):
            return None
        text = normalised(above.own[-1].text + below.own[-1].text)[1]
        found = {
            row: _LABEL_WEIGHT * alike + _CUT + self._count(at, at + 1, self._printed[at], size)
            for row, alike in self._index.likeness(text).by_row.items()
            if alike >= 1.0 and (size := self.sizes[row]) >= self._printed[at]
        }
        return [found.get(row, NOTHING) for row in range(len(self.sizes))] if found else None

    def sure(self, first: int, last: int, row: int) -> bool:
        """Tell whether a label says that records ``first:last`` are this row; else order does."""
        if any(self._alike[at].by_row.get(row, 0.0) >= _ALIKE for at in range(first, last)):
            return True
        cut = self._continued(first) if last - first == _TWO else None
        return cut is not None and cut[row] > NOTHING

    def seen(self, row: int) -> bool:
        """Tell whether the label of a row stands on a line without figures."""
        return self.missing[row] == _EMPTY_ROW

    def _merged(self, first: int, last: int) -> Iterable[tuple[int, float]]:
        if last - first == 1:
            return self._alike[first].by_row.items()
        merged: dict[int, float] = {}
        for at in range(first, last):
            for row, alike in self._alike[at].by_row.items():
                merged[row] = max(alike, merged.get(row, 0.0))
        return merged.items()

    def _empty_row(self, at: int) -> list[float] | None:
        """A labelled line of empty cells is a row only where there is a cell for each column."""
        cells = len(self._records[at].values)
        found = {
            row: _LABEL_WEIGHT * alike
            for row, alike in self._alike[at].by_row.items()
            if alike >= _EMPTY_ALIKE and cells >= self.sizes[row]
        }
        return [found.get(row, NOTHING) for row in range(len(self.sizes))] if found else None

    def _unlike(self, first: int, last: int, printed: int, size: int, count: float) -> float:
        if self._alike[first].labelled:
            return count + _MISLABELLED
        # Too few figures for a row that stand nowhere in particular are no row by themselves.
        cells = sum(len(record.values) for record in self._records[first:last])
        spaced = self._records[first].shape is Shape.SPACED
        fragment = printed < size and (printed == 1 if spaced else cells < size)
        return NOTHING if fragment else count + _UNLABELLED

    def _label(self, at: int, row: int, alike: float) -> float:
        if not self._alike[at].labelled:
            return _UNLABELLED
        return _LABEL_WEIGHT * alike + _numbered(
            self._numbers[row], self._alike[at].numbers.get(row, "")
        )

    def _forbid(self, first: int, last: int, printed: int, gains: list[float]) -> None:
        """A row is not cut in two where it would overflow, or where another label begins."""
        for at in range(first + 1, last):
            sure = {row for row, alike in self._alike[at].by_row.items() if alike >= 1.0}
            for row in range(len(gains)):
                if printed > self.sizes[row] or (sure and row not in sure):
                    gains[row] = NOTHING

    def _count(self, first: int, last: int, printed: int, size: int) -> float:
        if printed == size:
            return _FULL
        if printed > size:
            record = self._records[first]
            if last - first == 1 and once(record, record.printed, size):
                return _FULL
            return -2.0 * (printed - size)
        cells = sum(len(record.values) for record in self._records[first:last])
        known = cells >= size or self._records[first].shape is not Shape.RAGGED
        return _PARTLY if known else _PARTLY - 0.6 * (size - printed)

    def several_rows(self, at: int) -> dict[int, tuple[float, int]]:
        """Return, by the row it ends with, (gain, rows) of runs a record's figures fill exactly."""
        printed = self._printed[at]
        found: dict[int, tuple[float, int]] = {}
        if printed <= min(self.sizes):
            return found
        for end in range(2, len(self.sizes) + 1):
            filled, rows = 0, 0
            while rows < end and filled < printed:
                rows += 1
                filled += self.sizes[end - rows]
            gain = self._rows(at, end - rows, end) if rows > 1 and filled == printed else NOTHING
            if gain > NOTHING:
                found[end] = gain, rows
        return found

    def _rows(self, at: int, first: int, last: int) -> float:
        gain = 0.0
        for row in range(first, last):
            alike = self._alike[at].by_row.get(row, 0.0)
            if alike >= _ALIKE:
                gain += _FULL + _LABEL_WEIGHT * alike
            elif self._alike[at].labelled:
                return NOTHING
            else:
                gain += _FULL + _UNLABELLED
        return gain


def _numbered(expected: str, printed: str) -> float:
    """Weigh the numbering; a row that counts in 1 2 3 is not printed with 一 二 三."""
    if not expected or not printed:
        return 0.0
    if expected == printed:
        return _NUMBERING
    return 0.0 if expected.isdigit() == printed.isdigit() else _OTHER_NUMBERING


def _without_header(record: Record, layout: str) -> Record:
    """Column labels above the figures are no label of the row, though 其他 and 总计 are both."""
    columns = columns_of(layout)
    header = [p for p in record.before if columns.likeness(normalised(p.text)[1]).best >= 1.0]
    if len(header) < _A_HEADER:
        return record
    return replace(record, before=[piece for piece in record.before if piece not in header])


def _labels_seen(records: Sequence[Record], index: LabelIndex) -> set[int]:
    """Return the rows whose label stands on a line without figures."""
    return {
        row
        for record in records
        for piece in (*record.before, *record.after)
        for row, alike in index.likeness(normalised(piece.text)[1]).by_row.items()
        if alike >= 1.0
    }


def _likeness(record: Record, index: LabelIndex, numbering: Sequence[str]) -> _Likeness:
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
        scores = index.likeness(label).by_row
        if number and len(label) <= _CUT_SHORT:
            cut = {row for row in index.begun(label) if numbering[row] == number}
            scores = scores | {row: max(scores.get(row, 0.0), _BEGUN) for row in cut}
        for row, score in scores.items():
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
    if texts and record.shape is Shape.SPACED and not record.stacked:
        yield from _last_words(texts[-1], record.after)
    for column in _columns(record):
        yield from _around(*column)


def _last_words(beside: str, after: Sequence[Piece]) -> Iterator[str]:
    """Yield a label set in a narrow column, without the words of the column to the left of it.

    Text without positions prints them on the same lines, one space apart.
    """
    text = beside
    for piece in after:
        word = piece.text.split()[-1:]
        if not word or len(word[0]) > _NARROW or normalised(piece.text)[0]:
            return
        text += word[0]
        yield text


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
    """Yield the label with more and more fragments; a numbering begins a label, and only there."""
    middle = "".join(beside)
    heads = [""]
    for text in reversed(above[-_MOST_ABOVE:]):
        heads.append(text + heads[-1])
        if normalised(text)[0]:
            break
    for head in heads:
        tail = ""
        if head:
            yield head + middle
        for text in below[:_MOST_BELOW]:
            if normalised(text)[0] and (head or middle or tail):
                break
            tail += text
            yield head + middle + tail
