"""Labels as the notice prints them, and as publishers do."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from models.disclosure.form import LAYOUTS, RESULTS_GROUP, Column, Row
from tests.reports.cells import Wording

_DIGIT_STYLES = ("{}.", "{}. ", "{}、", "{}．", "")
_HALF_WIDTH = (("（", "("), ("）", ") "), ("，", ", "), ("：", ":"))
_RESULTS_LABELS = (
    "三、本年度办理结果",
    "三、本年办理结果",
    "三、 本 年 度 办 理 结 果",
    "三、 本 年 办 理 结 果",
)


@dataclass(frozen=True, slots=True)
class _Style:
    """One publisher's habits: they run through the whole report."""

    digits: str = "{}."
    half: bool = False
    spaced: bool = False
    variants: float = 0.0
    results: str = RESULTS_GROUP


def plain_wording(layouts: Mapping[str, str]) -> Wording:
    """Return the labels of the notice."""
    return _worded(layouts, _Style(), random.Random(0))


def varied_wording(layouts: Mapping[str, str], rng: random.Random) -> Wording:
    """Return labels with other brackets, numbering, inner spaces and known variants."""
    style = _Style(
        digits=rng.choice(_DIGIT_STYLES),
        half=rng.random() < 0.5,
        spaced=rng.random() < 0.5,
        variants=rng.choice((0.0, 0.2, 0.6)),
        results=rng.choice(_RESULTS_LABELS),
    )
    return _worded(layouts, style, rng)


def _worded(layouts: Mapping[str, str], style: _Style, rng: random.Random) -> Wording:
    pick = _picker(style, rng)
    rows = dict(_rows(layouts))
    groups = {row.group for row in rows.values() if row.group}
    columns = {column.label: column for row in rows.values() for column in row.columns}
    return Wording(
        rows={key: _set(_number(row, style) + pick(row), style) for key, row in rows.items()},
        groups={
            group: style.results if group == RESULTS_GROUP else _set(group, style)
            for group in sorted(groups)
        },
        columns={label: _set(pick(column), style) for label, column in columns.items()},
    )


def _rows(layouts: Mapping[str, str]) -> Iterator[tuple[str, Row]]:
    for table, layout in layouts.items():
        for row in LAYOUTS[layout].rows:
            yield f"{table}.{row.key}", row


def _picker(style: _Style, rng: random.Random) -> Callable[[Row | Column], str]:
    def pick(labelled: Row | Column) -> str:
        if labelled.variants and rng.random() < style.variants:
            return rng.choice(labelled.variants)
        return labelled.label

    return pick


def _number(row: Row, style: _Style) -> str:
    if not row.number:
        return ""
    if row.number.isdigit():
        return style.digits.format(row.number)
    return f"（{row.number}）" if row.group == RESULTS_GROUP else f"{row.number}、"


def _set(label: str, style: _Style) -> str:
    if style.half:
        for full, half in _HALF_WIDTH:
            label = label.replace(full, half)
        label = label.strip()
    if style.spaced and len(label) == 2:
        label = " ".join(label)
    return label
