"""Path objects of OFD become ruling lines (GB/T 33190-2016, clauses 9.1 and 9.4).

Strokes and thin filled rectangles alike are ruling lines, as in PDF.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Final

from worker.reading.matrices import around
from worker.reading.ofd_values import Box, number

_TOKEN: Final = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_OPERANDS: Final = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
_AXIS: Final = 0.2
"""How far (mm) a ruling line may rise or fall."""
_THIN: Final = 1.4
"""Greatest thickness (mm) of a filled rectangle that is a ruling line."""
_RECTANGLE: Final = 5
MOST_SEGMENTS: Final = 20_000

Point = tuple[float, float]


@dataclass(slots=True)
class Subpath:
    """The corners of a part; ``curved`` are the indexes of those that a curve leads to."""

    points: list[Point] = field(default_factory=list)
    curved: set[int] = field(default_factory=set)


def subpaths(data: str) -> list[Subpath]:
    """Return the parts of a path in its abbreviated form; what follows an error is left out."""
    found = [Subpath()]
    tokens = (token.group() for token in _TOKEN.finditer(data))
    for operator in islice(tokens, MOST_SEGMENTS):
        size = _OPERANDS.get(operator.upper())
        values = [number(token) for token in islice(tokens, size or 0)]
        if size is None or len(values) < size or None in values:
            break
        _draw(found, operator.upper(), [value or 0.0 for value in values])
    return [part for part in found if part.points]


def _draw(found: list[Subpath], operator: str, values: list[float]) -> None:
    part = found[-1]
    if operator == "C":
        if part.points:
            part.points.append(part.points[0])
            found.append(Subpath())
        return
    if operator in "SM" and part.points:
        part = Subpath()
        found.append(part)
    if operator in "QBA":
        part.curved.add(len(part.points))
    part.points.append((values[-2], values[-1]))


def rules(parts: list[Subpath], width: float | None, *, filled: bool) -> Iterator[Box]:
    """Yield the boxes (left, top, right, bottom) of what may be ruling lines.

    Args:
        parts: of the path, where they stand on the page, in mm.
        width: of the stroke; ``None`` for a path that is not stroked.
        filled: whether it is filled.
    """
    for part in parts:
        if width is None:
            if filled:
                yield around(part.points)
            continue
        box = around(part.points)
        if len(part.points) <= _RECTANGLE and _is_thin(box):
            yield _thickened(box, width)
            continue
        for at, (one, other) in enumerate(pairwise(part.points), 1):
            straight = min(abs(one[0] - other[0]), abs(one[1] - other[1])) <= _AXIS
            if straight and at not in part.curved:
                yield _thickened(around([one, other]), width)


def _is_thin(box: Box) -> bool:
    return min(box[2] - box[0], box[3] - box[1]) <= _THIN


def _thickened(box: Box, width: float) -> Box:
    """Give a line its thickness, but no greater length."""
    left, top, right, bottom = box
    half = width / 2
    if right - left >= bottom - top:
        return left, top - half, right, bottom + half
    return left - half, top, right + half, bottom
