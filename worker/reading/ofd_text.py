"""Text objects of OFD become characters where they stand (GB/T 33190-2016, clause 11).

A run of characters states where it begins and how far each stands from the one before; where it
does not, they follow as wide as characters commonly are. Fonts are not looked into: the text
itself stands in the file.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from worker.reading import radicals
from worker.reading.ofd_values import Box, local, number, numbers, offsets
from worker.reading.package import Element

_ASCENT: Final = 0.88
_DESCENT: Final = 0.12
_DEFAULT_SIZE: Final = 3.175
_FULL, _HALF = 1.0, 0.5
_WIDEST_LETTER, _WIDEST_FIGURE = 1.0, 0.62
_STEPS: Final = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
_QUARTER, _ROUND = 90, 360
_PADDING: Final = "\r\n\t"
_CONTROLS: Final = frozenset(map(chr, (*range(0x20), 0x7F, 0xAD, 0x200B, 0xFEFF)))


class Letter(NamedTuple):
    """A character and its box (left, top, right, bottom) in the coordinates of its object."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class _Style:
    """Size in mm; ``wide`` stretches characters; ``step`` is the way that reading goes."""

    size: float
    wide: float
    step: tuple[int, int]


def orientation(element: Element) -> int:
    """Return how far characters are turned clockwise, in quarter turns."""
    return _degrees(element, "CharDirection") // _QUARTER


def letters(element: Element) -> Iterator[Letter]:
    """Yield the characters of a text object."""
    style = _Style(
        abs(number(element.get("Size")) or _DEFAULT_SIZE),
        number(element.get("HScale")) or 1.0,
        _STEPS[_degrees(element, "ReadDirection")],
    )
    x = y = 0.0
    for code, transforms in _codes(element):
        x = _or(number(code.get("X")), x)
        y = _or(number(code.get("Y")), y)
        yield from _run(code, transforms, style, x, y)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _degrees(element: Element, name: str) -> int:
    turned = int(number(element.get(name)) or 0) % _ROUND
    return turned // _QUARTER * _QUARTER


def _codes(element: Element) -> Iterator[tuple[Element, list[Element]]]:
    """Yield the runs, each with the glyph transforms before it; those at the end are the last's."""
    waiting: list[Element] = []
    run: Element | None = None
    before: list[Element] = []
    for child in element:
        if local(child) == "CGTransform":
            waiting.append(child)
        elif local(child) == "TextCode":
            if run is not None:
                yield run, before
            run, before, waiting = child, waiting, []
    if run is not None:
        yield run, before + waiting


def _run(
    code: Element, transforms: Sequence[Element], style: _Style, x: float, y: float
) -> Iterator[Letter]:
    text = (code.text or "").strip(_PADDING)
    across, down = (offsets(code.get(name), len(text)) for name in ("DeltaX", "DeltaY"))
    units = _units(text, transforms, max(len(across), len(down)))
    stated = any(across) or any(down)
    for at, unit in enumerate(units):
        advance = sum(_advance(letter) for letter in unit) * style.size * style.wide
        if not stated or at >= max(len(across), len(down)):
            dx, dy = advance * style.step[0], advance * style.step[1]
        else:
            dx = across[at] if at < len(across) else 0.0
            dy = down[at] if at < len(down) else 0.0
        yield from _placed(unit, x, y, dx, advance, style.size)
        x, y = x + dx, y + dy


def _units(text: str, transforms: Sequence[Element], stated: int) -> list[str]:
    """Return the characters that share one offset.

    Where several characters have one glyph (a ligature), writers count offsets either by glyphs
    or by characters: what is stated tells which.
    """
    found: list[str] = []
    at = 0
    for transform in sorted(transforms, key=_position):
        first, codes = _position(transform), int(number(transform.get("CodeCount")) or 1)
        glyphs = int(number(transform.get("GlyphCount")) or 0) or _glyphs(transform)
        if first < at or glyphs >= codes or glyphs < 1:
            continue
        found += text[at:first]
        found += [*text[first : first + glyphs - 1], text[first + glyphs - 1 : first + codes]]
        at = first + codes
    found += text[at:]
    return [unit for unit in found if unit] if stated == len(found) - 1 else list(text)


def _position(transform: Element) -> int:
    return max(0, int(number(transform.get("CodePosition")) or 0))


def _glyphs(transform: Element) -> int:
    found = transform.find("{*}Glyphs")
    return 0 if found is None else len(numbers(found.text))


def _placed(
    unit: str, x: float, y: float, dx: float, advance: float, size: float
) -> Iterator[Letter]:
    """Yield the characters of a unit side by side, each as wide as there is room for it."""
    top, bottom = y - _ASCENT * size, y + _DESCENT * size
    share = _width(unit, dx, advance, size) / len(unit)
    for letter in unit:
        if letter not in _CONTROLS:
            yield Letter(radicals.READ.get(letter, letter), (x, top, x + share, bottom))
        x += share


def _width(unit: str, dx: float, advance: float, size: float) -> float:
    if dx <= 0:
        return advance
    if not unit.isascii():
        return min(advance, dx)
    return min(dx, max(advance, size * (_WIDEST_LETTER if unit.isalpha() else _WIDEST_FIGURE)))


@lru_cache(8192)
def _advance(letter: str) -> float:
    """Return how wide a character commonly is, in ems."""
    return _FULL if unicodedata.east_asian_width(letter) in "WFA" else _HALF
