"""Readings: the texts near a record that may be its label.

Fragments of one printed label stand in the same text column, above, beside and below the figures;
they are read column by column. A numbering inside a text begins a label of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import Final

from worker.reading.pages import Shape
from worker.recognise.labels import (
    LONGEST_FRAGMENT,
    REMEMBERED,
    LabelIndex,
    Reading,
    normalised,
    tails,
)
from worker.recognise.records import Piece, Record, overlap

_A_HEADER: Final = 3
_NARROW: Final = 6
_MOST_ABOVE: Final = 4
_MOST_BELOW: Final = 3


class Readings:
    """What may be the labels of records, for all the layouts of a table.

    ``columns`` are the column labels of the table: above the figures they are no label of the
    row, though 其他 and 总计 are both.
    """

    def __init__(self, records: Sequence[Record], columns: LabelIndex) -> None:
        self._records = records
        self.records = [
            _without_header(record, columns) if len(record.before) >= _A_HEADER else record
            for record in records
        ]

    def of(self, at: int) -> tuple[str, ...]:
        """Return the texts that may be the label of a record, each once."""
        record = self.records[at]
        if record.texts is None:
            record.texts = tuple(dict.fromkeys(_texts(record)))
        return record.texts

    @cached_property
    def apart(self) -> frozenset[str]:
        """The labels that stand on lines without figures."""
        texts = {
            piece.text
            for record in self._records
            for piece in (*record.far, *record.before, *record.after)
        }
        return frozenset([normalised(text)[1] for text in texts])


def read(texts: Iterable[str]) -> Iterable[Reading]:
    """Return what texts say that have a label, each reading once."""
    return dict.fromkeys(chain.from_iterable(map(_read, texts)))


@lru_cache(REMEMBERED)
def _read(text: str) -> tuple[Reading, ...]:
    """Return what a text says, and what follows the last numbering inside it, if a label."""
    return tuple(read for tail in tails(text) if (read := normalised(tail))[1])


def _without_header(record: Record, columns: LabelIndex) -> Record:
    header = [piece for piece in record.before if columns.holds(piece.text)]
    if len(header) < _A_HEADER:
        return record
    return record.below([piece for piece in record.before if piece not in header])


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
