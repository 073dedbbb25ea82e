"""Wording: whether a text is one of the words that the form itself prints."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

from models.disclosure.form import LAYOUTS, RESULTS_GROUP
from worker.recognise import figures
from worker.recognise.labels import (
    REMEMBERED,
    LabelIndex,
    columns_of,
    index_of,
    normalised,
    sections,
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


@lru_cache(REMEMBERED)
def wording(text: str) -> Wording:
    """Return what a text says in the words of the form."""
    best, sizes, other, head = 0.0, set[int](), 0.0, False
    for tail in tails(text):
        label = normalised(tail)[1]
        for key, layout in LAYOUTS.items():
            for row, alike in index_of(key).likeness(label).by_row.items():
                if alike > best:
                    best, sizes = alike, set()
                if alike == best:
                    sizes.add(layout.sizes[row])
            columns = columns_of(key).likeness(label).by_row
            head = head or max(columns.values(), default=0.0) >= _CERTAIN
        found = (*sections().likeness(label).by_row.values(), *_others(label))
        other = max([other, *found])
    likest = max(best, other)
    whole = normalised(text)[1]
    inside = bool(whole) and whole in _every_word() and not _NUMERALS.issuperset(whole)
    part = inside or figures.is_numbering(text)
    several = _SEVERAL.search(text) is not None
    return Wording(likest > 0.0, likest >= _CERTAIN, part, head, several, frozenset(sizes))


def _others(label: str) -> Iterator[float]:
    yield from _groups().likeness(label).by_row.values()
    for key in LAYOUTS:
        yield from columns_of(key).likeness(label).by_row.values()


@cache
def _groups() -> LabelIndex:
    """Return the labels beside rows and the heads above columns that stand for no row or column."""
    rows = [row for layout in LAYOUTS.values() for row in layout.rows]
    columns = [column for row in rows for column in row.columns]
    texts = dict.fromkeys((RESULTS_GROUP, *_HEADS, *(row.group for row in rows if row.group)))
    heads = dict.fromkeys(t for column in columns for t in (column.label, *column.variants))
    return LabelIndex({at: (text,) for at, text in enumerate((*texts, *heads))})


@cache
def _every_word() -> str:
    rows = [row for layout in LAYOUTS.values() for row in layout.rows]
    columns = [column for row in rows for column in row.columns]
    texts = [RESULTS_GROUP, *_HEADS, *(row.group for row in rows)]
    texts += [text for row in rows for text in row.labels]
    texts += [text for column in columns for text in (column.label, *column.variants)]
    return "\n".join(dict.fromkeys(normalised(text)[1] for text in texts if text))
