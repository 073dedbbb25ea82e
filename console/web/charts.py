"""Charts as SVG, drawn here: bars whose heights are attributes, so that no style is in the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_HEIGHT: Final = 120
_WIDTH: Final = 720
_GAP: Final = 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a column: where it stands, how large it is, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Stacked columns; ``labels`` are (x, text) below some of them, ``most`` the full height."""

    bars: tuple[Bar, ...]
    labels: tuple[tuple[float, str], ...]
    most: int
    width: int = _WIDTH
    height: int = _HEIGHT


def stacked(
    columns: Sequence[tuple[str, Mapping[str, int]]], kinds: Sequence[str], *, label_every: int
) -> Columns:
    """Return a chart of stacked columns.

    Args:
        columns: (name, count by kind), left to right.
        kinds: from the bottom up.
        label_every: how many columns share a label.
    """
    most = max((sum(counts.values()) for _, counts in columns), default=0)
    step = _WIDTH / max(len(columns), 1)
    bars: list[Bar] = []
    for place, (name, counts) in enumerate(columns):
        bottom = float(_HEIGHT)
        for kind in kinds:
            if count := counts.get(kind, 0):
                tall = count / most * _HEIGHT
                bottom -= tall
                x, width = place * step + step * _GAP / 2, step * (1 - _GAP)
                bars.append(Bar(x, bottom, width, tall, kind, f"{name}: {kind} {count}"))
    labels = tuple(
        (place * step + step / 2, name)
        for place, (name, _) in enumerate(columns)
        if place % label_every == 0
    )
    return Columns(tuple(bars), labels, most)


def share(count: int, most: int) -> int:
    """Return a count as whole hundredths of the largest; what is there is never nothing."""
    return 0 if count == 0 or most == 0 else max(1, round(100 * count / most))
