"""The opening sentences of a report: what they say of publisher and year where no title does."""

import re
from typing import Final, NamedTuple

from worker.recognise.heading import is_agency, name_of

_ISSUED: Final = "现将|现公布|现发布|现公开|社会公布|(?<!机构)编制"
_INTRODUCED: Final = re.compile(
    rf"(?:{_ISSUED})(?:了?《)?(?:20\d\d年?度?)?(?P<name>(?![我本全各的])[^，。,；：《]{{2,40}}?)(?:自?20\d\d|的?政府信息)"
)
_YEAR: Final = re.compile(
    rf"(?:{_ISSUED}|公布)[^，。,；：《》]{{0,40}}?(?<!\d)(?P<year>20[0-3]\d)年?度?"
    r"(?:的?政府信息公开(?:工作)?)?(?:年度)?(?:工作)?(?:年度)?(?:报告|年报)"
)
_BY: Final = re.compile(
    r"由(?P<name>(?![我本全各])[^，。,；：由]{3,40}?)"
    r"(?:(?:根据|依据|按照|结合)[^。；]{0,80}?)?(?:负责|组织|牵头|统一|认真)?(?:特)?(?:编制|汇总)"
)
_BEFORE: Final = re.compile(
    r"(?:^|[，。,；：])(?P<name>(?![我本全各])[^，。,；：由]{3,40}?)(?:现|特|组织|认真)*编制了?"
    r"(?:本单位|本机关)?20\d\d年?度?的?政府信息公开"
)
_UNIT: Final = re.compile(r"(?:党政|综合)(?:综合)?办(?:公室)?$|领导小组|[科股室]$(?<!办公室)")
"""Compilers that are part of the body that publishes."""


class Named(NamedTuple):
    """The publisher that a sentence names, and its words."""

    name: str
    raw: str


def introduced(text: str) -> Named | None:
    """Return the publisher that the opening sentence names (``现将某局2023年…``)."""
    return _first(_INTRODUCED, text)


def compiled(text: str) -> Named | None:
    """Return who compiled the report (``由某局编制``, ``某局编制2023年…``).

    A weaker witness: governments have their reports compiled by a body of theirs.
    """
    return _first(_BY, text) or _first(_BEFORE, text)


def year(text: str) -> tuple[int, str] | None:
    """Return the year of which the opening sentence says the report is, and its words."""
    found = _YEAR.search(text)
    return None if found is None else (int(found["year"]), found[0])


def _first(pattern: re.Pattern[str], text: str) -> Named | None:
    for found in pattern.finditer(text):
        name = name_of(found["name"])
        if name is not None and is_agency(name) and not _UNIT.search(name):
            return Named(name, text[found.start() : found.end("name")])
    return None
