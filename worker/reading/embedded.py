"""Articles that a page holds but does not show as markup, and tables that it has elsewhere."""

import re
from collections.abc import Iterator
from html import escape, unescape
from itertools import islice
from typing import Final
from urllib.parse import unquote

_FIRST_ROW: Final = re.compile(r"<tr(?![\w-])", re.IGNORECASE)
_TABLE: Final = re.compile(r"<table(?![\w-])", re.IGNORECASE)
_CDATA: Final = re.compile(r"<!\[CDATA\[((?:[^\]]++|\](?!\]>))*+)\]\]>")
_XML: Final = re.compile(r"\s*<\?xml")
# Every pattern ends at the next ``<``: a hostile page must not be searched to its end for each tag.
_KEPT: Final = re.compile(
    r"<(textarea|noscript|template|xmp|script)(?![\w-])[^<>]*+>", re.IGNORECASE
)
_SOURCE: Final = re.compile(r"""<iframe[^<>]*?\ssrcdoc=(?:"([^"]*+)"|'([^']*+)')""", re.IGNORECASE)
_CELL: Final = re.compile(r"<t[dr](?![\w-])", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"""\\(?:u\{?([0-9a-fA-F]{4})\}?|x([0-9a-fA-F]{2})|(.))""", re.DOTALL)
# Strings that are put together: ``"…" + "…"`` and one ``document.write`` after the other.
_JOINT: Final = re.compile(r"""["']\s*+(?:\+|\)\s*+;?\s*+document\.write(?:ln)?\s*+\()\s*+["']""")
_SPOKEN: Final = {"n": "\n", "r": "\n", "t": "\t", "b": "", "f": "", "\n": ""}
_MOST: Final = 20
_NAMED: Final = 5
_LINK: Final = re.compile(r"<a\s([^<>]*+)>([^<]*+(?:<(?!/a)[^<]*+){0,9})", re.IGNORECASE)
_FILE: Final = re.compile(
    r"""href=["']?([^"'\s]+\.(?:pdf|docx?|wps|xlsx?|et|ofd|zip|rar))(?![\w.])""", re.IGNORECASE
)
_PICTURE: Final = re.compile(r"<img\s([^<>]*+)", re.IGNORECASE)
_DRAWN: Final = re.compile(r"\.(?:png|jpe?g|bmp|gif)\b|data:image", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]*+>?")


def mended(content: str) -> str:
    """Give rows that stand in no table one, and take sections of XML for the text they are.

    A parser of HTML leaves out the tags of the former and the text of the latter.
    """
    if "<![CDATA[" in content and _XML.match(content):
        content = _CDATA.sub(lambda found: escape(found[1]), content)
    if _TABLE.search(content) is None and (row := _FIRST_ROW.search(content)) is not None:
        content = f"{content[: row.start()]}<table>{content[row.start() :]}"
    return content


def pages(content: str) -> Iterator[str]:
    """Yield what may be an article: in ``textarea``, ``srcdoc``, templates, strings of scripts."""
    likely = (text for text in _kept(content) if _CELL.search(text) is not None)
    yield from map(mended, islice(likely, _MOST))


def _kept(content: str) -> Iterator[str]:
    at = 0
    while (found := _KEPT.search(content, at)) is not None:
        tag = found[1]
        at = content.find(f"</{tag}", found.end())
        if at < 0:
            return
        yield _spoken(content[found.end() : at], script=tag.lower() == "script")
    for source in _SOURCE.finditer(content):
        yield unescape(source[1] or source[2] or "")


def _spoken(text: str, *, script: bool) -> str:
    """Return a text without the escapes it is kept with."""
    if script:
        text = _ESCAPE.sub(_character, _JOINT.sub("", text))
        if "%3C" in text or "%3c" in text:
            text = unquote(text)
    return unescape(text) if "&lt;" in text else text


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _SPOKEN.get(found[3], found[3])


def elsewhere(content: str) -> Iterator[str]:
    """Yield where the tables of a page without any may be: in attachments, in pictures."""
    files: dict[str, None] = {}
    for link in _LINK.finditer(content):
        if (file := _FILE.search(link[1])) is not None:
            files[_TAG.sub("", link[2]).strip() or file[1]] = None
    if files:
        named = "、".join([*files][:_NAMED])
        yield f"页面无表格，见附件 the page has no table; it links to {named}"
    drawn = (picture[1] for picture in _PICTURE.finditer(content))
    pictures = sum(_DRAWN.search(attributes) is not None for attributes in drawn)
    if pictures:
        yield f"页面无表格，有图片 {pictures} 张 the page has no table; it has pictures: {pictures}"
