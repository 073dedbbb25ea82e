"""Which division a publisher belongs to, read off the beginning of its name.

A name is a chain of divisions, from the larger to the smaller, each in full (洛阳市) or without
its kind (洛阳), and then the body. The longest chain is taken. What several divisions are called
is decided by the larger ones that title, text or source mention, and stays open otherwise.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.divisions.characters import simplified
from models.divisions.division import NOWHERE, Division, Located
from models.divisions.gazetteer import gazetteer
from worker.recognise.likely_divisions import suggestions
from worker.recognise.mentions import Mentions

_CENTRAL: Final = re.compile(
    r"(?:中华人民共和国|中国|国家)[^省市县区州盟旗]{0,12}?(?:总局|总署|委员会|银行|局|署)"
)
_BELOW_COUNTY: Final = re.compile(r"街道|镇|乡")
# 中山大学, 南京东路街道, 河南店镇: a place without its kind may be part of another name
_OF_ANOTHER_NAME: Final = re.compile(
    r".{0,4}(?:镇|乡|街道|社区|苏木|村|路)|.{0,6}(?:大学|学院|医院|中学|小学)"
)
_ZONE: Final = re.compile(
    r"(?:国家级|省级)?(?:经济|高新|经开|开发|产业|工业|循环|综合|保税|现代|示范|新区|城乡一体化|临港|空港)"
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


def locate(name: str, mentions: Sequence[Mentions] = ()) -> Located:
    """Tell which division a publisher belongs to.

    Args:
        name: the publisher as printed.
        mentions: what else mentions divisions, the best witness first; asked only in doubt.
    """
    printed = "".join(unicodedata.normalize("NFKC", name).split())
    text = simplified(printed)
    central = _CENTRAL.match(text)
    start = central.end() if central else 0
    chain = read(text, start)
    if chain is None and central:
        return NOWHERE
    located = NOWHERE if chain is None else _decided(chain, mentions)
    if located.ambiguous or (located.division is not None and located.division.is_county):
        return located
    start = chain.end if chain and not chain.weak else start
    unknown, suggested = suggestions(printed[start:], located.division, mentions)
    return Located(located.division, (), unknown, suggested) if suggested else located


def read(text: str, start: int = 0, within: tuple[Division, ...] = ()) -> Chain | None:
    """Return the longest chain of divisions that plain text has at ``start``."""
    names = gazetteer()
    best: Chain | None = None
    for end in range(min(len(text), start + names.longest), start + 1, -1):
        part = text[start:end]
        for index, in_full in ((names.named, True), (names.short, False)):
            found = _inside(index.get(part, ()), within)
            if not found:
                continue
            found = found if in_full else _largest(found)
            chain = read(text, end, found) or _last(text[end:], end, found, in_full, bool(within))
            if chain is not None and (best is None or chain.end > best.end):
                best = chain
    return best


def _last(
    rest: str, end: int, found: tuple[Division, ...], in_full: bool, inner: bool
) -> Chain | None:
    """Return the chain that ends here, ``None`` where what follows shows that this is no place."""
    if in_full:
        return None if _BELOW_COUNTY.match(rest) else Chain(end, found)
    if _OF_ANOTHER_NAME.match(rest):
        return None
    if not found[0].is_county:
        return Chain(end, found)
    return Chain(end, found, weak=not inner) if _ZONE.match(rest) else None


def _inside(found: tuple[Division, ...], within: tuple[Division, ...]) -> tuple[Division, ...]:
    if not within or not found:
        return found
    return tuple(one for one in found if any(one.within(other) for other in within))


def _largest(found: tuple[Division, ...]) -> tuple[Division, ...]:
    level = min(len(one.prefix) for one in found)
    return tuple(one for one in found if len(one.prefix) == level)


def _decided(chain: Chain, mentions: Sequence[Mentions]) -> Located:
    left = chain.divisions
    supported = False
    for mention in mentions if len(left) > 1 or chain.weak else ():
        narrowed = mention.narrow(left)
        supported = supported or bool(narrowed)
        left = narrowed or left
        if len(left) == 1 and supported:
            break
    if chain.weak and not (supported and len(left) == 1):
        return NOWHERE
    return Located(left[0]) if len(left) == 1 else Located(ambiguous=left)
