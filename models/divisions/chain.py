"""The divisions that a publisher's name begins with.

A name is a chain of divisions, from the larger to the smaller, each in full (洛阳市) or without
its kind (洛阳), and then the body. The longest chain is taken.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from models.divisions.characters import simplified
from models.divisions.division import Division
from models.divisions.gazetteer import gazetteer

_REMEMBERED: Final = 1024
"""Names; every witness of a document names its publisher, and several questions are asked of it."""
_SHORTEST: Final = 2
_CENTRAL: Final = re.compile(
    r"(?:中华人民共和国|中国|国家)[^省市县区州盟旗]{0,12}?(?:总局|总署|委员会|银行|局|署)"
)
_BELOW_COUNTY: Final = re.compile(r"街道|镇|乡")
# 中山大学, 南京东路街道, 河南店镇: a place without its kind may be part of another name
_OF_ANOTHER_NAME: Final = re.compile(
    r".{0,4}(?:镇|乡|街道|社区|苏木|村|路)|.{0,6}(?:大学|学院|医院|中学|小学)"
)
_ZONE: Final = re.compile(
    r"(?:国家级|省级)?(?:经济|高新|经开|开发|产业|工业|循环|综合|保税|现代|示范|城乡一体化|临港|空港)"
)


@dataclass(frozen=True, slots=True)
class Chain:
    """The divisions a name begins with: the last of them, and where in the name they end.

    ``divisions`` are all that the last is the name of. ``weak`` tells that it is a single county
    without its kind (任丘经济开发区), which may be no place at all.
    """

    end: int
    divisions: tuple[Division, ...]
    weak: bool = False


def compact(name: str) -> str:
    """Return a name without white space, in half-width characters, otherwise as printed."""
    return "".join(unicodedata.normalize("NFKC", name).split())


@lru_cache(_REMEMBERED)
def begin(name: str) -> tuple[int, Chain | None]:
    """Return where a compact name begins, and the chain of divisions there.

    A central authority stands before the divisions of its branches (国家税务总局洛阳市税务局).
    """
    text = simplified(name)
    central = _CENTRAL.match(text)
    start = central.end() if central else 0
    return start, _read(text, start)


def _read(text: str, start: int = 0, within: tuple[Division, ...] = ()) -> Chain | None:
    """Return the longest chain of divisions that plain text has at ``start``."""
    names = gazetteer()
    best: Chain | None = None
    for end in range(min(len(text), start + names.longest), start + 1, -1):
        part = text[start:end]
        full, short = names.named.get(part, ()), names.short.get(part, ())
        if not full and not short:
            continue
        for chain in (
            _full(text, part, end, _inside(full, within)),
            _short(text, end, _inside(short, within), bool(within)),
        ):
            if chain is not None and (best is None or chain.end > best.end):
                best = chain
    return best


def _full(text: str, part: str, end: int, found: tuple[Division, ...]) -> Chain | None:
    """Go on after a full name, or end there; two characters (城区) may begin another name."""
    if not found:
        return None
    if len(part) <= _SHORTEST and _BELOW_COUNTY.match(text, end):
        return None
    return _read(text, end, found) or Chain(end, found)


def _short(text: str, end: int, found: tuple[Division, ...], inner: bool) -> Chain | None:
    """Go on after a name without its kind, or end there unless this is no place, by what follows.

    Of several divisions so called the largest is meant.
    """
    if not found:
        return None
    found = _largest(found)
    if (chain := _read(text, end, found)) is not None:
        return chain
    if _OF_ANOTHER_NAME.match(text, end):
        return None
    if not found[0].is_county:
        return Chain(end, found)
    return Chain(end, found, weak=not inner) if _ZONE.match(text, end) else None


def _inside(found: tuple[Division, ...], within: tuple[Division, ...]) -> tuple[Division, ...]:
    if not within or not found:
        return found
    return tuple(one for one in found if any(one.within(other) for other in within))


def _largest(found: tuple[Division, ...]) -> tuple[Division, ...]:
    level = min(len(one.prefix) for one in found)
    return tuple(one for one in found if len(one.prefix) == level)
