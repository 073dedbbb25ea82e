"""Values as OFD's attributes write them: numbers, boxes, matrices, and lists of offsets."""

import re
from typing import Final

from worker.reading.matrices import IDENTITY, Matrix
from worker.reading.package import Element

Box = tuple[float, float, float, float]
"""Left, top, width and height."""

_LARGEST: Final = 1e7
"""No page has numbers beyond this; products of greater ones might be no numbers any more."""
_BREAKS: Final = re.compile(r"[\s,;]+")
_PLACE, _AFFINE = 4, 6
_REPEAT: Final = "g"


def local(element: Element) -> str:
    """Return the name of an element without its namespace: the files do not agree on it."""
    return element.tag.rpartition("}")[2]


def number(text: str | None) -> float | None:
    """Return a number, or ``None`` for what is none."""
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and abs(value) <= _LARGEST else None


def numbers(text: str | None) -> list[float]:
    """Return the numbers of a list; what is none counts as nought."""
    return [number(part) or 0.0 for part in _BREAKS.split(text or "") if part]


def box_of(text: str | None) -> Box | None:
    """Return a box: left, top, width and height."""
    values = numbers(text)
    return (values[0], values[1], values[2], values[3]) if len(values) == _PLACE else None


def matrix_of(text: str | None) -> Matrix:
    """Return a matrix; the identity where none is given."""
    values = numbers(text)
    if len(values) != _AFFINE:
        return IDENTITY
    return values[0], values[1], values[2], values[3], values[4], values[5]


def offsets(text: str | None, most: int) -> list[float]:
    """Return a list of offsets, in which ``g 3 4.2`` stands for three times 4.2 (clause 11.3).

    No more than ``most`` are returned: what follows has no character.
    """
    parts = [part for part in _BREAKS.split(text or "") if part]
    found: list[float] = []
    at = 0
    while at < len(parts) and len(found) < most:
        if parts[at].lower() == _REPEAT:
            repeated = int(number("".join(parts[at + 1 : at + 2])) or 0)
            value = number("".join(parts[at + 2 : at + 3])) or 0.0
            found += [value] * max(0, min(repeated, most - len(found)))
            at += 3
        else:
            found.append(number(parts[at]) or 0.0)
            at += 1
    return found
