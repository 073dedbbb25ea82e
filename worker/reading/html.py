"""HTML as government sites publish it: sloppy markup, any charset, the report amid navigation."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from models.disclosure.finding import Reason
from models.disclosure.report import Place
from worker.errors import Refused
from worker.reading import aligned, embedded, spans
from worker.reading.article import Article, select, title_witnesses
from worker.reading.blanks import plain
from worker.reading.charset import decode
from worker.reading.markup import Markup, survey, wants_survey, weigh
from worker.reading.outline import Box, Item, Line, Outline, Table
from worker.reading.pages import Block, Grid, Pages, Paragraph, Shape

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MEDIA_TYPE: Final = "text/html"

MOST_ROWS: Final = 20_000
_new: Final = tuple.__new__  # half the time of calling the class
_LEADING_MARKUP: Final = re.compile(r"[\s\ufeff]*<")
_LEAST: Final = 20
"""Fewer figures than a page with any of the tables holds."""
_WHOLE: Final = 150
"""Fewer figures than any edition of the form prints in its three tables."""


def read(data: bytes) -> Pages:
    """Read a page; navigation, scripts and what it does not show are left out.

    Raises:
        Refused: ``too_large`` for more tags, rows or cells than any report has, ``unreadable``
            for nesting no parser bears, ``truncated`` when the page was clearly cut, ``empty``
            when it shows no text.
    """
    content, encoding = decode(data)
    weigh(content)
    markup = survey(content) if wants_survey(content) else None
    article = _article(embedded.mended(content))
    if markup is not None:
        _refuse_cut(markup, article)
    blocks = tuple(_blocks(article.items))
    if not blocks:
        raise Refused(Reason.EMPTY, "the page shows no text")
    bare = article.figures < _LEAST and all(isinstance(block, Paragraph) for block in blocks)
    warnings = tuple(embedded.elsewhere(content)) if bare else ()
    return Pages(blocks, MEDIA_TYPE, encoding, warnings)


def _article(content: str) -> Article:
    """Return the article; where a page shows none, what it keeps for its scripts is looked at."""
    page, titles = _parsed(content)
    article = _shown(content, page, titles)
    if article.figures >= _LEAST:
        return article
    others = (_shown(inner, _parsed(inner)[0], titles) for inner in embedded.pages(content))
    return max((article, *others), key=lambda one: one.figures)


def _shown(content: str, page: str, titles: Sequence[str]) -> Article:
    in_lines = _LEADING_MARKUP.match(content) is None
    outline = Outline(page, lines=in_lines)
    article = select(outline.items, titles)
    if article.figures or not outline.hidden_found:
        return article
    # Some pages show the article only by script.
    return select(Outline(page, hidden=True, lines=in_lines).items, titles)


def _parsed(content: str) -> tuple[str, tuple[str, ...]]:
    """Return the page as the parser writes it out, and what its head calls it."""
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        tree = LexborHTMLParser(content)
        return tree.html or "", _titles(tree)
    except SelectolaxError as error:
        raise Refused(Reason.UNREADABLE, f"the page cannot be parsed: {error}") from error


def _titles(tree: "LexborHTMLParser") -> tuple[str, ...]:
    metas: dict[str, str] = {}
    for node in tree.css("meta"):
        attributes = node.attributes
        name = attributes.get("name") or attributes.get("property")
        if name and (text := attributes.get("content")):
            metas.setdefault(name.lower(), plain(text))
    title = tree.css_first("title")
    return title_witnesses(metas, "" if title is None else plain(title.text()))


def _refuse_cut(markup: Markup, article: Article) -> None:
    short = markup.endless and markup.in_block and article.figures < _WHOLE
    if short or markup.cut:
        raise Refused(Reason.TRUNCATED, "the page breaks off: it began with <html> and never ends")


def _blocks(items: Sequence[Item]) -> Iterator[Block]:
    tables = rows = 0
    for typed, run in groupby(items, key=_is_typed):
        if typed:
            yield from aligned.blocks("\n".join(_typed(item) for item in run))
            continue
        for item in run:
            if isinstance(item, Line):
                yield Paragraph(item.text)
                continue
            tables += 1
            rows += len(item.rows)
            if rows > MOST_ROWS:
                raise Refused(Reason.TOO_LARGE, f"the tables have more than {MOST_ROWS} rows")
            if (grid := _grid(item, tables)) is not None:
                yield grid


def _is_typed(item: Item) -> bool:
    """Tell whether a line stands in preformatted text, or is a row typed as running text."""
    if not isinstance(item, Line):
        return False
    return item.source is not None or aligned.looks_like_a_row(item.text)


def _typed(item: Item) -> str:
    return (item.source or item.text) if isinstance(item, Line) else ""


def _grid(table: Table, number: int) -> Grid | None:
    drawn = [list(_drawn(boxes, f"T{number}R{row}C")) for row, boxes in enumerate(table.rows, 1)]
    found = tuple([row for row in spans.expand(drawn) if row.cells])
    return Grid(found, Shape.CELLS) if found else None


def _drawn(boxes: Sequence[Box], named: str) -> Iterator[spans.Drawn]:
    for column, box in enumerate(boxes, 1):
        place = _new(Place, (None, None, None, None, None, f"{named}{column}"))
        yield box.text, box.row_span, box.column_span, place
