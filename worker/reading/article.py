"""The report amid the rest of a page: what holds its tables and numbered headings is the article.

Inside the article only menus and links are left out; before it only a title or running text is
kept, after it only what follows at once, such as a signature.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Final

from worker.reading.furniture import is_furniture
from worker.reading.outline import Box, Holder, Item, Line, Table

_FIGURE: Final = re.compile(
    r"[+\-−－＋]?[\d０-９][\d０-９,，]{0,11}(?:[.．][\d０-９]+)?|[/／]|[-－—–―─]{1,3}"
)
_NUMBERED: Final = re.compile(r"[（(]?[一二三四五六][)）]?[、.．]\s*\S")
_TITLE: Final = re.compile(r"(?:信息|政务|資訊|訊息)\s*(?:公开|公開).{0,14}(?:报告|年报|報告|年報)")
_NO_TITLE: Final = re.compile(r"[。；>›»]|首页|附件")
_YEAR: Final = re.compile(r"20[0-3]\d")
_NAMED: Final = re.compile(
    r"[\u4e00-\u9fff]{3,}.*20[0-3]\d|^[\u4e00-\u9fff]{3,}政府信息.*20[0-3]\d"
)
_SITE: Final = re.compile(
    r"\s*[_|｜>»]+\s*|\s+[-－—–]+\s+|-{2,}|[-－—–]+(?=[^-－—–\d]*(?:政府|网|局)$)"
)
_LONGEST_TITLE: Final = 80
_RUNNING: Final = 30
_MOSTLY: Final = 0.5
_WHOLLY: Final = 0.9
_MOST_AFTER: Final = 4
_LEAST_FIGURES: Final = 3
_FEW_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Article:
    """What of a page is the report; ``figures`` counts the cells of its tables that hold one."""

    items: tuple[Item, ...]
    figures: int


def select(items: Sequence[Item], titles: Sequence[str]) -> Article:
    """Return the article of a page.

    Args:
        items: the outline of the page.
        titles: what the head of the page calls it, best witness first; one is put before the
            article where nothing in it reads like a title with publisher and year.
    """
    flat = list(_flattened(items))
    if not flat:
        return Article((), 0)
    figures = {id(item): _figures(item) for item in flat if isinstance(item, Table)}
    top = _vouch(item.holder for item in flat if _is_evidence(item, figures.get(id(item), 0)))
    inside = _inside(flat, top)
    first = inside.index(True)
    last = len(flat) - inside[::-1].index(True)
    sieve = _Sieve()
    kept = [
        *_before(flat[:first], sieve),
        *(item for item in flat[first:last] if not sieve.drops(item, _WHOLLY)),
        *_after(flat[last:], sieve),
    ]
    found = sum([figures.get(id(item), 0) for item in kept])
    return Article((*_titled(kept, titles), *kept), found)


def _flattened(items: Sequence[Item]) -> Iterator[Item]:
    """Yield lines and true grids; a table that only places others gives what it holds."""
    for item in items:
        if isinstance(item, Line) or not _lays_out(item):
            yield item
            continue
        for is_grid, rows in groupby(item.rows, key=_is_grid_row):
            if is_grid:
                yield Table(item.holder, item.heading, list(rows))
            else:
                for row in rows:
                    for box in row:
                        yield from _flattened(item.content(box))


def _lays_out(table: Table) -> bool:
    """Tell a table that places other tables, or running text in one column, from a real one."""
    if all(len(row) <= 1 for row in table.rows):
        return True
    rich = [box for row in table.rows for box in row if box.items]
    inner = [part for box in rich for part in box.tables]
    if not inner:
        return any(map(_is_page, rich))
    return sum(map(_size, inner)) > _own_figures(table)


def _is_page(box: Box) -> bool:
    """A cell with many lines and headings holds a page, not a value."""
    if box.items is None or len(box.items) <= _FEW_LINES:
        return False
    headings = sum(isinstance(i, Line) and _NUMBERED.match(i.text) is not None for i in box.items)
    return headings > 1 and len(box.items) > headings + 2


def _is_grid_row(row: list[Box]) -> bool:
    return len(row) > 1 and not any(box.tables or _is_page(box) for box in row)


def _size(table: Table) -> int:
    if sum(map(len, table.rows)) <= 1:
        return sum(_size(inner) for row in table.rows for box in row for inner in box.tables)
    return sum(1 + sum(map(_size, box.tables)) for row in table.rows for box in row)


def _own_figures(table: Table) -> int:
    return sum(
        not box.tables and _FIGURE.fullmatch(box.text) is not None
        for row in table.rows
        for box in row
    )


def _figures(table: Table) -> int:
    texts = [box.text for row in table.rows for box in row]
    return sum([text.isdecimal() or _FIGURE.fullmatch(text) is not None for text in texts])


def _is_evidence(item: Item, figures: int) -> bool:
    if isinstance(item, Table):
        return figures >= _LEAST_FIGURES
    return _NUMBERED.match(item.text) is not None and item.linked < _MOSTLY


def _vouch(holders: Iterable[Holder]) -> Holder | None:
    """Mark everything that holds these; return the innermost that holds all of them."""
    top: Holder | None = None
    for holder in holders:
        at: Holder = holder
        while not at.vouched:
            at.vouched = True
            at = at.parent or at
        if top is None:
            top = holder
        elif at.depth < top.depth:
            # All that was vouched for before stands on a way from the root through ``top``.
            top = at
    return top


def _inside(items: Sequence[Item], top: Holder | None) -> list[bool]:
    """Tell of every item whether ``top`` holds it; with no ``top`` the whole page does."""
    known: dict[Holder, bool] = {}
    if top is not None:
        known = {holder: holder is top for holder in top.chain()}
    return [top is None or _known(item.holder, known, lambda _: None) for item in items]


def _known(
    holder: Holder, known: dict[Holder, bool], judged: Callable[[Holder], bool | None]
) -> bool:
    """Return what is known of the nearest holder that anything is known of."""
    passed: list[Holder] = []
    answer = False
    at: Holder | None = holder
    while at is not None:
        own = known.get(at)
        if own is None:
            own = judged(at)
        if own is not None:
            answer = own
            break
        passed.append(at)
        at = at.parent
    for one in passed:
        known[one] = answer
    known[holder] = answer
    return answer


@dataclass(slots=True)
class _Sieve:
    """Leaves out menus, links and the furniture of a page."""

    shut: dict[Holder, bool] = field(default_factory=dict)

    def drops(self, item: Item, most_linked: float) -> bool:
        if isinstance(item, Line) and item.heading and is_title(item.text):
            return False
        if _known(item.holder, self.shut, _judged):
            return True
        if isinstance(item, Table):
            return False
        return item.linked > most_linked or is_furniture(item.text)


def _judged(holder: Holder) -> bool | None:
    """What holds a part of the report is no navigation, nor is anything around it."""
    if holder.vouched:
        return False
    return True if holder.navigation else None


def _before(items: Sequence[Item], sieve: _Sieve) -> Iterator[Item]:
    lines = [i for i in items if isinstance(i, Line) and not sieve.drops(i, _MOSTLY)]
    for above, line in pairwise([None, *lines]):
        if line is None:
            continue
        if is_title(line.text):
            if above is not None and above.holder.parent is line.holder.parent:
                yield above
            yield line
        elif len(line.text) > _RUNNING and "。" in line.text:
            yield line


def _after(items: Sequence[Item], sieve: _Sieve) -> Iterator[Item]:
    for item in items[:_MOST_AFTER]:
        if not isinstance(item, Line) or sieve.drops(item, _MOSTLY):
            return
        yield item


def is_title(text: str) -> bool:
    """Tell whether a line may be the title of a report."""
    short = len(text) <= _LONGEST_TITLE and _NO_TITLE.search(text) is None
    return short and _TITLE.search(text) is not None


def _titled(kept: Sequence[Item], titles: Sequence[str]) -> Iterator[Line]:
    lines = [item.text for item in kept if isinstance(item, Line)][:40]
    joined = [*lines, *(f"{above}{below}" for above, below in pairwise(lines))]
    if any(is_title(text) and _NAMED.search(text) for text in joined):
        return
    for text in titles:
        for part in (*_SITE.split(text), text):
            if is_title(part) and (_YEAR.search(part) or not any(map(is_title, lines))):
                yield Line(part, Holder(None), heading=True)
                return


def title_witnesses(metas: Mapping[str, str], title: str) -> tuple[str, ...]:
    """Return what the head of a page calls it: ``ArticleTitle`` and its kin, then ``<title>``."""
    names = ("articletitle", "article:title", "og:title", "title", "contenttitle")
    return (*(metas[name] for name in names if metas.get(name)), title)
