"""The list of divisions, read once when first asked for: by code, by name, by pinyin."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from models.divisions.division import Division

_LIST: Final = Path(__file__).with_name("gazetteer.txt")
_COUNTY: Final = re.compile(r"(\d\d)(-?)(.+)")
_PEOPLES: Final = (
    "壮|回|满|苗|彝|藏|羌|水|白|傣|侗|瑶|土|畲|黎|佤|怒|维吾尔|蒙古|哈萨克|柯尔克孜|塔吉克|锡伯"
    "|达斡尔|鄂温克|鄂伦春|朝鲜|土家|布依|哈尼|傈僳|拉祜|纳西|景颇|布朗|普米|独龙|仡佬|仫佬|毛南"
    "|东乡|保安|撒拉|裕固|各"
)
_AUTONOMOUS: Final = re.compile(rf"(?P<stem>..+?)(?:(?:{_PEOPLES})族?)*(?:自治)(?P<end>[区州县旗])")
_DISTRICT: Final = re.compile(rf"(?P<stem>..+?)(?:(?:{_PEOPLES})族)+(?P<end>区)")
_LONG_KINDS: Final = ("地区", "新区", "林区", "特区")
_SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Every division, with its names prepared for look-up.

    ``named`` maps full names, and full names without the peoples they name (瀍河区, 恩施州), to
    divisions; ``short`` maps names without 省, 市, 县 (濮阳). ``spelt`` maps the pinyin of
    provinces and prefectures; ``longest`` is the length of the longest name in characters.
    """

    by_code: Mapping[str, Division]
    named: Mapping[str, tuple[Division, ...]]
    short: Mapping[str, tuple[Division, ...]]
    spelt: Mapping[str, tuple[Division, ...]]
    longest: int


@cache
def gazetteer() -> Gazetteer:
    """Return the list; the first call reads it (a few milliseconds)."""
    named: dict[str, list[Division]] = defaultdict(list)
    short: dict[str, list[Division]] = defaultdict(list)
    spelt: dict[str, list[Division]] = defaultdict(list)
    codes: dict[str, Division] = {}
    for one, pinyin in _divisions():
        if one.in_force or one.code not in codes:
            codes[one.code] = one
        stem, without_peoples = _forms(one.name)
        named[one.name].append(one)
        if without_peoples:
            named[without_peoples].append(one)
        if len(stem) >= _SHORTEST:
            short[stem].append(one)
        if pinyin:
            spelt[pinyin].append(one)
    return Gazetteer(
        codes, _frozen(named), _frozen(short), _frozen(spelt), max(map(len, named), default=0)
    )


def division(code: str) -> Division | None:
    """Return the division of a six-digit code, ``None`` where there is none."""
    return gazetteer().by_code.get(code)


def _forms(name: str) -> tuple[str, str]:
    """Return a name without its kind, and without the peoples it names (empty: it names none)."""
    if "族" not in name and "自治" not in name:
        return name[: -2 if name.endswith(_LONG_KINDS) else -1], ""
    found = _AUTONOMOUS.fullmatch(name) or _DISTRICT.fullmatch(name)
    if found is None:
        return "", ""
    end = "" if name.endswith("自治区") else found["end"]
    return found["stem"], end and found["stem"] + end


def _divisions() -> Iterator[tuple[Division, str]]:
    path: tuple[str, ...] = ()
    province: tuple[str, ...] = ()
    for line in _LIST.read_text("utf-8").splitlines():
        head, own, *rest = line.split(" ")
        if own != "-":
            name = own.removeprefix("-")
            path = (name,) if head.endswith("00") else (*province, name)
            province = path if head.endswith("00") else province
            yield Division(f"{head}00", name, path, name == own), rest.pop(0)
        else:
            path = province
        for entry in rest:
            found = _COUNTY.fullmatch(entry)
            if found is None:
                raise ValueError(f"not a line of the gazetteer: {line}")
            code, gone, name = found.groups()
            yield Division(head + code, name, (*path, name), not gone), ""


def _frozen(index: Mapping[str, list[Division]]) -> dict[str, tuple[Division, ...]]:
    """Prefer what is in force where a division kept its name under a new code."""
    result: dict[str, tuple[Division, ...]] = {}
    for name, all_named in index.items():
        if len(all_named) == 1:
            result[name] = (all_named[0],)
            continue
        parents = {one.path[:-1] for one in all_named if one.in_force}
        kept = [one for one in all_named if one.in_force or one.path[:-1] not in parents]
        result[name] = tuple(kept)
    return result
