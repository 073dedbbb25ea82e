"""Bytes become text: the encoding is told by the bytes; what a page declares is not believed."""

import codecs
import re
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE: Final = re.compile(r"[^\x00-\x7f\ufffd]")
_TOLERATED: Final = 20
_PAIRS: Final = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
# Both sets are ordered by use: the first plane of each holds the characters of daily writing.
_COMMON_GB: Final = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]")
_COMMON_BIG5: Final = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]")
_MARKS_GB: Final = re.compile(rb"[\xa1-\xa3][\xa1-\xfe]")
_MARKS_BIG5: Final = re.compile(rb"[\xa1-\xa3][\x40-\x7e\xa1-\xfe]")
_SAMPLE: Final = 65536
_FEWEST_PAIRS: Final = 20
_HZ: Final = re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e]){2,}~\}")
_SURE: Final = 0.9
_AHEAD: Final = 0.15


def decode(data: bytes) -> tuple[str, str]:
    """Return the text and the encoding found.

    Order: byte order mark, UTF-16 told by its zero bytes, strict UTF-8 (a cut tail tolerated),
    UTF-8 with few damaged characters (no other text looks like it), Big5 where its common
    characters far outnumber those of GB 2312, strict GB18030, then whichever of UTF-8 and
    GB18030 gives fewer replacement characters.

    Raises:
        Refused: ``unsupported_type`` for text in HZ (RFC 1843).
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), encoding
    if data.isascii() and len(_HZ.findall(data[:_SAMPLE])) >= _FEWEST_PAIRS:
        raise Refused(Reason.UNSUPPORTED_TYPE, "the text is in HZ, an encoding of the 1990s")
    if (wide := _utf16_without_mark(data)) is not None:
        return data.decode(wide, "replace"), wide
    if (text := _strict(data, "utf-8")) is not None:
        return text, "utf-8"
    damaged = data.decode("utf-8", "replace")
    if damaged.count("\ufffd") * _TOLERATED < len(_WIDE.findall(damaged)):
        return damaged, "utf-8"
    if _is_big5(data):
        return data.decode("big5hkscs", "replace"), "big5hkscs"
    if (text := _strict(data, "gb18030")) is not None:
        return text, "gb18030"
    national = data.decode("gb18030", "replace")
    tried = ((damaged, "utf-8"), (national, "gb18030"))
    return min(tried, key=lambda pair: pair[0].count("\ufffd"))


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(data, final=False)
    except UnicodeDecodeError:
        return None


def _utf16_without_mark(data: bytes) -> str | None:
    """Line ends and digits of UTF-16 text carry a zero byte on one side only."""
    sample = data[: 4096 & ~1]
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    if sum(zeros) * 50 < len(sample) or min(zeros) * 10 > max(zeros):
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _is_big5(data: bytes) -> bool:
    """Nearly every pair of GB18030 is one of Big5 and the other way: their use tells."""
    pairs = _PAIRS.findall(data[:_SAMPLE])
    if len(pairs) < _FEWEST_PAIRS:
        return False
    big5 = _share(pairs, _COMMON_BIG5, _MARKS_BIG5)
    return big5 > _SURE and big5 > _share(pairs, _COMMON_GB, _MARKS_GB) + _AHEAD


def _share(pairs: list[bytes], common: re.Pattern[bytes], marks: re.Pattern[bytes]) -> float:
    """Return the share of common characters among those that are no punctuation."""
    known = sum(common.fullmatch(pair) is not None for pair in pairs)
    punctuation = sum(marks.fullmatch(pair) is not None for pair in pairs)
    return known / max(1, len(pairs) - punctuation)
