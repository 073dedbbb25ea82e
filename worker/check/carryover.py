"""``YEAR.CARRIED`` and ``YEAR.STOCK``: does a report take up what the year before left?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from models.disclosure.finding import Finding, Severity
from models.disclosure.form import APPLICANTS, cell_key
from models.disclosure.report import ABSENT, Cell, Printed

Cells = Mapping[str, Cell]

RULES: Final = ("YEAR.CARRIED", "YEAR.STOCK")
APPLICATION_ROWS: Final = ("carried_in", "carried_out")
DOCUMENT_ROWS: Final = ("regulations", "normative_documents")
_BLANK: Final = (Printed.BLANK, Printed.SLASH, Printed.DASH)


def carryover(year: int, reports: Mapping[int, Cells]) -> tuple[Finding, ...]:
    """Return the soft findings of the report on a year, against the years before and after it.

    The same difference is found once on each of the two reports, with the same scope, which names
    both years: ``2022-2023.total``. Nothing is found where a year is missing, where a figure is
    not in the file (the 2019 form has no stock of documents), or where neither is printed.

    Args:
        year: the year of the report.
        reports: the cells of the reports of one publisher that stand, by year and address; those
            of :data:`APPLICATION_ROWS` and :data:`DOCUMENT_ROWS` are enough.
    """
    found: list[Finding] = []
    for later in (year, year + 1):
        if later in reports and later - 1 in reports:
            pair = _Pair(later, reports[later - 1], reports[later])
            found += [relation.seen_from(year) for relation in _relations(pair)]
    return tuple(sorted(found, key=lambda finding: RULES.index(finding.rule)))


@dataclass(frozen=True, slots=True)
class _Pair:
    """The reports on two years, one after the other; ``year`` is that of the later."""

    year: int
    before: Cells
    after: Cells


@dataclass(frozen=True, slots=True)
class _Relation:
    """An edit between two years that does not hold; addresses are those in each of them."""

    rule: str
    year: int
    key: str
    left: int
    right: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    blanks: tuple[tuple[int, str], ...]
    words: str

    def seen_from(self, year: int) -> Finding:
        """Return the finding on the report of one of the two years."""
        return Finding(
            self.rule,
            Severity.SOFT,
            f"{self.year - 1}-{self.year}.{self.key}",
            f"{self.words} (差 {self.left - self.right})",
            self.after if year == self.year else self.before,
            self.left,
            self.right,
            self.left - self.right,
            tuple(address for of, address in self.blanks if of == year),
        )


def _relations(pair: _Pair) -> Iterator[_Relation]:
    for column in (column.key for column in APPLICANTS):
        yield from _carried(pair, column)
    for row in DOCUMENT_ROWS:
        yield from _stock(pair, row)


def _carried(pair: _Pair, column: str) -> Iterator[_Relation]:
    """``carried_in`` (y) = ``carried_out`` (y-1); a blank counts as 0 and is listed."""
    taken, left = (cell_key("applications", row, column) for row in APPLICATION_ROWS)
    into, out = pair.after.get(taken, ABSENT), pair.before.get(left, ABSENT)
    if not _assessable(into, out):
        return
    if _count(into) != _count(out):
        year = pair.year
        words = f"{year} 年上年结转 {_count(into)} ≠ {year - 1} 年结转下年 {_count(out)}"
        words += " carried in ≠ carried out the year before"
        blanks = _blanks(((year, taken, into), (year - 1, left, out)))
        yield _Relation(
            RULES[0], year, column, _count(into), _count(out), (left,), (taken,), blanks, words
        )


def _stock(pair: _Pair, row: str) -> Iterator[_Relation]:
    """``in_force`` (y) = ``in_force`` (y-1) + ``made`` (y) - ``repealed`` (y)."""
    stock, made, repealed = (
        cell_key("disclosure", row, column) for column in ("in_force", "made", "repealed")
    )
    now, new, gone = (pair.after.get(key, ABSENT) for key in (stock, made, repealed))
    then = pair.before.get(stock, ABSENT)
    if now.printed is not Printed.NUMBER or then.printed is not Printed.NUMBER:
        return
    if not (_counted(new) and _counted(gone)):
        return
    expected = _count(then) + _count(new) - _count(gone)
    if _count(now) != expected:
        year = pair.year
        words = (
            f"{year} 年现行有效 {_count(now)} ≠ {year - 1} 年 {_count(then)} "
            f"+ 制发 {_count(new)} - 废止 {_count(gone)}"
            " in force ≠ the year before + made - repealed"
        )
        blanks = _blanks(((year, made, new), (year, repealed, gone)))
        cells = (stock, made, repealed)
        yield _Relation(RULES[1], year, row, _count(now), expected, (stock,), cells, blanks, words)


def _assessable(one: Cell, other: Cell) -> bool:
    return _counted(one) and _counted(other) and Printed.NUMBER in (one.printed, other.printed)


def _counted(cell: Cell) -> bool:
    return cell.printed is Printed.NUMBER or cell.printed in _BLANK


def _count(cell: Cell) -> int:
    return int(cell.value or 0)


def _blanks(terms: tuple[tuple[int, str, Cell], ...]) -> tuple[tuple[int, str], ...]:
    return tuple((year, address) for year, address, cell in terms if cell.printed in _BLANK)
