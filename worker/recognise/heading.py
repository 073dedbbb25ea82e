"""Title, publisher and year from the head of a report; signature and date from its foot."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from worker.recognise import dates
from worker.recognise.labels import simplified

_HEAD_LINES: Final = 40
_LONGEST_MENU: Final = 160
_FIRST_SECTION: Final = re.compile(r"\s*一\s*[、.．]")
_FOOT_LINES: Final = 8
_LONGEST_TITLE: Final = 80
_LONGEST_NAME: Final = 45

_SUBJECT: Final = r"(?:的)?(?:政府)?(?:信息|政务)(?:与政务)?公开(?:情况)?(?:工作)?(?:情况)?(?:的)?"
_YEAR: Final = r"(?P<year>20[0-3]\d)年?(?:度)?"
_REPORT: Final = r"(?:年度)?(?:工作)?(?:年度)?(?:报告|年报)"
_TITLES: Final = (
    re.compile(rf"(?P<before>.*?)(?:关于)?{_YEAR}(?P<after>.*?){_SUBJECT}{_REPORT}"),
    re.compile(rf"(?P<before>.*?)(?P<after>){_SUBJECT}{_REPORT}[（(〔\[]?{_YEAR}[)）〕\]]?"),
    re.compile(rf"(?P<before>.*?)(?P<after>){_SUBJECT}{_YEAR}{_REPORT}"),
    re.compile(rf"(?P<before>.*?)(?P<after>)(?P<year>){_SUBJECT}{_REPORT}"),
)
_NOT_A_TITLE: Final = re.compile(
    r"[>＞»]|位置[:：]|[。；;！？]|根据|按照|如下|编制|现将|http|下载|附件|要求"
    r"|索引号|发布机构|发文(?:日期|机关)|(?:组配|主题|信息)分类"
)
_AGENCY: Final = re.compile(
    r"(?:政府|局|委员会|管委会|办公室|办|厅|委|院|中心|办事处|街道|镇|乡|区|县|市|省|州|盟|旗|队|处|所"
    r"|公司|部|会|署|站|校|馆|社|银行|税务|海关|机关|集团|大学|学院|医院|公安|联合会|支队|总队)(?:\(.{1,20}\))?(?:关于)?"
)
_EDGE: Final = "#*《》“”\"'、,，.:：·-—_（）() "
_FURNITURE: Final = re.compile(r"正文|内容|全文|标题|名称|当前位置")
_LABEL: Final = re.compile(
    r"^(?:(?:信息|文件|公文)?(?:标题|题名|名称)[:：]|[Pp]age\d{1,3}[-—–:：])"
)
"""What content systems print before a title, on its line."""
_PINYIN: Final = re.compile(r"(?<=[\u3400-\u9fff])(?:[（(][a-zà-ÿāēěīńňōūǎǐǒǔǖǘǚǜǹḿ]{1,6}[)）])+")
_NO_NAME: Final = re.compile(r"20[0-3]\d年|年报|报告|\d{5}")
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,5}$")


@dataclass(frozen=True, slots=True)
class Title:
    """The title as printed, what it says, and the lines (first, last) it stands on."""

    text: str
    publisher: str | None
    year: int | None
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Foot:
    """Signature and date at the end, and the line they begin on (``None`` without any)."""

    signature: str | None
    signed_on: date | None
    first: int | None


def title(texts: Sequence[str]) -> Title | None:
    """Find the title among the first lines; it may be cut over up to three.

    Below the menus of a page printed by a browser only one with publisher and year is believed.
    """
    found = _first(texts[:_HEAD_LINES])
    if found is not None and found.publisher and found.year:
        return found
    body = next((at for at, text in enumerate(texts) if _FIRST_SECTION.match(text)), 0)
    later = _first(texts[_HEAD_LINES : min(body, _LONGEST_MENU)])
    if later is None or not later.publisher or not later.year:
        return found
    return replace(later, first=later.first + _HEAD_LINES, last=later.last + _HEAD_LINES)


def _first(texts: Sequence[str]) -> Title | None:
    folded: list[str] = []
    best: Title | None = None
    for first in range(len(texts)):
        for last in range(first, min(first + 3, len(texts))):
            if last == len(folded):
                folded.append(dates.folded(texts[last]))
            found = _read(folded, first, last)
            if found is None:
                continue
            if found.publisher and found.year:
                return _printed(found, texts)
            best = best or found
    return best and _printed(best, texts)


def _printed(title: Title, texts: Sequence[str]) -> Title:
    """Give a title its text as printed, white space and Markdown left out."""
    text = "".join("".join(texts[title.first : title.last + 1]).split())
    return replace(title, text=_LABEL.sub("", text).strip("#*"))


def later_titles(texts: Sequence[str], start: int) -> Iterator[Title]:
    """Yield every further title with publisher and year from line ``start`` on."""
    folded = [dates.folded(text) for text in texts]
    signed = [dates.day(text) is not None for text in folded]  # how the report before ends
    first = start
    while first < len(folded):
        windows = range(first, min(first + 3, len(folded)))
        read = (_read(folded, first, last) for last in windows if not any(signed[first : last + 1]))
        found = next((one for one in read if one and one.publisher and one.year), None)
        if found is not None:
            yield found
        first = first + 1 if found is None else found.last + 1


def _read(folded: Sequence[str], first: int, last: int) -> Title | None:
    parts = folded[first : last + 1]
    if not all(parts) or any(_NOT_A_TITLE.search(part) for part in parts):
        return None
    text = without_pinyin("".join(parts)).lstrip(_EDGE)
    if len(text) > _LONGEST_TITLE:
        return None
    for pattern in _TITLES:
        found = pattern.match(simplified(text))
        if found is None or len(text) - found.end() > 12:
            continue
        if _FURNITURE.fullmatch(parts[0]) or any(_LABEL.match(part) for part in parts[1:]):
            return None
        # The publisher keeps the characters it is printed in.
        before, after = (text[slice(*found.span(part))] for part in ("before", "after"))
        name = name_of(_LABEL.sub("", before)) or name_of(after)
        year = int(found["year"]) if found["year"] else None
        if name is None and first and is_agency(folded[first - 1]):
            name, first = name_of(folded[first - 1]), first - 1
        return Title("", name, year, first, last)
    return None


def without_pinyin(text: str) -> str:
    """Return the text without the pinyin that some mirrors print behind characters."""
    return _PINYIN.sub("", text) if "(" in text or "（" in text else text


def name_of(text: str) -> str | None:
    """Return what a text names, without what edges it; ``None`` where it is no name's length."""
    plain = text.strip(_EDGE).removeprefix("关于").removesuffix("关于").removesuffix("的")
    plain = plain.strip(_EDGE)
    if plain.endswith("人民"):
        plain += "政府"
    if _NO_NAME.search(plain):
        return None
    return plain if 2 <= len(plain) <= _LONGEST_NAME else None


def is_agency(text: str) -> bool:
    """Tell whether text may be the name of a public body, by how it ends."""
    plain = text.strip(_EDGE)
    if not 3 <= len(plain) <= _LONGEST_NAME or re.search(r"[，。；：:,;\d]", plain):
        return False
    return any(found.end() == len(plain) for found in _AGENCY.finditer(plain))


def foot(texts: Sequence[str]) -> Foot:
    """Find signature and date among the last lines."""
    start = max(0, len(texts) - _FOOT_LINES)
    folded = [dates.folded(text) for text in texts[start:]]
    for at in reversed(range(len(folded))):
        found = dates.day(folded[at])
        if found is None or len(folded[at]) > _LONGEST_NAME + 12:
            continue
        signed_on, begins = found
        beside = folded[at][:begins]
        if beside and not is_agency(beside):
            continue
        name, first = (beside, at) if beside else _above(folded, at)
        return Foot(name_of(name) if name else None, signed_on, start + first)
    if folded and is_agency(folded[-1]):
        return Foot(name_of(folded[-1]), None, start + len(folded) - 1)
    return Foot(None, None, None)


def _above(folded: Sequence[str], at: int) -> tuple[str, int]:
    for above in reversed(range(max(0, at - 2), at)):
        if is_agency(folded[above]):
            return folded[above], above
    return "", at


def titled(name: str) -> Title | None:
    """Return what a file name says that is a title (``某局2023年政府信息公开年报.pdf``)."""
    return title([_EXTENSION.sub("", "".join(name.split())).replace("_", "")])


def named(name: str) -> Iterator[int]:
    """Yield the years that a file name states, dates of days left out."""
    plain = dates.folded("_".join(name.split()))
    yield from (int(found) for found in re.findall(r"(?<!\d)(20[0-3]\d)(?!\d|[-._]\d)", plain))
