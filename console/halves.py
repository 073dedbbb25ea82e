"""Findings are told in Chinese and English at once; who reads Chinese is told the Chinese half.

``未找到表格 table not found: 表三`` becomes ``未找到表格: 表三``. Nothing else is touched:
only these words are left out, and only behind a Chinese sign or a figure.
"""

import re
from typing import Final

_ENGLISH: Final = (
    "table not found",
    "no figure in the table",
    "rows not in the file",
    "a line with figures fits no row",
    "the edits chose the columns of this row",
    "figures cannot be told to columns",
    "blank cells",
    "cells read by OCR without certainty",
    "not a figure of its kind",
    "unit converted",
    "not found",
    "the form did not exist for that year",
    "not in the text, told by its source",
    "not stated, concluded from it",
    "another title",
    "an unreadable figure",
    "no total printed",
    "no total of any row printed",
    "cells not filled in",
    "not assessable",
    "one name, several divisions",
    "no such division, did you mean",
    "on reading",
    "carried in ≠ carried out the year before",
    "in force ≠ the year before + made - repealed",
    "(published before the year began)",
    "(told by its source)",
    "(file name)",
    "(signed before the period ends)",
)
_HALF: Final = re.compile(
    rf"(?<=[\u4e00-\u9fff\d]) (?:{'|'.join(map(re.escape, _ENGLISH))})(?=[:; ]|$)"
    r"|(?<=[\u4e00-\u9fff\d]) \(text \d+, table [^()]*\)"
    r"|(?<=发布机关) publisher$|(?<=年度) year$"
    r"|(?<=标题|正文|落款) (?:page title|title|text|signature)(?=: )"
    r"|(?<=来源所称) source(?=: )|(?<=文件名) file name(?=: )"
)


def chinese(message: str) -> str:
    """Return a message without the English halves that are known."""
    return _HALF.sub("", message)
