"""A parsed page becomes an outline: lines of text and tables, each knowing what holds it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.blanks import plain
from worker.reading.furniture import Attributes, is_navigation
from worker.reading.markup import tags

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MOST_CELLS: Final = 200_000
DEEPEST_TABLE: Final = 40

_SKIPPED: Final = tags(
    "script style noscript template head select option button iframe object embed svg math"
    " textarea canvas audio video map datalist"
)
_BLOCKS: Final = tags(
    "address article aside blockquote body center caption dd details dialog div dl dt fieldset"
    " figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hr html legend li main menu"
    " nav ol p pre section summary ul"
)
_CELLS: Final = tags("td th")
_ROWS: Final = tags("td th tr")
_HEADINGS: Final = tags("h1 h2 h3")
_MAY_HIDE: Final = re.compile("display|hidden", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Only text and inline elements, or one paragraph of them.
_INLINE: Final = (
    r"(?:[^<]++|</?(?:span|font|o:p|b|strong|u|i|em)(?![\w-])[^<>]*+>"
    r"|<!--(?:[^-]++|-(?!->))*+-->)*+"
)
_ONE_RUN: Final = re.compile(rf"\s*+(?:<p(?![\w-])[^<>]*+>{_INLINE}</p>\s*+|{_INLINE})")
_DIGITS: Final = re.compile(r"\s*(\d{1,12})")


@dataclass(slots=True, eq=False)
class Holder:
    """An element that holds others.

    ``navigation`` goes by its name; ``vouched`` tells that it holds a part of the report.
    """

    parent: "Holder | None"
    navigation: bool = False
    vouched: bool = False
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        self.depth = 0 if self.parent is None else self.parent.depth + 1

    def chain(self) -> Iterator["Holder"]:
        """Yield it and what holds it, inside out."""
        at: Holder | None = self
        while at is not None:
            yield at
            at = at.parent


@dataclass(slots=True, eq=False)
class Line:
    """One line of text; ``linked`` is the share of it that is a link."""

    text: str
    holder: Holder
    linked: float = 0.0
    heading: bool = False


@dataclass(slots=True, eq=False)
class Box:
    """A table cell, its spans and what it holds."""

    row_span: int
    column_span: int
    items: "list[Line | Table]" = field(default_factory=list)
    text: str = ""

    @property
    def tables(self) -> "list[Table]":
        """The tables in it."""
        if len(self.items) == 1 and isinstance(self.items[0], Line):
            return []
        return [item for item in self.items if isinstance(item, Table)]


@dataclass(slots=True, eq=False)
class Table:
    """Rows of cells as the page lists them."""

    holder: Holder
    rows: list[list[Box]] = field(default_factory=list)


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


@dataclass(slots=True)
class _Run:
    """The text since the last line ended."""

    texts: list[str] = field(default_factory=list)
    linked: int = 0
    length: int = 0


class Outline:
    """Walks a page once; ``items`` is what was found, in document order.

    Args:
        hidden: whether to take what the page does not show; a hidden cell of a shown table is
            one that a merged cell covers, and never taken.
        lines: whether ends of source lines are ends of lines outside of every element, as in
            Markdown that holds tables as HTML.
    """

    def __init__(self, root: "LexborNode", *, hidden: bool = False, lines: bool = False) -> None:
        self.items: list[Item] = []
        self.hidden_found = False
        self._take_hidden = hidden
        self._kept_lines = ("pre", "body") if lines else ("pre",)
        self._holder = Holder(None)
        self._sinks: list[list[Item]] = [self.items]
        self._boxes: list[Box] = []
        self._tables: list[Table] = []
        self._run = _Run()
        self._links = self._headings = self._cells = 0
        self._walk(root)
        self._end_line()

    def _walk(self, root: "LexborNode") -> None:
        open_elements: list[tuple[LexborNode, str]] = []
        node: LexborNode | None = root
        while node is not None:
            tag = node.tag or ""
            if tag == "-text":
                self._text(node, open_elements[-1][1] if open_elements else "")
            elif not self._passed(node, tag, attributes := node.attributes):
                if tag == "a" and not attributes.get("href"):
                    tag = "-anchor"
                self._enter(tag, attributes)
                if (child := node.child) is not None:
                    open_elements.append((node, tag))
                    node = child
                    continue
                self._leave(tag)
            while (following := node.next) is None and open_elements:
                node, tag = open_elements.pop()
                self._leave(tag)
            node = following if open_elements else None

    def _passed(self, node: "LexborNode", tag: str, attributes: Attributes) -> bool:
        """Tell whether there is nothing to descend into."""
        if self._skips(tag, attributes):
            return True
        return tag in _CELLS and self._in_row() and self._took_cell(node, attributes)

    def _skips(self, tag: str, attributes: Attributes) -> bool:
        if tag in _SKIPPED or (tag.startswith(("!", "-")) and tag != "-document"):
            return True
        if tag in ("html", "body") or (self._take_hidden and tag not in _ROWS):
            return False
        style = attributes.get("style")
        if "hidden" in attributes or (style and _HIDDEN.search(style)):
            self.hidden_found = True
            return True
        return False

    def _text(self, node: "LexborNode", parent: str) -> None:
        text = node.text_content or ""
        if parent in self._kept_lines:
            for line in text.splitlines():
                self._append(line)
                self._end_line()
        else:
            self._append(text)

    def _append(self, text: str) -> None:
        run = self._run
        run.texts.append(text)
        size = len(text.strip())
        run.length += size
        if self._links:
            run.linked += size

    def _in_row(self) -> bool:
        return bool(self._tables and self._tables[-1].rows)

    def _enter(self, tag: str, attributes: Attributes) -> None:
        if tag == "br":
            self._end_line()
        elif tag == "a":
            self._links += 1
        elif tag in _BLOCKS:
            self._end_line()
            self._holder = Holder(self._holder, is_navigation(tag, attributes))
            self._headings += tag in _HEADINGS
        elif tag == "table":
            self._end_line()
            self._holder = Holder(self._holder, is_navigation(tag, attributes))
            table = Table(self._holder)
            self._sinks[-1].append(table)
            self._tables.append(table)
            if len(self._tables) > DEEPEST_TABLE:
                raise Refused(
                    Reason.UNREADABLE, f"tables are nested more than {DEEPEST_TABLE} deep"
                )
        elif tag == "tr" and self._tables:
            self._end_line()
            self._tables[-1].rows.append([])
        elif tag in _CELLS and self._in_row():
            self._end_line()
            self._holder = Holder(self._holder, is_navigation(tag, attributes))
            box = self._box(attributes)
            self._boxes.append(box)
            self._sinks.append(box.items)

    def _leave(self, tag: str) -> None:
        if tag == "a":
            self._links -= 1
        elif tag in _BLOCKS:
            self._end_line()
            self._holder = self._holder.parent or self._holder
            self._headings -= tag in _HEADINGS
        elif tag == "table":
            self._end_line()
            self._holder = self._holder.parent or self._holder
            self._tables.pop()
        elif tag in _CELLS and self._in_row():
            self._end_line()
            self._sinks.pop()
            box = self._boxes.pop()
            box.text = _text_of(box.items)
            self._holder = self._holder.parent or self._holder

    def _took_cell(self, node: "LexborNode", attributes: Attributes) -> bool:
        """Take a cell that is one run of text at once: nearly every cell is."""
        inner = node.inner_html or ""
        if "<" in inner and (_MAY_HIDE.search(inner) or _ONE_RUN.fullmatch(inner) is None):
            return False
        self._end_line()
        box = self._box(attributes)
        box.text = plain(node.text())
        if box.text:
            box.items.append(Line(box.text, self._holder, 0.0, self._headings > 0))
        return True

    def _box(self, attributes: Attributes) -> Box:
        self._cells += 1
        if self._cells > MOST_CELLS:
            raise Refused(Reason.TOO_LARGE, f"the tables hold more than {MOST_CELLS} cells")
        across = _number(attributes.get("colspan"))
        box = Box(_number(attributes.get("rowspan")), max(1, across))
        self._tables[-1].rows[-1].append(box)
        return box

    def _end_line(self) -> None:
        run = self._run
        if not run.texts:
            return
        self._run = _Run()
        text = plain("".join(run.texts))
        if text:
            share = run.linked / max(1, run.length)
            self._sinks[-1].append(Line(text, self._holder, share, self._headings > 0))


def _number(text: str | None) -> int:
    found = _DIGITS.match(text) if text else None
    return int(found.group(1)) if found else 1
