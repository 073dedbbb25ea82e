"""The six sections: headings in their order, and the text below each without its table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.disclosure.form import SECTIONS
from models.disclosure.report import Section
from worker.recognise import labels
from worker.recognise.records import Strip
from worker.recognise.tables import Found

_LONGEST_HEADING: Final = 40
_NUMERALS: Final = "一二三四五六"
_TABLE_LINE: Final = 60
_NUMBERED: Final = 0.3


@dataclass(frozen=True, slots=True)
class _Heading:
    at: int
    section: int
    weight: float


def sections(
    lines: Sequence[Strip], tables: Mapping[str, Found], start: int, stop: int
) -> tuple[Section, ...]:
    """Cut lines ``start:stop`` into the sections of the form.

    Headings may be renumbered, missing, or used again inside section 一: the heaviest chain of
    headings in the form's order is taken. Text before the first heading belongs to ``overview``.
    """
    chain = _chain([h for h in _headings(lines) if start <= h.at < stop])
    found: list[Section] = []
    first = chain[0].at if chain else stop
    if not chain or chain[0].section != 0:
        opening = _text(lines, start, first, tables)
        if opening:
            found.append(Section("overview", "", opening))
    ends = [heading.at for heading in chain[1:]] + [stop]
    for heading, end in zip(chain, ends, strict=False):
        key = SECTIONS[heading.section][0]
        text = _text(lines, heading.at + 1, end, tables)
        found.append(Section(key, lines[heading.at].text.strip(), text))
    return tuple(found)


def _headings(lines: Sequence[Strip]) -> list[_Heading]:
    likeness = labels.sections().likeness
    found = []
    for line in lines:
        text = line.text.strip().strip("#* ")
        if len(text) > _LONGEST_HEADING or text.isascii():
            continue
        if text[-1].isdecimal() and not likeness(labels.beside(text)[0]).by_row:
            continue  # figures behind a label make it no more like a heading
        number, label = labels.normalised(text)
        for section, alike in likeness(label).by_row.items():
            bonus = _NUMBERED if number else 0.0
            bonus += _NUMBERED if number == _NUMERALS[section] else 0.0
            found.append(_Heading(line.at, section, alike + bonus))
    return found


def _chain(headings: Sequence[_Heading]) -> list[_Heading]:
    """Return the heaviest run of headings whose sections strictly ascend."""
    best: list[tuple[float, int]] = []
    heaviest: dict[int, tuple[float, int]] = {}  # by section, of the lines before
    entered = 0
    for heading in headings:
        while headings[entered].at < heading.at:
            _enter(heaviest, headings[entered].section, best[entered][0], entered)
            entered += 1
        earlier = [found for section, found in heaviest.items() if section < heading.section]
        weight, back = max(earlier, key=lambda found: (found[0], -found[1]), default=(0.0, -1))
        best.append((weight + heading.weight, back))
    chain: list[_Heading] = []
    at = max(range(len(best)), key=lambda which: best[which][0], default=-1)
    while at >= 0:
        chain.append(headings[at])
        at = best[at][1]
    return chain[::-1]


def _enter(heaviest: dict[int, tuple[float, int]], section: int, weight: float, which: int) -> None:
    if section not in heaviest or weight > heaviest[section][0]:
        heaviest[section] = weight, which


def _text(lines: Sequence[Strip], start: int, stop: int, tables: Mapping[str, Found]) -> str:
    kept = [line.text.strip() for line in lines[start:stop]]
    for table in tables.values():
        if not start <= table.first < stop:
            continue
        first = table.first
        while first > start and _tabular(lines[first - 1]):
            first -= 1
        last = table.last
        while last + 1 < stop and _tabular(lines[last + 1]) and len(lines[last + 1].pieces) > 1:
            last += 1
        for at in range(first, min(last + 1, stop)):
            kept[at - start] = ""
    return "\n".join(filter(None, kept))


def _tabular(line: Strip) -> bool:
    return len(line.pieces) > 1 or len(line.text) <= _TABLE_LINE
