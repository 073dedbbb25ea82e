"""Two readings of a report side by side: are the figures the same, and if not, which are not.

The *figures* of a report are what its cells say: the number, or how the cell is printed where it
is none. Where and in which words a figure stands is no part of it, nor are titles and sections:
the HTML page and the PDF of one report have the same figures.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from models.disclosure.form import TABLES
from models.disclosure.report import ABSENT, Cell, Printed, Report

_ORDER: Final[Mapping[str, int]] = {
    cell: place
    for place, cell in enumerate(
        dict.fromkeys(c for t in TABLES.values() for layout in t.layouts for c in layout.cells)
    )
}
"""Every cell of the form in printed order, what only an older layout prints behind the newest."""


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that says another thing; ``ABSENT`` where its row or column is not in the file."""

    cell: str
    before: Cell
    after: Cell


@dataclass(frozen=True, slots=True)
class Fact:
    """Something else that is not the same, by name; ``None`` where it is not known.

    ``name`` is that of a field of :class:`Report`, or ``layout.`` and the key of a table.
    """

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes from one reading to the other.

    ``cells`` are in printed order; ``sections`` names those whose text is another, spaces and
    line ends apart.
    """

    cells: tuple[Change, ...]
    facts: tuple[Fact, ...]
    sections: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.cells or self.facts or self.sections)


def figure(cell: Cell) -> str:
    """Return what a cell says: ``12``, ``115.1``, ``blank``, ``slash``, ``unreadable 1O``."""
    if cell.printed is Printed.NUMBER and cell.value is not None:
        return _plain(cell.value)
    if cell.printed is Printed.UNREADABLE:
        return f"{cell.printed} {_folded(cell.raw)}"
    return str(cell.printed)


def figures(report: Report) -> dict[str, str]:
    """Return what every cell says, by address; cells that are not in the file are left out."""
    return {
        address: figure(cell)
        for address, cell in report.cells()
        if cell.printed is not Printed.ABSENT
    }


def fingerprint(report: Report) -> str:
    """Return the SHA-256 of the figures: equal for reports with the same ones, in 64 characters."""
    return digest(figures(report))


def digest(said: Mapping[str, str]) -> str:
    """Return the fingerprint of figures by address, as :func:`figures` gives them."""
    lines = sorted(f"{address}={figure}\n" for address, figure in said.items())
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def compare(before: Report, after: Report) -> Difference:
    """Return what is not the same; figures count as the same by :func:`figure`."""
    ours, theirs = figures(before), figures(after)
    changed = [cell for cell in ours.keys() | theirs.keys() if ours.get(cell) != theirs.get(cell)]
    return Difference(
        cells=tuple(
            Change(cell, _of(before, cell), _of(after, cell))
            for cell in sorted(changed, key=lambda cell: _ORDER.get(cell, len(_ORDER)))
        ),
        facts=tuple(_facts(before, after)),
        sections=tuple(_sections(before, after)),
    )


def _of(report: Report, address: str) -> Cell:
    cell = report.cell(address)
    return ABSENT if cell.printed is Printed.ABSENT else cell


def _facts(before: Report, after: Report) -> Iterator[Fact]:
    ours, theirs = _known(before), _known(after)
    for name in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(name), theirs.get(name)
        if _folded(one or "") != _folded(other or ""):
            yield Fact(name, one, other)


def _known(report: Report) -> dict[str, str | None]:
    told = {
        name: None if (value := getattr(report, name)) is None else str(value)
        for name in ("publisher", "year", "edition", "title", "signature", "signed_on")
    }
    period = report.period
    told["period"] = None if period is None else f"{period.start} – {period.end}"
    layouts = {t: f"layout.{t}" for t in TABLES if t in report.tables}
    return told | {name: report.tables[table].layout for table, name in layouts.items()}


def _sections(before: Report, after: Report) -> Iterator[str]:
    keys = dict.fromkeys(section.key for one in (before, after) for section in one.sections)
    for key in keys:
        if _folded(before.section(key)) != _folded(after.section(key)):
            yield key


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _plain(value: int | Decimal) -> str:
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
