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
    at = 0
    while at < len(found):
        if not _may_begin(found[at]):
            at += 1
            continue
        stop = _end(found, at)
        for word in _words(found, at, stop):
            piece = found[word].pieces[0]._replace(is_value=True)
            found[word] = found[word]._replace(pieces=(piece,))
        at = max(stop, at + 1)
    return found


def _may_begin(line: Strip) -> bool:
    if len(line.pieces) != 1:
        return False
    return line.pieces[0].is_value or len(line.pieces[0].text) <= _LONGEST


def _end(lines: Sequence[Strip], at: int) -> int:
    """Return where the run of figures and words that begins here ends."""
    while at < len(lines) and lines[at].alone and (_figure(lines[at]) or _word(lines[at])):
        at += 1
    return at


def _words(lines: Sequence[Strip], first: int, stop: int) -> Iterator[int]:
    """Yield the lines of words that are cells: they fill up a row."""
    if stop <= first:
        return
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
    text = line.pieces[0].text
    if len(text) > _LONGEST:
        return False
    said = wording(text)
    return not (said.label or said.part or said.several)
