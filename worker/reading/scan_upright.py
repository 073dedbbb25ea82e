"""Pages set upright: small skew out, then the quarter turn in which their text can be read.

Skew is the angle at which the lines of a page, drawn or of type, fall into the fewest rows of
pixels (projection profiles, Postl 1986).
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.ocr_decode import anything
from worker.reading.ocr_model import Recogniser, Steps
from worker.reading.scan_lines import clean, lines_outside, paper_of, pictured, type_size
from worker.reading.scan_picture import Picture
from worker.reading.scan_rules import ruled

_SMALL: Final = 900
_STEEPEST: Final = 6.0
_COARSE, _FINE = 0.5, 0.05
_LEAST_SKEW: Final = 0.04
_SAMPLES: Final = 5
_LONGEST: Final = 8
"""How wide the lines that are tried are, in their heights, if there are such."""
_LEAST_TEXT: Final = 12
_MARGIN: Final = 0.1
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
        likely, *others = dict.fromkeys((self._quarter, 0, 1, 3, 2))
        best, quarter = self._legible(level, likely), likely
        if best < _READABLE:
            for turn in others:
                found = self._legible(level, turn)
                if found > best + _MARGIN:
                    best, quarter = found, turn
        if best >= _READABLE:
            self._quarter = quarter
        return level.turned(quarter) if quarter else level

    def _legible(self, picture: Picture, quarter: int) -> float:
        """Return how sure the recogniser is of some lines of the page, if there is enough text."""
        steps = _sampled(picture.turned(quarter) if quarter else picture, self._model)
        read = [anything(line, self._model.characters) for line in steps]
        text = "".join(line.text for line in read)
        chinese = sum(_CHINESE[0] <= c <= _CHINESE[1] for c in text)
        if chinese < _LEAST_TEXT:
            return 0.0
        sure = [s for line in read for s in line.sure]
        return sum(sure) / len(sure) * (chinese / len(text)) ** 0.25


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


def _sampled(picture: Picture, model: Recogniser) -> list[Steps]:
    """Return what the recogniser makes of a few lines of a page."""
    found = ruled(picture)
    size = type_size(found.ink, picture.scale)
    lines = [line for line in lines_outside(found.ink, (), size) if line.width > 2 * line.height]
    lines = sorted(lines, key=lambda line: abs(line.width - _LONGEST * line.height))[:_SAMPLES]
    page = clean(picture.grey, found, paper_of(picture.grey, picture.scale))
    return model([pictured(page, line, size) for line in lines])
