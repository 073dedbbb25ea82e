"""Wording: whether a text is one of the words that the form itself prints."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

from models.disclosure.form import LAYOUTS, RESULTS_GROUP, Row
from worker.recognise import figures
from worker.recognise.labels import (
    LEAST_HEADING,
    REMEMBERED,
    LabelIndex,
    headings,
    normalised,
    tails,
)

_CERTAIN: Final = 0.8
_SEVERAL: Final = re.compile(r"\||\d\s+\S*\d")
_NUMERALS: Final = frozenset("零〇一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟")
_HEADS: Final = (
    "信息内容",
    "申请人情况",
    "法人或其他组织",
    "本列数据的勾稽关系为第一项加第二项之和等于第三项加第四项之和",
    "第二十条第一项",
)


class Wording(NamedTuple):
    """What a text says in the words of the form.

    ``label``: it is like a label, a group, a head or a heading; ``certain``: very much so.
    ``part``: it stands inside one, as a half that was cut off, or numbers one. ``column``: it
    heads a column. ``several``: it is what more than one cell should hold.
    ``sizes``: how many columns the rows have whose label it is most like; none if of no row.
    """

    label: bool
    certain: bool
    part: bool
    column: bool
    several: bool
    sizes: frozenset[int]


class _Said(NamedTuple):
    """What a label is: of rows with so many columns, of a column, or a heading and no more."""

    sizes: frozenset[int]
    column: bool
    heading: bool


@lru_cache(REMEMBERED)
def wording(text: str) -> Wording:
    """Return what a text says in the words of the form."""
    best, sizes, other, head = 0.0, frozenset[int](), 0.0, False
    labels, index = _labels()
    for tail in tails(text):
        for at, alike in index.compare(normalised(tail)[1]).items():
            of_rows, column, heading = labels[at]
            if of_rows and alike >= best:
                best, sizes = alike, of_rows if alike > best else sizes | of_rows
            head = head or (column and alike >= _CERTAIN)
            if alike >= LEAST_HEADING or not heading:
                other = max(other, alike)
    likest = max(best, other)
    whole = normalised(text)[1]
    inside = bool(whole) and whole in _every_word() and not _NUMERALS.issuperset(whole)
    part = inside or figures.is_numbering(text)
    several = _SEVERAL.search(text) is not None
    return Wording(likest > 0.0, likest >= _CERTAIN, part, head, several, sizes)


@cache
def _labels() -> tuple[list[_Said], LabelIndex]:
    """Return what every label of the form says, and the index of all of them.

    Groups beside rows and heads above columns stand for no row or column.
    """
    rows = [row for layout in LAYOUTS.values() for row in layout.rows]
    sizes: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        for text in row.labels:
            sizes[text].add(len(row.columns))
    columns = {text for layout in LAYOUTS.values() for text in _heads(layout.rows[0])}
    groups = (RESULTS_GROUP, *_HEADS, *(row.group for row in rows if row.group))
    others = dict.fromkeys((*groups, *(text for row in rows for text in _heads(row))))
    known = {*sizes, *others}
    texts = dict.fromkeys((*sizes, *others, *headings()))
    said = [
        _Said(frozenset(sizes.get(text, ())), text in columns, text not in known) for text in texts
    ]
    return said, LabelIndex({at: (text,) for at, text in enumerate(texts)})


def _heads(row: Row) -> Iterator[str]:
    for column in row.columns:
        yield from (column.label, *column.variants)


@cache
def _every_word() -> str:
    rows = [row for layout in LAYOUTS.values() for row in layout.rows]
    texts = [RESULTS_GROUP, *_HEADS, *(row.group for row in rows)]
    texts += [text for row in rows for text in (*row.labels, *_heads(row))]
    return "\n".join(dict.fromkeys(normalised(text)[1] for text in texts if text))
