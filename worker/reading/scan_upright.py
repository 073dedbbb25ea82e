"""Pages set upright: small skew out, then the quarter turn in which their text can be read.

Skew is the angle at which the lines of a page, drawn or of type, fall into the fewest rows of
pixels (projection profiles, Postl 1986).
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.ocr_decode import anything
from worker.reading.ocr_model import Recogniser
from worker.reading.scan_lines import clean, lines_outside, paper_of, pictured, type_size
from worker.reading.scan_picture import Picture
from worker.reading.scan_rules import Mask, ruled

_SMALL: Final = 900
_STEEPEST: Final = 6.0
_COARSE, _FINE = 0.5, 0.05
_LEAST_SKEW: Final = 0.04
_SAMPLES: Final = 5
_LONGEST: Final = 8
"""How wide the lines that are tried are, in their heights, if there are such."""
_LEAST_FLOW: Final = 60.0
"""Points of lines of text, without which a page does not say how it lies."""
_NEXT: Final = 0.45
_HIGH, _LOW, _WIDE = 1.8, 0.7, 2.5
_READABLE: Final = 0.85
_CHINESE: Final = ("\u4e00", "\u9fff")


class Upright:
    """Sets the pages of a document upright, one after the other.

    A page with too little text to tell by is taken to lie as the one before.
    """

    def __init__(self, model: Recogniser) -> None:
        self._model = model
        self._quarter = 0

    def __call__(self, picture: Picture) -> Picture:
        """Return a page with its text upright and level."""
        level = _levelled(picture)
        ink = ruled(level).ink
        across, down = _flowing(ink, level.scale), _flowing(_turned(ink), level.scale)
        if max(across, down) > _LEAST_FLOW * level.scale:
            self._quarter = self._right_way_up(level, 0 if across >= down else 1)
        return level.turned(self._quarter) if self._quarter else level

    def _right_way_up(self, level: Picture, quarter: int) -> int:
        """Return which of two opposite turns can be read: one turned, or by half a turn more."""
        scores: dict[int, float] = {}
        for turn in sorted((quarter, quarter + 2), key=lambda turn: turn != self._quarter):
            score = _legible(level.turned(turn) if turn else level, self._model)
            if score >= _READABLE:
                return turn
            scores[turn] = score
        return max(scores, key=lambda turn: scores[turn])


def _levelled(picture: Picture) -> Picture:
    angle = skew(picture)
    if abs(angle) < _LEAST_SKEW:
        return picture
    height, width = picture.grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return picture.moved(np.asarray(matrix), (width, height))


def skew(picture: Picture) -> float:
    """Return by how many degrees to turn a page to the left to make it level."""
    height, width = picture.dark.shape
    share = min(1.0, _SMALL / max(height, width))
    small = cv2.resize(picture.dark, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    mean = cv2.blur(small, (31, 31))
    ink = np.clip(mean.astype(np.int16) - small - 6, 0, 60).astype(np.float32)
    coarse = np.arange(-_STEEPEST, _STEEPEST + _COARSE / 2, _COARSE)
    near = _best(ink, coarse)
    fine = np.arange(near - _COARSE, near + _COARSE + _FINE / 2, _FINE)
    return _best(ink, fine)


def _best(ink: npt.NDArray[np.float32], angles: npt.NDArray[np.float64]) -> float:
    height, width = ink.shape
    scores = []
    for angle in angles.tolist():
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        turned = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)
        rows, columns = turned.sum(axis=1), turned.sum(axis=0)
        scores.append(float((np.diff(rows) ** 2).sum() + (np.diff(columns) ** 2).sum()))
    return float(angles[int(np.argmax(scores))])


def _turned(ink: Mask) -> Mask:
    return np.ascontiguousarray(np.rot90(ink))


def _flowing(ink: Mask, scale: float) -> float:
    """Return how much of a page's ink runs from side to side, in pixels of length.

    Characters stand closer to each other along a line than from line to line.
    """
    size = type_size(ink, scale)
    joined = cv2.dilate(ink, np.ones((1, max(3, int(_NEXT * size))), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    widths = boxes[1:, 2][(boxes[1:, 3] < _HIGH * size) & (boxes[1:, 2] > _WIDE * size)]
    return float(widths.sum())


def _legible(picture: Picture, model: Recogniser) -> float:
    """Return how sure the recogniser is of some lines of a page."""
    found = ruled(picture)
    size = type_size(found.ink, picture.scale)
    lines = [
        line
        for line in lines_outside(found.ink, (), size)
        if line.width > _WIDE * line.height and line.height > _LOW * size
    ]
    lines = sorted(lines, key=lambda line: abs(line.width - _LONGEST * line.height))[:_SAMPLES]
    page = clean(picture.grey, found, paper_of(picture.grey, picture.scale))
    read = [
        anything(steps, model.characters)
        for steps in model([pictured(page, line, size) for line in lines])
    ]
    text = "".join(line.text for line in read)
    sure = [s for line in read for s in line.sure]
    chinese = sum(_CHINESE[0] <= c <= _CHINESE[1] for c in text)
    return float(sum(sure) / len(sure) * (chinese / len(text)) ** 0.25) if sure else 0.0
