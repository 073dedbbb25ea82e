"""A page becomes an outline: lines of text and tables, each knowing what holds it.

What is walked is the page as the parser writes it out again: every element closed, no ``<`` or
``>`` left in text or attributes. One pass of a pattern over that is several times faster than an
object for every node.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.blanks import plain
from worker.reading.furniture import is_navigation
from worker.reading.markup import tags

MOST_CELLS: Final = 200_000
MOST_CHARACTERS: Final = 20_000_000
"""Of text."""
DEEPEST_TABLE: Final = 40

_SKIPPED: Final = tags(
    "script style noscript template head select option button iframe object embed svg math"
    " textarea canvas audio video map datalist noembed noframes"
)
_VOID: Final = tags(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source"
    " track wbr"
)
_BLOCKS: Final = tags(
    "address article aside blockquote body center caption dd details dialog div dl dt fieldset"
    " figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header html legend li main menu"
    " nav ol p pre section summary ul"
)
_ENDS: Final = frozenset(f"/{tag}" for tag in _BLOCKS)
_ROWS: Final = tags("td th tr")
_NEVER_HIDDEN: Final = tags("html body")
_HEADINGS: Final = tags("h1 h2 h3")
_ATTRIBUTES: Final = r"(?:\s[^>]*+)?+"
_INLINE: Final = rf"(?:[^<]++|</?(?:span|font|o:p|b|strong|u|i|em|st1:\w+){_ATTRIBUTES}>)*+"
_TOKENS: Final = re.compile(
    # A cell that is one run of text, or one paragraph of it, is one token: nearly every cell is.
    rf"<(t[dh])({_ATTRIBUTES})>(\s*+(?:<p{_ATTRIBUTES}>{_INLINE}</p>\s*+|{_INLINE}))</t[dh]>"
    r"|<(/?[^\s>]++)([^>]*+)>([^<]*+)"
)
_TEXTS: Final = re.compile(r">([^<]+)")
_RAW: Final = re.compile(
    r"<!--.*?-->|<(script|style|iframe|noembed|noframes)[^>]*>.*?</\1>", re.DOTALL
)
_SHOWN_RAW: Final = re.compile(r"<(xmp|plaintext)[^>]*>(.*?)</\1>", re.DOTALL)
_HIDDEN: Final = re.compile(
    r"""\ hidden="|\ style="[^"]*?(?:display\s*:\s*none|visibility\s*:\s*hidden)""",
    re.IGNORECASE,
)
_DOWN: Final = re.compile(r' rowspan="\s*(\d{1,12})')
_ACROSS: Final = re.compile(r' colspan="\s*(\d{1,12})')


@dataclass(slots=True, eq=False)
class Holder:
    """An element that holds others.

    ``navigation`` goes by its name; ``vouched`` tells that it holds a part of the report.
    """

    parent: "Holder | None"
    navigation: bool = False
    depth: int = 0
    vouched: bool = False

    def chain(self) -> Iterator["Holder"]:
        """Yield it and what holds it, inside out."""
        at: Holder | None = self
        while at is not None:
            yield at
            at = at.parent


@dataclass(slots=True, eq=False)
class Line:
    """One line of text; ``linked`` is the share of it that is a link.

    ``source`` is the line as it was typed, where blanks count: in preformatted text.
    """

    text: str
    holder: Holder
    linked: float = 0.0
    heading: bool = False
    source: str | None = None


@dataclass(slots=True, eq=False)
class Box:
    """A table cell and its spans; ``items`` is what it holds where that is not one line."""

    text: str
    row_span: int
    column_span: int
    items: "list[Line | Table] | None" = None

    @property
    def tables(self) -> "list[Table]":
        """The tables in it."""
        return [item for item in self.items or () if isinstance(item, Table)]


@dataclass(slots=True, eq=False)
class Table:
    """Rows of cells as the page lists them."""

    holder: Holder
    heading: bool = False
    rows: list[list[Box]] = field(default_factory=list)

    def content(self, box: Box) -> "list[Line | Table]":
        """Return what a cell holds."""
        if box.items is not None:
            return box.items
        return [Line(box.text, self.holder, 0.0, self.heading)] if box.text else []


Item = Line | Table


def _text_of(items: list[Item]) -> str:
    """Return all lines as one, those of tables inside too."""
    return " ".join(
        text
        for item in items
        for text in (
            (item.text,)
            if isinstance(item, Line)
            else (box.text for row in item.rows for box in row if box.text)
        )
    )


class Outline:
    """Walks a page once; ``items`` is what was found, in document order.

    Every end tag ends what is open, but for pages so damaged that a tag's name holds a ``<``.

    Args:
        page: the page as the parser writes it out.
        hidden: whether to take what the page does not show; a hidden cell of a shown table is
            one that a merged cell covers, and never taken.
        lines: whether ends of source lines are ends of lines outside of every element, as in
            Markdown that holds tables as HTML.
    """

    def __init__(self, page: str, *, hidden: bool = False, lines: bool = False) -> None:
        self.items: list[Item] = []
        self.hidden_found = False
        self._take_hidden = hidden
        self._by_line = lines
        self._holder = Holder(None)
        self._sinks: list[list[Item]] = [self.items]
        self._boxes: list[Box | None] = []
        self._tables: list[Table] = []
        self._row: list[Box] | None = None
        self._texts: list[str] = []
        self._linked = self._links = self._headings = self._cells = self._pre = self._open = (
            self._size
        ) = 0
        self._anchors: list[int] = []
        self._skipped, self._depth = "", 0
        self._enter = {
            **dict.fromkeys(_BLOCKS, self._enter_block),
            "br": self._enter_break,
            "a": self._enter_link,
            "table": self._enter_table,
            "tr": self._enter_row,
            "td": self._enter_cell,
            "th": self._enter_cell,
        }
        self._leave = {
            **dict.fromkeys(_ENDS, self._leave_block),
            "/a": self._leave_link,
            "/table": self._leave_table,
            "/td": self._leave_cell,
            "/th": self._leave_cell,
        }
        page = _without_raw(page)
        self._hiding = _may_hide(page)
        self._walk(page)
        self._end_line()

    def _walk(self, page: str) -> None:
        for cell, attributes, inner, tag, others, text in _TOKENS.findall(page):
            if tag:
                self._token(tag, others, text)
            elif not self._skipped:
                if attributes or self._row is None or self._texts or "<" in inner or "&" in inner:
                    self._whole_cell(cell, attributes, inner)
                else:
                    self._row.append(Box(plain(inner), 1, 1))

    def _token(self, tag: str, attributes: str, text: str) -> None:
        if self._skipped:
            if not self._resumes(tag):
                return
        elif tag[0] == "/":
            self._open -= 1
            if (leave := self._leave.get(tag)) is not None:
                leave(tag)
        elif self._skips(tag, attributes):
            return
        elif (enter := self._enter.get(tag)) is not None:
            enter(tag, attributes)
        if text:
            self._text(text)

    def _resumes(self, tag: str) -> bool:
        """Elements are closed in order, so that only those of the skipped name matter."""
        if tag == self._skipped:
            self._depth += 1
        elif tag == f"/{self._skipped}":
            self._depth -= 1
            if not self._depth:
                self._skipped = ""
                return True
        return False

    def _skips(self, tag: str, attributes: str) -> bool:
        """Tell whether there is nothing to descend into."""
        if tag in _VOID:
            return False
        if tag in _SKIPPED or (attributes and self._hides(tag, attributes)):
            self._skipped, self._depth = tag, 1
            return True
        self._open += 1
        return False

    def _hides(self, tag: str, attributes: str) -> bool:
        if not (self._hiding and _may_hide(attributes)) or _HIDDEN.search(attributes) is None:
            return False
        if tag in _NEVER_HIDDEN or (self._take_hidden and tag not in _ROWS):
            return False
        self.hidden_found = True
        return True

    def _text(self, text: str) -> None:
        self._size += len(text)
        if self._size > MOST_CHARACTERS:
            most = f"{MOST_CHARACTERS:,} characters of text"
            raise Refused(Reason.TOO_LARGE, f"the page holds more than {most}")
        if "&" in text:
            text = unescape(text)
        if not (self._pre or self._by_line):
            if self._texts or not text.isspace():
                self._append(text)
            return
        lines = text.split("\n") if self._pre or self._open == self._body else [text]
        for at, line in enumerate(lines):
            if at:
                self._end_line()
            self._append(line)

    _body = 2
    """Elements open around what stands in ``<body>`` itself: ``<html>`` and that."""

    def _append(self, text: str) -> None:
        self._texts.append(text)
        if self._links:
            self._linked += len(text.strip())

    def _enter_break(self, _tag: str, _attributes: str) -> None:
        self._end_line()

    def _enter_link(self, _tag: str, attributes: str) -> None:
        """A link without a target is an anchor, and its text no link."""
        self._anchors.append(int(" href=" in attributes and ' href=""' not in attributes))
        self._links += self._anchors[-1]

    def _leave_link(self, _tag: str) -> None:
        self._links -= self._anchors.pop() if self._anchors else 0

    def _enter_block(self, tag: str, attributes: str) -> None:
        self._end_line()
        self._hold(tag, attributes)
        self._headings += tag in _HEADINGS
        self._pre += tag == "pre"

    def _leave_block(self, tag: str) -> None:
        self._end_line()
        self._release()
        self._headings -= tag[1:] in _HEADINGS
        self._pre -= tag == "/pre"

    def _hold(self, tag: str, attributes: str) -> None:
        self._holder = Holder(self._holder, is_navigation(tag, attributes), self._holder.depth + 1)

    def _release(self) -> None:
        self._holder = self._holder.parent or self._holder

    def _enter_table(self, tag: str, attributes: str) -> None:
        self._end_line()
        self._hold(tag, attributes)
        table = Table(self._holder, self._headings > 0)
        self._sinks[-1].append(table)
        self._tables.append(table)
        self._row = None
        if len(self._tables) > DEEPEST_TABLE:
            raise Refused(Reason.UNREADABLE, f"tables are nested more than {DEEPEST_TABLE} deep")

    def _leave_table(self, _tag: str) -> None:
        self._end_line()
        if not self._tables:
            return
        self._release()
        self._count(self._tables.pop().rows)
        rows = self._tables[-1].rows if self._tables else []
        self._row = rows[-1] if rows else None

    def _count(self, rows: list[list[Box]]) -> None:
        self._cells += sum(map(len, rows))
        if self._cells > MOST_CELLS:
            raise Refused(Reason.TOO_LARGE, f"the tables hold more than {MOST_CELLS} cells")

    def _enter_row(self, _tag: str, _attributes: str) -> None:
        if self._tables:
            self._end_line()
            self._row = []
            self._tables[-1].rows.append(self._row)

    def _enter_cell(self, tag: str, attributes: str) -> None:
        if self._row is None:
            self._boxes.append(None)
            return
        self._end_line()
        self._hold(tag, attributes)
        box = _box("", attributes)
        box.items = []
        self._row.append(box)
        self._boxes.append(box)
        self._sinks.append(box.items)

    def _leave_cell(self, _tag: str) -> None:
        box = self._boxes.pop() if self._boxes else None
        if box is None or box.items is None:
            return
        self._end_line()
        self._sinks.pop()
        box.text = _text_of(box.items)
        self._release()

    def _whole_cell(self, tag: str, attributes: str, inner: str) -> None:
        """Take a cell that is one run of text."""
        if attributes and self._hides(tag, attributes):
            return
        if self._row is None or (self._hiding and "<" in inner and _may_hide(inner)):
            self._token(tag, attributes, "")
            for *_, name, others, text in _TOKENS.findall(f"<wbr>{inner}"):
                self._token(name, others, text)
            self._token(f"/{tag}", "", "")
            return
        if self._texts:
            self._end_line()
        text = "".join(_TEXTS.findall(f">{inner}")) if "<" in inner else inner
        text = plain(unescape(text) if "&" in text else text)
        self._row.append(_box(text, attributes) if attributes else Box(text, 1, 1))

    def _end_line(self) -> None:
        if not self._texts:
            return
        source, linked = "".join(self._texts), self._linked
        length = sum(len(text.strip()) for text in self._texts) if linked else 1
        self._texts, self._linked = [], 0
        text = plain(source)
        if text:
            share = linked / max(1, length)
            line = Line(text, self._holder, share, self._headings > 0)
            if self._pre:
                line.source = source
            self._sinks[-1].append(line)


def _without_raw(page: str) -> str:
    """Leave out comments and what is no markup inside; what is shown of the latter is escaped."""
    if "<xmp" in page or "<plaintext" in page:
        page = _SHOWN_RAW.sub(lambda found: f"<pre>{escape(found[2])}</pre>", page)
    return _RAW.sub("", page)


def _may_hide(markup: str) -> bool:
    # Searched as they are written: lowering a long text takes longer than parsing it.
    return any(word in markup for word in ("idden", "isplay", "IDDEN", "ISPLAY"))


def _box(text: str, attributes: str) -> Box:
    if "span" not in attributes:
        return Box(text, 1, 1)
    down, across = _DOWN.search(attributes), _ACROSS.search(attributes)
    return Box(text, int(down[1]) if down else 1, max(1, int(across[1])) if across else 1)
