"""Row labels of the form: a label cut by a page is joined where the whole is one of them."""

import re
from functools import cache
from typing import Final

from models.disclosure.form import LAYOUTS

_NUMBERING: Final = re.compile(r"^[（(]?[一二三四五六七八九十\d]{1,3}[)）、.．]\s*")
_LONGEST: Final = 120
_OTHER: Final = re.compile(r"[^\u4e00-\u9fff]")


def is_label(text: str) -> bool:
    """Tell whether a text is the label of a row, in any of its variants, numbered or not."""
    return len(text) <= _LONGEST and _bare(text) in _labels()


@cache
def _labels() -> frozenset[str]:
    return frozenset(
        _bare(text) for layout in LAYOUTS.values() for row in layout.rows for text in row.labels
    )


def _bare(text: str) -> str:
    return _OTHER.sub("", _NUMBERING.sub("", text.strip()))
