"""Transformation matrices as PDF and OFD have them, and boxes that they move."""

from collections.abc import Sequence
from typing import Final

from worker.reading.pdf_ink import Box

Matrix = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f: a point (x, y) goes to (ax + cy + e, bx + dy + f)."""
IDENTITY: Final[Matrix] = (1, 0, 0, 1, 0, 0)


def times(first: Matrix, then: Matrix) -> Matrix:
    """Return the matrix that does one and then the other."""
    a, b, c, d, e, f = first
    x, y = moved(then, e, f)
    return (
        a * then[0] + b * then[2],
        a * then[1] + b * then[3],
        c * then[0] + d * then[2],
        c * then[1] + d * then[3],
        x,
        y,
    )


def moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return where a matrix takes a point."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def around(points: Sequence[tuple[float, float]]) -> Box:
    """Return the smallest box around points: least and greatest x and y, as a box has them."""
    across, down = [x for x, _ in points], [y for _, y in points]
    return min(across), min(down), max(across), max(down)


def moved_box(matrix: Matrix, box: Box) -> Box:
    """Return the box around a moved one."""
    left, low, right, high = box
    return around([moved(matrix, x, y) for x in (left, right) for y in (low, high)])
