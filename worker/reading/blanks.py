"""White space as a browser shows it, and characters it does not show."""

import re
from typing import Final

_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\x00-\x08\x0e-\x1f]")
_WIDE: Final = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f\u201c\u201d"
# The break of a source line inside Chinese text is no space.
_WRAP: Final = re.compile(rf"(?<=[{_WIDE}])[ \t]*[\r\n]\s*(?=[{_WIDE}])")
_BLANKS: Final = re.compile(r"[ \t\r\n\f\v\u00a0\u2002\u2003\u2009]+")


def plain(text: str) -> str:
    """Return the text as a browser shows it on one line, without what is not seen."""
    text = text.strip()
    if text.isprintable():
        # Then there is no blank but the space, and nothing invisible.
        if "  " not in text:
            return text
    else:
        text = _WRAP.sub("", _INVISIBLE.sub("", text))
    return _BLANKS.sub(" ", text).strip(" \u3000")
