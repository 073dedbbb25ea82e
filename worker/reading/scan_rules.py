"""Ruling lines in a picture: found by morphology, told as rules, and erased from the ink.

Long straight runs of ink are lines (Serra 1982, opening by a line segment); what is left of the
ink is text. Glyphs that touch a line keep all but the pixels on it.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.pdf_ink import Rule
from worker.reading.scan_picture import Grey, Picture

Mask = npt.NDArray[np.uint8]
"""Height × width, 255 where something is, else 0."""

_LONGEST_GAP: Final = 1.8
"""Points: dashed lines, and breaks that thresholds make in thin ones."""
_SHORTEST: Final = 14.0
"""Points: rows are higher than this, strokes of common type shorter."""
_LONG: Final = 40.0
"""Points: shorter ones are lines only where they meet long ones; type has strokes as long."""
_SURE: Final = 120.0
_NEAR: Final = 3.0
_THICKEST: Final = 4.0
_SLIM: Final = 6.0
_BLOCK: Final = 16.0
_CONTRAST: Final = 22.0
_FAINT: Final = 20
_LEVEL, _FAR, _BREAK = 0.8, 80.0, 9.0
"""Points: lines in line with each other, how far they may be apart, gaps that are closed."""
_THINNEST: Final = 20
_THICKER, _HAIR = 1.8, 3.0
_BLURRED: Final = 0.8
_BESIDE: Final = 1.8
_FILLED: Final = 0.88


@dataclass(slots=True)
class Ruled:
    """Rules in points, the ink of the page without them, and where they were."""

    across: list[Rule]
    down: list[Rule]
    ink: Mask
    lines: Mask


def _darkness(grey: Grey, scale: float) -> npt.NDArray[np.int16]:
    """Return by how much each pixel is darker than its neighbourhood."""
    block = int(_BLOCK * scale) | 1
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    paper = cv2.blur(smooth, (block, block), borderType=cv2.BORDER_REPLICATE)
    return cv2.subtract(paper, smooth, dtype=cv2.CV_16S)  # type: ignore[return-value]


def ruled(picture: Picture) -> Ruled:
    """Return the ruling lines of an upright page, and its ink without them."""
    scale = picture.scale
    dark = _darkness(picture.dark, scale)
    ink = np.where(dark > _CONTRAST, 255, 0).astype(np.uint8)
    sideways = np.ascontiguousarray(picture.dark.T)
    across = _runs(picture.dark, ink, scale)
    down = _runs(sideways, np.ascontiguousarray(ink.T), scale)
    level = [run for run in across if run.chain >= _LONG]
    upright = _walls(down, level, 2)
    level = _walls([run for run in across if run.chain >= _LONG], upright, 2)
    # A dash may fill its cell; a short line goes through two cells at least.
    level += _walls([run for run in across if run.chain < _LONG], upright, 3)
    upright = _walls(down, level, 2)
    lines = np.zeros_like(ink)
    beside = max(1, round(_BLURRED * scale))
    _mark(level, lines, beside)
    _mark(upright, lines.T, beside)
    text = cv2.bitwise_and(ink, cv2.bitwise_not(lines))
    return Ruled([run.rule for run in level], [run.rule for run in upright], _mask(text), lines)


@dataclass(slots=True)
class _Run:
    """A straight run of ink: the line it may be, and its pixels at (top, left)."""

    rule: Rule
    top: int
    left: int
    pixels: npt.NDArray[np.bool_]
    thickness: float
    chain: float = 0.0

    @property
    def length(self) -> float:
        return self.rule.end - self.rule.start


def _runs(grey: Grey, ink: Mask, scale: float) -> list[_Run]:
    """Return the level runs of ink.

    Ink counts where it is thin from top to bottom (black top-hat), which strokes that stand are
    not; a run is where nearly all of a window as long as the shortest line is such ink. That
    bears noise, and gaps in thin lines.
    """
    length = round(_SHORTEST * scale) | 1
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    tall = np.ones((round(_THICKEST * scale) | 1, 1), np.uint8)
    thin = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, tall)
    window, beside = (length, 1), np.ones((round(_BESIDE * scale) | 1, 1), np.uint8)
    faint = np.minimum(thin, np.uint8(_FAINT))
    filled = cv2.boxFilter(faint, cv2.CV_32F, window, borderType=cv2.BORDER_CONSTANT)
    strength = cv2.boxFilter(thin, cv2.CV_32F, window, borderType=cv2.BORDER_CONSTANT)
    ridge = (filled >= _FILLED * _FAINT) & (strength >= cv2.dilate(strength, beside))
    gap, reach = max(3, round(_LONGEST_GAP * scale)), max(1, round((_FILLED - 0.5) * length)) * 2
    runs = cv2.dilate(np.where(ridge, 255, 0).astype(np.uint8), np.ones((1, reach + 1), np.uint8))
    # A line that is not quite level is a flight of runs.
    joined = cv2.dilate(runs, np.ones((3, gap), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found: list[_Run] = []
    for label in range(1, count):
        left, top, width, height = (int(value) for value in boxes[label][:4])
        if width < _SLIM * height:
            continue
        here = slice(top, top + height), slice(left, left + width)
        pixels = (runs[here] > 0) & (labels[here] == label)
        columns = np.flatnonzero(pixels.any(axis=0))
        if np.count_nonzero(pixels) > _THICKEST * scale * len(columns):
            continue  # A filled bar, or a dark region.
        at = (top + float(np.nonzero(pixels)[0].mean()) + 0.5) / scale
        start, end = (left + float(columns[0])) / scale, (left + float(columns[-1]) + 1) / scale
        thickness = _thickness(ink, top, left, pixels, tall.shape[0])
        found.append(_Run(Rule(at, start, end), top, left, pixels, thickness))
    return _chained(_as_thick(found))


def _chained(runs: list[_Run]) -> list[_Run]:
    """Tell of each run how long it is with those in line with it; close gaps no row goes through.

    What is stamped over a line breaks it.
    """
    found: list[_Run] = []
    for run in sorted(runs, key=lambda run: run.rule.start):
        last = next((one for one in reversed(found) if _in_line(one.rule, run.rule)), None)
        if last is not None and 0 <= run.rule.start - last.rule.end <= _BREAK:
            run.rule = run.rule._replace(start=last.rule.end)
        found.append(run)
    for run in found:
        run.chain = sum(one.length for one in found if _in_line(one.rule, run.rule))
    return found


def _in_line(one: Rule, other: Rule) -> bool:
    apart = max(one.start, other.start) - min(one.end, other.end)
    return abs(one.at - other.at) <= _LEVEL and apart <= _FAR


def _thickness(ink: Mask, top: int, left: int, pixels: npt.NDArray[np.bool_], most: int) -> float:
    """Return how thick a run is in pixels, where it is thinnest but for breaks."""
    first = max(0, top - most)
    band = ink[first : top + pixels.shape[0] + most, left : left + pixels.shape[1]] > 0
    return float(np.percentile(band[:, pixels.any(axis=0)].sum(axis=0), _THINNEST))


def _as_thick(runs: list[_Run]) -> list[_Run]:
    """Return the long runs, and of the others those as thin as most: stamps have thick edges."""
    long = [run.thickness for run in runs if run.length >= _LONG]
    if not long:
        return runs
    most = _THICKER * max(_HAIR, float(np.median(long)))
    return [run for run in runs if run.length >= _SURE or run.thickness <= most]


def _walls(runs: list[_Run], others: list[_Run], least: int) -> list[_Run]:
    """Return the runs that are long, or go between lines of the other direction, cut to those.

    Strokes of type beside a table may lengthen its lines.
    """
    found = []
    for run in runs:
        met = _met(run.rule, others)
        if run.length >= _SURE:
            found.append(run)
        elif len(met) >= least:
            found.append(replace(run, rule=Rule(run.rule.at, met[0], met[-1])))
    return found


def _met(rule: Rule, others: list[_Run]) -> list[float]:
    """Return where a line meets those of the other direction, each place once."""
    places = sorted(
        other.rule.at
        for other in others
        if rule.start - _NEAR <= other.rule.at <= rule.end + _NEAR
        and other.rule.start - _NEAR <= rule.at <= other.rule.end + _NEAR
    )
    return [at for at, last in zip(places, [-_LONG, *places], strict=False) if at - last > _NEAR]


def _mark(runs: list[_Run], lines: Mask, beside: int) -> None:
    """Mark the pixels of level lines, and those beside them: their edges are no ink of text."""
    for run in runs:
        height, width = run.pixels.shape
        top, left = max(0, run.top - beside), max(0, run.left - 1)
        padded = np.pad(run.pixels.astype(np.uint8) * 255, ((beside, beside), (1, 1)))
        padded = padded[top - run.top + beside :, left - run.left + 1 :]
        thick = cv2.dilate(padded, np.ones((2 * beside + 1, 3), np.uint8))
        target = lines[top : run.top + height + beside, left : run.left + width + 1]
        np.maximum(target, thick[: target.shape[0], : target.shape[1]], out=target)


def _mask(pixels: object) -> Mask:
    return np.asarray(pixels, np.uint8)
