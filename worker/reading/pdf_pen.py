"""The ruling lines among the objects that are drawn on a page.

Strokes and thin filled rectangles alike are ruling lines: Word-made files use either.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading import pdf_calls as calls
from worker.reading.matrices import Matrix, around, moved
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_drawn import RECTANGLE, Drawn
from worker.reading.pdf_ink import Box, Ink

_MOST_SEGMENTS: Final = 20_000
_AXIS: Final = 0.6


@dataclass(slots=True)
class Turn:
    """From pdfium's coordinates to the upright page.

    ``quarter`` counts turns to the left; ``scale`` makes points of another unit.
    """

    quarter: int
    box: Box
    scale: float = 1.0

    def __call__(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Return the box on the upright page."""
        start, base, end, head = self.box
        if self.quarter == 0:
            found = left - start, head - top, right - start, head - bottom
        elif self.quarter == 1:
            found = bottom - base, left - start, top - base, right - start
        elif self.quarter == 2:
            found = end - right, bottom - base, end - left, top - base
        else:
            found = head - top, end - right, head - bottom, end - left
        if self.scale == 1.0:
            return found
        one, two, three, four = found
        return one * self.scale, two * self.scale, three * self.scale, four * self.scale

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of the upright page."""
        start, base, end, head = self.box
        across, up = (end - start) * self.scale, (head - base) * self.scale
        return (across, up) if self.quarter % 2 == 0 else (up, across)


def draw(contents: Sequence[Drawn], ink: Ink, turn: Turn, allowance: Allowance) -> None:
    """Draw the ruling lines on the ink, and say there what else is drawn.

    Raises:
        Refused: ``too_large``.
    """
    for drawn in contents:
        ink.pictures = ink.pictures or drawn.others
        _images(drawn, ink, turn)
        if drawn.paths:
            _paths(drawn, ink, turn, allowance)


def _images(drawn: Drawn, ink: Ink, turn: Turn) -> None:
    start, base, end, head = turn.box
    page = max((end - start) * (head - base), 1.0)
    for left, bottom, right, top in drawn.boxes(drawn.images):
        ink.photograph = max(ink.photograph, (right - left) * (top - bottom) / page)


def _paths(drawn: Drawn, ink: Ink, turn: Turn, allowance: Allowance) -> None:
    rows = zip(
        drawn.paths,
        calls.draw_modes(drawn.paths),
        calls.segment_counts(drawn.paths),
        drawn.boxes(drawn.paths),
        strict=True,
    )
    for path, (filled, stroked), segments, box in rows:
        if not stroked and not filled:
            continue
        if segments <= RECTANGLE and (ink.rule(*turn(*box)) or not stroked):
            continue
        if segments <= _MOST_SEGMENTS:
            allowance.take(objects=segments)
            (matrix,) = drawn.matrices([path])
            for part in _subpaths(path, segments, matrix, stroked=bool(stroked)):
                ink.rule(*turn(*part))


def _subpaths(path: int, count: int, matrix: Matrix, *, stroked: bool) -> Iterator[Box]:
    """Yield the box of each straight line of a stroked path, of each part of a filled one."""
    points: list[tuple[float, float]] = []
    for kind, (x, y), closes in calls.segments(path, count):
        point = moved(matrix, x, y)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            yield from _part(points, stroked=stroked)
            points = []
        points.append(point)
        if stroked and closes:
            points.append(points[0])
    yield from _part(points, stroked=stroked)


def _part(points: list[tuple[float, float]], *, stroked: bool) -> Iterator[Box]:
    if stroked:
        for one, other in pairwise(points):
            if min(abs(one[0] - other[0]), abs(one[1] - other[1])) <= _AXIS:
                yield around([one, other])
    elif points:
        yield around(points)
