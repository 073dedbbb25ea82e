"""Did you mean: divisions whose name is one character off from what a publisher's name begins with.

Most publishers outside the list are development zones and the like; those are never likened to a
division. A short name is likened only to what lies in a division that is named or mentioned.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from models.divisions.characters import simplified
from models.divisions.division import Division
from models.divisions.gazetteer import gazetteer
from worker.recognise.mentions import Mentions

_KIND: Final = re.compile(r"[省市县区州旗盟]")
_FUNCTIONAL: Final = re.compile(
    r".*(?:[新园景特社校辖]|管理|开发|示范|保税|度假|旅游|试验|实验|合作|商务|集聚|功能|工业|产业|物流"
    r"|保护|风景|名胜|生态|高新|经开|自贸|综保|临港|空港|临空|一体化|先行|改革|创新|科技|农业|文化"
    r"|核心|中心)区|..+[城片库牧灌湖港]区"
)
_SHORTEST: Final = 3
_TELLING: Final = 4
_MOST: Final = 3


def suggestions(
    printed: str, within: Division | None, mentions: Sequence[Mentions]
) -> tuple[str, tuple[Division, ...]]:
    """Return the name that is none, and the divisions it may have been meant for.

    Args:
        printed: a publisher's name without white space, after the divisions it begins with.
        within: the last of those; only what lies in it comes into question.
        mentions: what else mentions divisions.

    Returns:
        An empty name and nothing where no division, or more than three, are one character off.
        Those whose character is most like the printed one come first.
    """
    for token in _tokens(simplified(printed)):
        if within is not None:
            found = _one_off(token, {within})
        else:
            mentioned = {one for mention in mentions for one in mention.divisions}
            found = _one_off(token, {one for one in mentioned if len(one.prefix) == _TELLING})
            if not found and len(token) >= _TELLING:
                found = _one_off(token, None)
        if 0 < len(found) <= _MOST:
            unknown = printed[: len(token)]
            return unknown, tuple(sorted(found, key=lambda one: _distance(one.name, unknown)))
    return "", ()


def _tokens(rest: str) -> Iterator[str]:
    """Yield every beginning of a name that is like a division's and is none."""
    for end in _KIND.finditer(rest, _SHORTEST - 1, gazetteer().longest):
        token = rest[: end.end()]
        if _FUNCTIONAL.fullmatch(token) or token in gazetteer().named:
            return
        yield token


def _one_off(token: str, parents: set[Division] | None) -> tuple[Division, ...]:
    """Return the divisions whose name has one other character, its kind left alone."""
    found: dict[str, Division] = {}
    for name in _shaped(len(token), token[-1]):
        if not _differ_once(name, token):
            continue
        for one in gazetteer().named[name]:
            if parents is None or _near(one, parents):
                found[one.code] = one
    return tuple(found[code] for code in sorted(found))


@cache
def _shaped(length: int, last: str) -> tuple[str, ...]:
    """Return the names of divisions that are so long and end so."""
    named = gazetteer().named
    return tuple(name for name in named if len(name) == length and name[-1] == last)


def _differ_once(name: str, token: str) -> bool:
    return sum(one != other for one, other in zip(name, token, strict=True)) == 1


def _distance(name: str, printed: str) -> int:
    """Characters are numbered by radical, then by strokes: what looks alike is often near."""
    pairs = enumerate(zip(name, printed, strict=False))
    at = next((at for at, pair in pairs if len({*pair}) > 1), 0)
    return abs(ord(name[at]) - ord(printed[at]))


def _near(one: Division, parents: Iterable[Division]) -> bool:
    return any(one == parent or one.within(parent) for parent in parents)
