"""What the labels near a record say: how like the rows of a layout they are, and what that gains.

What texts say is known again: labels repeat from report to report.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from models.disclosure.form import LAYOUTS, Layout
from worker.reading.pages import Shape
from worker.recognise.labels import index_of, normalised
from worker.recognise.readings import Readings, read

LABEL_WEIGHT: Final = 10.0
"""What a label gains that is the row's, word for word."""
NUMBERING: Final = 0.8
FULL: Final = 4.0
"""What a figure for every column gains."""
_OTHER_NUMBERING: Final = -1.5
_SPACED: Final = Shape.SPACED
_CUT_SHORT: Final = 4
_BEGUN: Final = 0.6
"""The likeness of a label of which a page has left but the number and the first characters."""
_REMEMBERED: Final = 4096


class Said(NamedTuple):
    """What the labels of one record say: similarity and numbering by row, whether it has any.

    ``weights`` is what the label by itself gains by row, and ``filled`` with a figure for every
    column, if the rows have the same number of them, ``size``.
    """

    by_row: dict[int, float]
    labelled: bool
    numbers: dict[int, str]
    weights: dict[int, float]
    size: int
    filled: dict[int, float]


def numbered(expected: str, printed: str) -> float:
    """Weigh the numbering; a row that counts in 1 2 3 is not printed with 一 二 三."""
    if not expected or not printed:
        return 0.0
    if expected == printed:
        return NUMBERING
    return 0.0 if expected.isdigit() == printed.isdigit() else _OTHER_NUMBERING


def said(readings: Readings, at: int, layout: Layout) -> Said:
    """Return what the labels of a record say of the rows of a layout."""
    record = readings.records[at]
    beside = record.own or (record.shape is not _SPACED and record.before)
    if beside and (exact := _exactly(layout.key, beside[-1].text)) is not None:
        return exact
    return _by_texts(layout.key, readings.of(at), bool(record.own))


@lru_cache(_REMEMBERED)
def _by_texts(layout_key: str, texts: tuple[str, ...], own: bool) -> Said:
    """Return what texts say that may be a label; they repeat from report to report."""
    layout, index = LAYOUTS[layout_key], index_of(layout_key)
    best: dict[int, float] = {}
    numbers: dict[int, str] = {}
    for number, label in read(texts):
        scores = index.likeness(label).by_row
        if number and len(label) <= _CUT_SHORT:
            cut = {row for row in index.begun(label) if layout.rows[row].number == number}
            scores = scores | {row: max(scores.get(row, 0.0), _BEGUN) for row in cut}
        for row, score in scores.items():
            if score > best.get(row, 0.0):
                best[row], numbers[row] = score, number
    return _likened(layout, best, numbers, labelled=bool(own or best))


@lru_cache(_REMEMBERED)
def _exactly(layout_key: str, text: str) -> Said | None:
    """Return what a text says that is the label of a row, word for word."""
    number, label = normalised(text)
    rows = index_of(layout_key).certain(label)
    if not rows:
        return None
    by_row, numbers = dict.fromkeys(rows, 1.0), dict.fromkeys(rows, number)
    return _likened(LAYOUTS[layout_key], by_row, numbers, labelled=True)


def _likened(
    layout: Layout, by_row: dict[int, float], numbers: dict[int, str], *, labelled: bool
) -> Said:
    weights = {
        row: LABEL_WEIGHT * alike + numbered(layout.rows[row].number, numbers[row])
        for row, alike in by_row.items()
    }
    sizes = {layout.sizes[row] for row in by_row}
    size = sizes.pop() if len(sizes) == 1 else -1
    filled = {row: weight + FULL for row, weight in weights.items()}
    return Said(by_row, labelled, numbers, weights, size, filled)
