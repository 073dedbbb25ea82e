"""Marks told by their shape: dashes and slashes; and how many figures stand on a line."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from worker.reading.scan_lines import Box, TextBox
from worker.reading.scan_rules import Mask

_FLAT: Final = 0.3
_LONG: Final = 1.7
_SLANT: Final = (0.17, 1.4)
_STRAIGHT: Final = 0.09
_LEAST_SLASH: Final = 0.45
_FEW: Final = 8
_NARROW: Final = 0.78
_DOT: Final = 0.32
_APART: Final = 0.75


def mark(ink: Mask, line: TextBox, size: float) -> str:
    """Return ``-`` or ``/`` where the ink of a line is nothing else, else nothing."""
    if all(_is_dash(part, size) for part in line.parts) and line.height < _FLAT * size:
        return "-"
    if all(_is_slash(ink, part, size) for part in line.parts):
        return "/" * len(line.parts)
    return ""


def _is_dash(part: Box, size: float) -> bool:
    width, height = part[2] - part[0], part[3] - part[1]
    return height < _FLAT * size and width > _LONG * height and width > 0.2 * size


def _is_slash(ink: Mask, part: Box, size: float) -> bool:
    """Tell a straight stroke that rises to the right."""
    if part[3] - part[1] < _LEAST_SLASH * size:
        return False
    slant, bent = leaning(ink, part)
    return bent < _STRAIGHT and _SLANT[0] < slant < _SLANT[1]


def leaning(ink: Mask, part: Box) -> tuple[float, float]:
    """Return how far ink leans to the right, in radians, and how far it is from one stroke."""
    left, top, right, bottom = part
    ys, xs = np.nonzero(ink[top:bottom, left:right])
    if len(xs) < _FEW:
        return 0.0, 1.0
    values, vectors = np.linalg.eigh(np.cov(np.vstack([xs, -ys.astype(np.float64)])))
    x, y = vectors[:, 1] * (1.0 if vectors[1, 1] >= 0 else -1.0)
    return float(np.arctan2(x, y)), float(values[0] / max(values[1], 1e-9))


def clusters(line: TextBox) -> list[Box]:
    """Return what stands side by side on a line, parts over each other put together."""
    found: list[Box] = []
    for left, top, right, bottom in line.parts:
        if found and left < found[-1][2] - 1:
            last = found[-1]
            found[-1] = last[0], min(last[1], top), max(last[2], right), max(last[3], bottom)
        else:
            found.append((left, top, right, bottom))
    return found


def looks_figured(line: TextBox, size: float) -> bool:
    """Tell whether a line may be a figure: nothing on it is as wide as a Chinese character."""
    return line.height < 1.15 * size and all(
        right - left < _NARROW * size for left, _, right, _ in clusters(line)
    )


def digits_in(found: Sequence[Box]) -> int:
    """Return how many of the clusters are as high as a digit, others being points and commas."""
    tallest = max((bottom - top for _, top, _, bottom in found), default=0)
    return sum(bottom - top > 0.6 * tallest for _, top, _, bottom in found)


def parted(found: Sequence[Box], size: float) -> bool:
    """Tell whether figures stand so far apart that they may be two: a rule was not seen."""
    return any(other[0] - one[2] > _APART * size for one, other in pairwise(found))
