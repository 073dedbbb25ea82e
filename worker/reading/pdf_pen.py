"""The ruling lines among the objects that are drawn on a page.

Strokes and thin filled rectangles alike are ruling lines: Word-made files use either.
"""

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_ghosts import Ghosts, Matrix
from worker.reading.pdf_ink import Box, Ink

_MOST_SEGMENTS: Final = 20_000
_DEEPEST_FORM: Final = 8
_RECTANGLE: Final = 5
_AXIS: Final = 0.6

_IDENTITY: Final[Matrix] = (1, 0, 0, 1, 0, 0)


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


class Pen:
    """Draws the ruling lines among a page's objects on its ink."""

    def __init__(self, ink: Ink, turn: Turn, allowance: Allowance) -> None:
        self._ink, self._turn, self._allowance = ink, turn, allowance
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()
        self._sides = [ctypes.c_float() for _ in range(4)]
        self._ghosts = Ghosts()

    @property
    def ghosts(self) -> frozenset[int]:
        """The addresses of the text objects that nobody sees."""
        return self._ghosts.found()

    def draw(self, page: Any) -> None:
        """Draw the lines of a page."""
        number = max(0, pdfium.FPDFPage_CountObjects(page))
        self._allowance.take(objects=number)
        self._draw((pdfium.FPDFPage_GetObject(page, at) for at in range(number)), _IDENTITY, 0)

    def _draw(self, objects: Iterable[Any], matrix: Matrix, depth: int) -> None:
        for drawn in objects:
            kind = pdfium.FPDFPageObj_GetType(drawn)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                own = _matrix(drawn)
                if self._ghosts.look(drawn, own if matrix is _IDENTITY else _times(own, matrix)):
                    self._ghosts.wait(drawn, self._bounds(drawn, matrix))
                continue
            if kind == pdfium.FPDF_PAGEOBJ_FORM:
                if depth < _DEEPEST_FORM:
                    self._draw(self._parts(drawn), _times(_matrix(drawn), matrix), depth + 1)
                continue
            self._ink.pictures = True
            if kind == pdfium.FPDF_PAGEOBJ_PATH:
                self._path(drawn, matrix)
            elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                self._image(drawn, matrix)

    def _image(self, image: Any, matrix: Matrix) -> None:
        left, bottom, right, top = self._bounds(image, matrix)
        start, base, end, head = self._turn.box
        area = (right - left) * (top - bottom) / max((end - start) * (head - base), 1.0)
        self._ink.photograph = max(self._ink.photograph, area)
        self._ghosts.stand_behind((left, bottom, right, top))

    def _parts(self, form: Any) -> Iterable[Any]:
        number = max(0, pdfium.FPDFFormObj_CountObjects(form))
        self._allowance.take(objects=number)
        return (pdfium.FPDFFormObj_GetObject(form, at) for at in range(number))

    def _path(self, path: Any, matrix: Matrix) -> None:
        pdfium.FPDFPath_GetDrawMode(path, self._fill, self._stroke)
        stroked = bool(self._stroke.value)
        if not stroked and not self._fill.value:
            return
        segments = pdfium.FPDFPath_CountSegments(path)
        if segments <= _RECTANGLE:
            box = self._bounds(path, matrix)
            thin = self._ink.rule(*self._turn(*box))
            if not thin and self._fill.value and self._ghosts.is_backdrop(path):
                self._ghosts.stand_behind(box)
            if thin or not stroked:
                return
        if segments <= _MOST_SEGMENTS:
            self._allowance.take(objects=segments)
            for box in _subpaths(path, _times(_matrix(path), matrix), stroked=stroked):
                self._ink.rule(*self._turn(*box))

    def _bounds(self, path: Any, matrix: Matrix) -> Box:
        """Return (left, bottom, right, top), the width of the stroke included."""
        pdfium.FPDFPageObj_GetBounds(path, *self._sides)
        left, bottom, right, top = (side.value for side in self._sides)
        if matrix is _IDENTITY:
            return left, bottom, right, top
        return _around([_moved(matrix, x, y) for x in (left, right) for y in (bottom, top)])


def _subpaths(path: Any, matrix: Matrix, *, stroked: bool) -> Iterator[Box]:
    """Yield the box of each straight line of a stroked path, of each part of a filled one."""
    points: list[tuple[float, float]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for at in range(pdfium.FPDFPath_CountSegments(path)):
        segment = pdfium.FPDFPath_GetPathSegment(path, at)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = _moved(matrix, x.value, y.value)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            yield from _part(points, stroked=stroked)
            points = []
        points.append(point)
        if stroked and pdfium.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    yield from _part(points, stroked=stroked)


def _part(points: list[tuple[float, float]], *, stroked: bool) -> Iterator[Box]:
    if stroked:
        for one, other in pairwise(points):
            if min(abs(one[0] - other[0]), abs(one[1] - other[1])) <= _AXIS:
                yield _around([one, other])
    elif points:
        yield _around(points)


def _around(points: list[tuple[float, float]]) -> Box:
    across, up = [x for x, _ in points], [y for _, y in points]
    return min(across), min(up), max(across), max(up)


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _matrix(drawn: Any) -> Matrix:
    found = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(drawn, found):
        return _IDENTITY
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    x, y = _moved(then, e, f)
    return (
        a * then[0] + b * then[2],
        a * then[1] + b * then[3],
        c * then[0] + d * then[2],
        c * then[1] + d * then[3],
        x,
        y,
    )
