"""Ink without rules becomes lines of text: where they stand, and as pictures to be recognised."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from worker.reading.ocr_model import HEIGHT
from worker.reading.scan_picture import Grey
from worker.reading.scan_rules import Mask, Ruled

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are beyond."""

_SPECK: Final = 0.16
"""Smaller than this share of the size of type is dirt, not type: dots are larger."""
_SAME_LINE: Final = 0.5
_INKED: Final = 0.4
_EDGE, _THIN = 0.12, 0.1
_ONE_LINE: Final = 1.12
_TALL: Final = 1.4
_FIGURE: Final = 0.86
_TALL_FIGURE: Final = 1.76
_SIDE: Final = 0.3
_STRONG: Final = 200.0
_GAIN: Final = (1.0, 3.0)
_BLACK: Final = 70.0


@dataclass(slots=True)
class TextBox:
    """A line of text: the box of its ink, the boxes of its parts, and the box it is cut from."""

    box: Box
    parts: list[Box]
    room: Box

    @property
    def height(self) -> int:
        """Its ink's."""
        return self.box[3] - self.box[1]

    @property
    def width(self) -> int:
        """Its ink's."""
        return self.box[2] - self.box[0]


def type_size(ink: Mask, scale: float) -> float:
    """Return the size of most type on a page in pixels, as high as its characters."""
    wide, tall = round(4 * scale), max(1, round(0.6 * scale))
    joined = cv2.dilate(ink, np.ones((tall, wide), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    lines = [b[3] - tall for b in boxes[1:].tolist() if b[2] > 3 * b[3] and b[3] > 5 * scale]
    alone = [b[3] - tall for b in boxes[1:].tolist() if 5 * scale < b[3] < 30 * scale]
    return float(np.median(lines or alone)) if lines or alone else 10.5 * scale


def lines_in(ink: Mask, room: Box, size: float) -> list[TextBox]:
    """Return the lines of text in a box, top to bottom."""
    parts = _parts(ink, room, size)
    return [_line(line, room) for line in _rows(parts, size)]


def lines_outside(ink: Mask, boxes: Sequence[Box], size: float) -> list[TextBox]:
    """Return the pieces of text outside some boxes."""
    rest = ink.copy()
    for left, top, right, bottom in boxes:
        rest[max(0, top) : bottom, max(0, left) : right] = 0
    reach = int(1.6 * size)
    joined = cv2.dilate(rest, np.ones((1, 2 * (reach // 2) + 1), np.uint8))
    count, _, around, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    height, width = ink.shape
    clusters = _stacked(around[1:].tolist(), size) if count > 1 else []
    found: list[TextBox] = []
    for left, top, right, bottom in clusters:
        room = max(0, left), max(0, top), min(width, right), min(height, bottom)
        found += lines_in(rest, room, size)
    return found


def _stacked(components: list[list[int]], size: float) -> list[Box]:
    """Put together what overlaps from top to bottom and side to side: parts of one line."""
    found: list[Box] = []
    for left, top, width, height, area in sorted(components, key=lambda c: -c[2]):
        if area < size or height < 2:
            continue
        right, bottom = left + width, top + height
        for at, (x0, y0, x1, y1) in enumerate(found):
            inside = min(y1, bottom) - max(y0, top)
            beside = min(x1, right) - max(x0, left)
            if inside > _SAME_LINE * min(height, y1 - y0) and beside > 0:
                found[at] = min(x0, left), min(y0, top), max(x1, right), max(y1, bottom)
                break
        else:
            found.append((left, top, right, bottom))
    return found


def _parts(ink: Mask, room: Box, size: float) -> list[Box]:
    left, top, right, bottom = room
    inside = ink[top:bottom, left:right]
    if not inside.size or not inside.any():
        return []
    _, _, boxes, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    least = _SPECK * size
    found = []
    for x, y, width, height, area in boxes[1:].tolist():
        if max(width, height) < least or area < least * least * _INKED:
            continue
        if not _is_rest((x, y, width, height), inside.shape, size):
            found.append((left + x, top + y, left + x + width, top + y + height))
    return found


def _is_rest(part: tuple[int, int, int, int], shape: tuple[int, ...], size: float) -> bool:
    """Tell what is left of a rule at the edge of a cell: thin, and along the edge."""
    x, y, width, height = part
    near, thin = _EDGE * size, _THIN * size
    if width <= thin and height > width:
        return min(x, shape[1] - x - width) < near
    return height <= thin and width > height and min(y, shape[0] - y - height) < near


def _rows(parts: Sequence[Box], size: float) -> Iterator[list[Box]]:
    """Yield parts that stand on one line."""
    runs: list[tuple[int, int]] = []
    for _, top, _, bottom in sorted(parts, key=lambda part: part[1]):
        if (runs and top < runs[-1][1]) or (
            runs and max(bottom, runs[-1][1]) - runs[-1][0] <= _ONE_LINE * size
        ):
            runs[-1] = runs[-1][0], max(runs[-1][1], bottom)
        else:
            runs.append((top, bottom))
    for top, bottom in runs:
        yield [part for part in parts if top <= part[1] and part[3] <= bottom]


def _line(parts: list[Box], room: Box) -> TextBox:
    lefts, tops, rights, bottoms = zip(*parts, strict=True)
    box = min(lefts), min(tops), max(rights), max(bottoms)
    return TextBox(box, sorted(parts), (room[0], box[1] - 2, room[2], box[3] + 2))


def clean(picture: Grey, ruled: Ruled, paper: Grey) -> Grey:
    """Return a page with paper where its rules were, its ground made white."""
    ground = np.maximum(paper, 1).astype(np.float32)
    level = np.minimum(picture.astype(np.float32) * (255.0 / ground), 255.0)
    level[ruled.lines > 0] = 255.0
    return level.astype(np.uint8)


def paper_of(grey: Grey, scale: float) -> Grey:
    """Return the brightness of the paper around each pixel."""
    small = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    block = int(6 * scale) | 1
    ground = cv2.medianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), min(block, 31))
    size = (grey.shape[1], grey.shape[0])
    return np.asarray(cv2.resize(ground, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def pictured(page: Grey, line: TextBox, size: float) -> Grey:
    """Return a line of text as the recogniser takes it: upright, black on white."""
    left, top, right, bottom = line.box
    figure = line.height < _FIGURE * size
    high = max(_TALL_FIGURE * line.height, 1.1 * size) if figure else _TALL * line.height
    side = _SIDE * min(size, high)
    zoom = HEIGHT / high
    middle = (top + bottom) / 2
    width = max(HEIGHT // 2, round((right - left + 2 * side) * zoom))
    pad = 2
    x0, y0, x1, y1 = left - pad, top - pad, right + pad, bottom + pad
    x0, y0 = max(0, x0, line.room[0]), max(0, y0)
    x1, y1 = min(page.shape[1], x1, line.room[2]), min(page.shape[0], y1)
    cut = _contrasted(page[y0:y1, x0:x1])
    matrix = np.array(
        [[zoom, 0, (x0 - left + side) * zoom], [0, zoom, (y0 - middle + high / 2) * zoom]]
    )
    if zoom < 0.7:
        cut = np.asarray(cv2.GaussianBlur(cut, (0, 0), 0.4 / zoom), np.uint8)
    how = cv2.INTER_LINEAR if zoom < 1 else cv2.INTER_CUBIC
    shown = cv2.warpAffine(cut, matrix, (width, HEIGHT), flags=how, borderValue=255.0)
    return np.asarray(shown, np.uint8)


def _contrasted(cut: Grey) -> Grey:
    if not cut.size:
        return cut
    darkest = 255.0 - float(np.percentile(cut, 2))
    gain = min(max(_STRONG / max(darkest, _BLACK), _GAIN[0]), _GAIN[1])
    return np.asarray(255.0 - np.minimum((255.0 - cut.astype(np.float32)) * gain, 255.0), np.uint8)
