"""Words where figures belong: a cell of a known row stays a cell, whatever stands in it.

``约399`` and ``若干`` match no figure, mark or garble, and would be taken for labels. Where cells
are delimited, the row that the label names tells how many of them hold figures, and the other
rows of the table in which columns those stand; so the words keep their cell and are unreadable.
Remarks, units and further labels stand elsewhere and stay what they are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Final

from models.disclosure.form import LAYOUTS, REVIEW_ACROSS
from worker.reading.pages import Shape
from worker.recognise import figures
from worker.recognise.records import Piece, Strip, overlap
from worker.recognise.wording import wording
from worker.recognise.words_apart import apart
from worker.recognise.words_down import down

_PIECES: Final = attrgetter("pieces")
_SPACED: Final = Shape.SPACED
_ACROSS: Final = len(REVIEW_ACROSS.cells)
_WHOLE: Final = frozenset((_ACROSS, *(size for key in LAYOUTS for size in LAYOUTS[key].sizes)))
_MOSTLY: Final = 2
_HEADS: Final = 3
"""So many lines above its figures table 四 has its heads."""
Sizes = frozenset[int]
_Kind = tuple[int, int]
"""How many columns a row has, and in which of the grid its label stands."""


def cells_of_words(lines: Sequence[Strip]) -> list[Strip]:
    """Return the lines with the words that stand in cells of figures as values."""
    if all(map(_PIECES, lines)):
        return _told_apart(lines)
    told = iter(_told_apart([strip for strip in lines if strip.pieces]))
    return [next(told) if strip.pieces else strip for strip in lines]


def _told_apart(lines: Sequence[Strip]) -> list[Strip]:
    """Do so where every line has a piece at least."""
    parted = apart(down(lines))
    odd = [row for strip in parted if _has_words(strip) and (row := _row(strip)) is not None]
    if not any(row.words for row in odd):
        return parted
    rows = _settled([_row(strip) for strip in parted])
    found: list[Strip] = []
    for shape, run in groupby(zip(parted, rows, strict=True), key=lambda pair: pair[0].shape):
        table = list(run)
        found += _aligned(table) if shape is _SPACED else _delimited(table, shape)
    return found


def _has_words(strip: Strip) -> bool:
    """Tell whether a line of cells holds a text that is no label; in no other a word stands."""
    _, pieces, shape, _ = strip
    if len(pieces) == 1 and (shape is _SPACED or pieces[0].is_value):
        return False
    odd = [p for p in pieces if not p.is_value and not wording(p.text).certain]
    return bool(odd)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line: where its cells for figures begin, and how many columns its label speaks of."""

    strip: Strip
    start: int
    sizes: Sizes

    @property
    def cells(self) -> tuple[Piece, ...]:
        """What stands behind the label."""
        return self.strip.pieces[self.start :]

    @property
    def printed(self) -> int:
        """How many figures and marks it prints."""
        return sum(piece.is_value and not piece.blank for piece in self.cells)

    @property
    def words(self) -> list[Piece]:
        """The words behind the label, each of them no more than a cell may hold."""
        words = [piece for piece in self.cells if not piece.is_value]
        return [] if any(wording(piece.text).several for piece in words) else words

    @property
    def size(self) -> int:
        """How many columns its label speaks of, at most."""
        return max(self.sizes)

    @property
    def length(self) -> int:
        """How many cells there are from its first figure or word to the last."""
        filled = [at for at, piece in enumerate(self.cells) if not piece.blank]
        return filled[-1] - filled[0] + 1


@dataclass(slots=True)
class _Columns:
    """In which columns of a table rows of each kind print their figures, and which have remarks.

    ``starts`` are the columns at which rows begin that print every figure.
    """

    starts: dict[_Kind, set[int]] = field(default_factory=lambda: defaultdict(set))
    figures: Counter[tuple[_Kind, int]] = field(default_factory=Counter)
    remarks: Counter[tuple[_Kind, int]] = field(default_factory=Counter)

    def learn(self, row: _Row, kind: _Kind) -> None:
        """Learn from a row with a label: words beside all the figures it can have are remarks."""
        printed = [piece for piece in row.cells if piece.is_value and not piece.blank]
        if len(printed) == row.size and printed[-1].column - printed[0].column == row.size - 1:
            self.starts[kind].add(printed[0].column)
        self.figures.update((kind, piece.column) for piece in printed)
        if len(printed) >= row.size:
            self.remarks.update((kind, piece.column) for piece in row.words)


def _kind(row: _Row, shape: Shape) -> _Kind:
    """Rows whose label stands in another cell have other columns, but in a true grid."""
    return row.size, -1 if shape is Shape.CELLS else row.strip.pieces[row.start - 1].column


_Lines = Sequence[tuple[Strip, _Row | None]]


def _settled(rows: Sequence[_Row | None]) -> list[_Row | None]:
    """Return the rows, those that one edition prints with more columns than the other as it does.

    A table in which one of them prints more figures than the fewest is of the wider edition.
    """
    open_rows = [row for row in rows if row is not None and len(row.sizes) > 1]
    pick = max if any(row.printed > min(row.sizes) for row in open_rows) else min
    return [
        replace(row, sizes=Sizes((pick(row.sizes),)))
        if row is not None and len(row.sizes) > 1
        else row
        for row in rows
    ]


def _delimited(table: _Lines, shape: Shape) -> Iterator[Strip]:
    if not any(row.words for _, row in table if row is not None):
        yield from (strip for strip, _ in table)
        return
    columns = _Columns()
    for _, row in table:
        if row is not None and row.sizes:
            columns.learn(row, _kind(row, shape))
    above: _Row | None = None
    for at, (strip, row) in enumerate(table):
        if row is None:
            words: Sequence[Piece] = ()
        elif _goes_on(above, row):
            words = row.words
        else:
            words = _words(row, columns, shape)
            if not row.sizes:
                words = _unlabelled(row, [line for line, _ in table[max(0, at - _HEADS) : at]])
        yield _with(strip, words)
        above = row


def _goes_on(above: _Row | None, row: _Row) -> bool:
    """Tell whether a line without label is what its row above lacks: a converter cut it in two."""
    if above is None or row.start or not above.sizes or not above.printed:
        return False
    if any(wording(piece.text).part for piece in row.words):
        return False
    return len(above.cells) + len(row.cells) in above.sizes


def _row(strip: Strip) -> _Row | None:
    """Return a line as a row; ``None`` where no cell can be told from a label."""
    pieces = strip.pieces
    if len(pieces) == 1:
        if strip.shape is _SPACED or pieces[0].is_value:
            return None
        said = wording(pieces[0].text)
        return None if said.label or said.part else _Row(strip, 0, Sizes())
    last, sizes = _label(pieces)
    return _Row(strip, last + 1, sizes) if sizes or any(p.is_value for p in pieces) else None


def _label(pieces: Sequence[Piece]) -> tuple[int, Sizes]:
    """Return where the last label of a line stands and the columns its row may have.

    What is only somewhat like a label may be a word: then another label counts the cells.
    """
    last, sizes = -1, Sizes()
    for at in reversed(range(len(pieces))):
        piece = pieces[at]
        if piece.is_value or not (said := wording(piece.text)).label:
            continue
        if len(pieces) - at - 1 in said.sizes:
            return at, said.sizes
        if last < 0:
            last, sizes = at, said.sizes
        if said.certain:
            break
    return last, sizes


def _words(row: _Row, columns: _Columns, shape: Shape) -> Sequence[Piece]:
    if not row.words or not row.sizes or row.printed >= row.size:
        return ()
    exact = len(row.cells) == row.size
    between = _between(row.cells, row.words)
    return [
        piece
        for at, piece in enumerate(row.cells)
        if not piece.is_value
        and (piece in between or not figures.is_numbering(piece.text))
        and (exact or _stands(row, at, columns, shape))
    ]


def _stands(row: _Row, at: int, columns: _Columns, shape: Shape) -> bool:
    """Tell whether a word stands where rows of this kind have their figures."""
    piece, kind = row.cells[at], _kind(row, shape)
    if len(starts := columns.starts[kind]) == 1:
        return piece.column - next(iter(starts)) in range(row.size)
    found, remarks = columns.figures[kind, piece.column], columns.remarks[kind, piece.column]
    if found or remarks:
        return found > remarks
    said = wording(piece.text)
    if said.part or (not row.printed and wording(row.strip.pieces[row.start - 1].text).column):
        return False
    return at < row.size if shape is Shape.CELLS or not starts else row.length <= row.size


def _unlabelled(row: _Row, above: Sequence[Strip]) -> Sequence[Piece]:
    """Return the words among the figures of a row whose label stands elsewhere, or that has none.

    A row that is nothing but figures is one side to side, below as many heads of columns; in
    others words may end what stands between two figures.
    """
    words = [piece for piece in row.words if not wording(piece.text).part]
    if words and row.start == 0 and row.length == _ACROSS and row.printed * _MOSTLY > _ACROSS:
        heads = {p.column for line in above for p in line.pieces if wording(p.text).column}
        if len(heads) != _ACROSS:
            return words
        return [piece for piece in words if piece.column in heads]
    return _between(row.cells, words)


def _between(pieces: Sequence[Piece], words: Iterable[Piece]) -> list[Piece]:
    """Return the words that have a figure before and behind them."""
    at = [piece.column for piece in pieces if piece.is_value and not piece.blank]
    return [piece for piece in words if at and at[0] < piece.column < at[-1]]


def _aligned(table: _Lines) -> Iterator[Strip]:
    """Text set in columns by spaces: words fill up a row, or stand between its figures."""
    rows = [row for _, row in table if row is not None]
    for strip, row in table:
        yield strip if row is None else _with(strip, _words_apart(row, rows))


def _words_apart(row: _Row, rows: Sequence[_Row]) -> Sequence[Piece]:
    words = row.words
    if not words or row.printed >= max(row.sizes, default=_ACROSS):
        return ()
    if any(wording(piece.text).part for piece in words):
        return ()
    if not row.printed:
        (word, *more) = words
        below = [o.cells[0] for o in rows if o.sizes == row.sizes and o.printed == 1]
        alone = not more and 1 in row.sizes and len(row.cells) == 1
        return words if alone and any(overlap(word, cell) for cell in below) else ()
    if row.sizes and len(row.cells) in row.sizes:
        return words
    if row.sizes or len(row.cells) in _WHOLE:
        return _between(row.cells, words)
    return ()


def _with(strip: Strip, words: Sequence[Piece]) -> Strip:
    if not words:
        return strip
    pieces = [p._replace(is_value=True) if p in words else p for p in strip.pieces]
    return strip._replace(pieces=tuple(pieces))
