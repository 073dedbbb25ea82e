"""Figures: the text of one cell becomes a value, or says why it has none."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from models.disclosure.form import Kind
from models.disclosure.report import Printed

_WIDTH: Final = str.maketrans(
    "０１２３４５６７８９．，（）＋－−﹣／＼　",
    "0123456789.,()+---/\\ ",
)
_NUMBER: Final = re.compile(
    r"(?P<sign>[+\-]|增加?|减少?|新增|↑|↓)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?"
    r"(?P<unit>亿元|万元|元|件|个|条|项|起|宗|次|人次)?"
    r"(?P<note>\([^()]*\)|\[[^\[\]]*\])?"
)
_SLASH: Final = re.compile(r"[/\\]{1,3}")
_DASH: Final = re.compile(r"[-—–―─]{1,4}")
_NUMBERING: Final = re.compile(r"\(?\d{1,2}(?:[.、]|\)[.、]?)")
_AFTER_NUMBER: Final = ".．、)）"
_GARBLED: Final = re.compile(
    r"(?=.{1,8}$)(?:[^\u4e00-\u9fff]*\d[^\u4e00-\u9fff]*|[oOQ〇○零无?*×\ufffd\ue000-\uf8ff]+)"
)
_CHINESE: Final = re.compile(r"\s*(?![增减新零无])[\u4e00-\u9fff]")
"""How no figure begins, and nothing that stands for one."""
_DOWN: Final = ("-", "减", "减少", "↓")
_MOST_DIGITS: Final = 15
"""Digits before the point. Longer ones are figures run together, and sums of them fit no column."""

_SHORT: Final = 64
_REMEMBERED: Final = 16384
"""Cells and labels repeat from report to report."""

_TEN_THOUSAND: Final = Decimal(10000)
_SCALE: Final = {"元": 1 / _TEN_THOUSAND, "亿元": _TEN_THOUSAND}


def folded(text: str) -> str:
    """Return the text without white space, full-width digits and marks made half-width."""
    return "".join((text if text.isascii() else text.translate(_WIDTH)).split())


def is_value(text: str) -> bool:
    """Tell whether a piece of text stands where a figure stands, readable or not."""
    return _short_is_value(text) if len(text) <= _SHORT else _is_value(text)


def _is_value(text: str) -> bool:
    if _CHINESE.match(text) is not None:
        return False
    plain = folded(text)
    if not plain or _NUMBERING.fullmatch(plain):
        return not plain
    return any(
        pattern.fullmatch(plain) is not None for pattern in (_NUMBER, _SLASH, _DASH, _GARBLED)
    )


_short_is_value = lru_cache(_REMEMBERED)(_is_value)


def is_numbering(text: str) -> bool:
    """Tell whether a text is the number of a row, which has lost the label that it numbers."""
    ends = text.rstrip()[-1:] in _AFTER_NUMBER
    return ends and _NUMBERING.fullmatch(folded(text)) is not None


class Figure(NamedTuple):
    """What the text of one cell says: its value (``None`` unless a number), how, and a note."""

    value: int | Decimal | None
    printed: Printed
    note: str = ""


def read(text: str, kind: Kind = Kind.COUNT) -> Figure:
    """Read one cell.

    A count is a whole number without sign; an amount is in 万元, and one printed in 元 or 亿元 is
    converted with a note; a change may carry a sign or 增/减. Anything else is ``unreadable``:
    digits are never repaired.
    """
    return _read_short(text, kind) if len(text) <= _SHORT else _read(text, kind)


def _read(text: str, kind: Kind) -> Figure:
    plain = folded(text)
    if not plain:
        return Figure(None, Printed.BLANK)
    if _SLASH.fullmatch(plain):
        return Figure(None, Printed.SLASH)
    if _DASH.fullmatch(plain):
        return Figure(None, Printed.DASH)
    found = None if _is_several(text) else _NUMBER.fullmatch(plain)
    value = None if found is None else _value(found, kind)
    if found is None or value is None:
        return Figure(None, Printed.UNREADABLE)
    note = (found["note"] or "")[1:-1]
    if found["unit"] in _SCALE and kind is Kind.AMOUNT:
        note = f"{found['unit']} → 万元" + (f"; {note}" if note else "")
    return Figure(value, Printed.NUMBER, note)


_read_short = lru_cache(_REMEMBERED)(_read)


def _is_several(text: str) -> bool:
    """Tell several figures in one cell from one that is wrapped: none of its parts is longer.

    No figure begins with a zero that others follow.
    """
    parts = text.translate(_WIDTH).split()
    if len(parts) > 1 and all(part.isdecimal() for part in parts):
        return parts[0][0] == "0" or any(len(part) > len(parts[0]) for part in parts)
    return False


def _value(found: re.Match[str], kind: Kind) -> int | Decimal | None:
    digits = found["digits"].replace(",", "")
    if len(digits.lstrip("0")) > _MOST_DIGITS:
        return None
    number = Decimal(digits + (found["fraction"] or ""))
    if found["sign"] is not None:
        if kind is not Kind.CHANGE:
            return None
        number = -number if found["sign"] in _DOWN else number
    if kind is Kind.AMOUNT:
        return number * _SCALE.get(found["unit"], 1)
    whole = int(number)
    return whole if whole == number and found["unit"] not in ("元", "万元", "亿元") else None
