"""Words where figures belong, in text whose cells stand one space apart.

A reader parts figures from each other and from the label before them, and leaves a word with
what stands to the left of it. Where the row that the label names has just as many columns as
there are figures and words behind it, every one of them is a cell.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.disclosure.form import REVIEW_ACROSS
from worker.reading.pages import Shape
from worker.recognise import figures
from worker.recognise.records import Piece, Strip
from worker.recognise.wording import counted, wording

_ACROSS: Final = frozenset((len(REVIEW_ACROSS.cells),))
_TOKEN: Final = re.compile(r"\S+")
_LONGEST: Final = 120
_MOST: Final = 24


def apart(strip: Strip) -> Strip:
    """Return a line with its cells parted, if its first piece holds cells that are words."""
    first, *others = strip.pieces
    if strip.shape is not Shape.SPACED or first.is_value or " " not in first.text:
        return strip
    if len(first.text) > _LONGEST or not all(piece.is_value for piece in others):
        return strip
    tokens = list(_TOKEN.finditer(first.text))
    if len(tokens) + len(others) > _MOST:
        return strip
    for at in range(len(tokens)):
        if _is_row(first.text[: tokens[at].start()].strip(), tokens[at:], len(others)):
            start = tokens[at].start()
            pieces = [*_label(first, start), *_cells(first, tokens[at:]), *others]
            numbered = [piece._replace(column=n) for n, piece in enumerate(pieces)]
            return strip._replace(pieces=tuple(numbered))
    return strip


def _is_row(label: str, tokens: Sequence[re.Match[str]], others: int) -> bool:
    """Tell whether tokens and the figures after them fill the row of a label."""
    said = wording(label)
    sizes = (said.sizes if said.certain else frozenset()) if label else _ACROSS
    count = len(tokens) + others
    if count not in sizes:
        return False
    texts = [token.group() for token in tokens]
    words = [text for text in texts if not figures.is_value(text)]
    if any(said.label or said.part for said in map(wording, words)):
        return False
    return len(words) * 2 <= count or (count == 1 and counted(words[0]))


def _label(piece: Piece, stop: int) -> Iterator[Piece]:
    if text := piece.text[:stop].strip():
        yield piece._replace(text=text, right=piece.left + len(text))


def _cells(piece: Piece, tokens: Sequence[re.Match[str]]) -> Iterator[Piece]:
    place = piece.place
    for token in tokens:
        left = piece.left + token.start()
        here = place
        if place is not None and place.column is not None:
            here = place._replace(column=place.column + token.start())
        text = token.group()
        yield Piece(text, True, piece.column, left, left + len(text), here)
