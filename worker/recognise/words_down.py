"""Words where figures belong, in tables printed with one cell on each line."""

from collections.abc import Iterator, Sequence
from typing import Final

from models.disclosure.form import REVIEW_ACROSS
from worker.recognise.records import Strip
from worker.recognise.wording import wording

_ACROSS: Final = len(REVIEW_ACROSS.cells)
_LONGEST: Final = 24
"""What is longer is a paragraph."""


def down(lines: Sequence[Strip]) -> list[Strip]:
    """Return the lines, those as values on which a word stands in the place of a figure."""
    found = list(lines)
    stop = 0
    for at in [at for at, line in enumerate(lines) if line.alone and _word(line)]:
        if at < stop:
            continue
        first, stop = _run(lines, at)
        for word in _words(lines, first, stop):
            piece = found[word].pieces[0]._replace(is_value=True)
            found[word] = found[word]._replace(pieces=(piece,))
    return found


def _run(lines: Sequence[Strip], at: int) -> tuple[int, int]:
    """Return where the run of figures and words around a line begins and ends."""
    first = stop = at
    while first and _is_cell(lines[first - 1]):
        first -= 1
    while stop < len(lines) and _is_cell(lines[stop]):
        stop += 1
    return first, stop


def _is_cell(line: Strip) -> bool:
    return line.alone and (_figure(line) or _word(line))


def _words(lines: Sequence[Strip], first: int, stop: int) -> Iterator[int]:
    """Yield the lines of words that are cells: they fill up a row."""
    run = lines[first:stop]
    words = [at for at, line in enumerate(run) if not _figure(line)]
    if not words or (len(words) == len(run) and len(run) > 1):
        return
    above = lines[first - 1] if first else None
    sizes = wording(above.text).sizes if above is not None and above.alone else frozenset()
    size = _fitting(run, (*sorted(sizes, reverse=True), _ACROSS))
    yield from (first + at for at in words if at < size)


def _fitting(run: Sequence[Strip], sizes: Sequence[int]) -> int:
    """Return how many lines of a run are the cells of one row; 0 where none can be told."""
    fits = [
        size
        for size in sizes
        if size <= len(run) and not any(_printed(line) for line in run[size : size + 1])
    ]
    ended = [size for size in fits if _figure(run[size - 1])]
    return max(ended) if ended else min(fits, default=0)


def _figure(line: Strip) -> bool:
    return line.pieces[0].is_value


def _printed(line: Strip) -> bool:
    return _figure(line) and not line.pieces[0].blank


def _word(line: Strip) -> bool:
    piece = line.pieces[0]
    if piece.is_value or len(piece.text) > _LONGEST:
        return False
    said = wording(piece.text)
    return not (said.label or said.part or said.several)
