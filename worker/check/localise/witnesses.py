"""What speaks for a candidate and what against it, and who would have erred."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from models.disclosure.form import APPLICANTS, cell_key
from models.disclosure.localisation import FIGURES, Change, Mechanism, Origin, Supports, Witness
from models.disclosure.report import Cell, Report
from worker.check.complete import LEAST_CONFIDENCE
from worker.check.narrative import Statement, statements

_PLAIN: Final = "text/plain"
_CARRIED: Final = {
    "previous_year": ("carried_in", "上年结转出 carried out the year before"),
    "next_year": ("carried_out", "下年结转入 carried in the year after"),
}


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the report's own tables.

    ``previous`` is what the year before carried out and ``following`` what the year after carried
    in, by column of table 三. ``second`` is what another extraction of the same file read, by cell.
    ``media_type`` tells how the file was made.
    """

    media_type: str | None = None
    previous: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    following: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    second: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Witnesses:
    """The witnesses of one report; what it states is looked up once."""

    def __init__(self, report: Report, context: Context) -> None:
        self._report = report
        self._context = context
        self._statements: Sequence[Statement] = list(statements(report))
        self._known = {
            cell: value
            for cell, value in context.second.items()
            if report.cell(cell).published is None
        }
        self._apart = {
            cell: value for cell, value in self._known.items() if report.cell(cell).value != value
        }
        self._lost = _lost(report, self._apart)

    def about(self, mechanism: Mechanism, changes: Sequence[Change]) -> tuple[Witness, ...]:
        """Return everything known that supports the figures proposed, those read, or who erred."""
        return (
            *self._second(changes),
            *self._years(changes),
            *self._stated(changes),
            *self._confidence(changes),
            *self._source(mechanism, changes),
        )

    def _second(self, changes: Sequence[Change]) -> Iterator[Witness]:
        """Compare the figures, if the candidate has all that the two extractions differ in.

        Else one of them may have taken a row for another, and only rows that both read alike count.
        Nor is one spoken for that takes away a figure which the second lost.
        """
        if any(change.cell in self._lost for change in changes):
            return
        scopes = {_scope(change.cell) for change in changes}
        proposed = {change.cell: change.proposed for change in changes}
        apart = {cell: v for cell, v in self._apart.items() if _scope(cell) in scopes}
        explained = all(proposed.get(cell) == value for cell, value in apart.items())
        rows = {_row(cell) for cell in apart}
        for change in changes:
            value = self._known.get(change.cell)
            if value is not None and (explained or _row(change.cell) not in rows):
                quote = f"另一途径读得 read by another route: {value}"
                yield from _compared("second_extraction", change, value, quote)

    def _years(self, changes: Sequence[Change]) -> Iterator[Witness]:
        known = {"previous_year": self._context.previous, "next_year": self._context.following}
        for kind, figures in known.items():
            if not figures:
                continue
            row, words = _CARRIED[kind]
            cells = {cell_key("applications", row, c.key): c.key for c in APPLICANTS}
            for change in changes:
                value = figures.get(cells.get(change.cell, ""))
                if value is not None:
                    yield from _compared(kind, change, value, f"{words}: {value}")

    def _stated(self, changes: Sequence[Change]) -> Iterator[Witness]:
        proposed = {change.cell: change.proposed for change in changes}
        for statement in self._statements:
            if not any(cell in proposed for cells in statement.sums for cell in cells):
                continue
            before = self._agrees(statement, {})
            after = self._agrees(statement, proposed)
            if before != after:
                supports: Supports = "proposed" if after else "read"
                yield Witness("narrative", supports, statement.quotes[0][1])

    def _agrees(self, statement: Statement, instead: Mapping[str, int]) -> bool:
        """Tell whether one way to count what is stated gives a number that is stated."""
        for cells in statement.sums:
            values = [instead.get(cell, self._report.cell(cell).value) for cell in cells]
            known = [int(value) for value in values if value is not None]
            if known and sum(known) in statement.numbers:
                return True
        return False

    def _confidence(self, changes: Sequence[Change]) -> Iterator[Witness]:
        for change in changes:
            cell = self._cells(change.cell)
            if cell.confidence is not None and cell.confidence < LEAST_CONFIDENCE:
                quote = f"识别置信度 read with confidence {cell.confidence:.2f}: {change.raw!r}"
                yield Witness("confidence", "reading", quote, _place(cell))

    def _source(self, mechanism: Mechanism, changes: Sequence[Change]) -> Iterator[Witness]:
        cells = [self._cells(change.cell) for change in changes]
        media_type = self._context.media_type
        if any(cell.chosen for cell in cells):
            quote = "数字的列位由勾稽关系选定 the edits chose the columns of these figures"
            yield Witness("source", "reading", quote)
        elif (
            mechanism in FIGURES
            and media_type not in (None, _PLAIN)
            and all(cell.confidence is None for cell in cells)
            and not any(change.cell in self._apart for change in changes)
        ):
            quote = f"原生电子文件，数字不会误读 born digital, no digit is misread: {media_type}"
            yield Witness("source", "publisher", quote)

    def _cells(self, address: str) -> Cell:
        return self._report.cell(address)


def origin(evidence: Sequence[Witness]) -> Origin:
    """Return who would have erred, after the best witness of it; nothing else tells.

    A second extraction that agrees with what is proposed shows a misreading, one that agrees with
    what was read shows that it is printed so; where it says both of one candidate, both erred.
    """
    again = {witness.supports for witness in evidence if witness.kind == "second_extraction"}
    if len(again) > 1:
        return Origin.UNDETERMINED
    if again:
        return Origin.READING if "proposed" in again else Origin.PUBLISHER
    for witness in evidence:
        if witness.supports in (Origin.READING, Origin.PUBLISHER):
            return Origin(witness.supports)
    return Origin.UNDETERMINED


def _compared(kind: str, change: Change, value: int, quote: str) -> Iterator[Witness]:
    supports: Mapping[int | None, Supports] = {change.read: "read", change.proposed: "proposed"}
    if value in supports:
        yield Witness(kind, supports[value], quote)


def _lost(report: Report, apart: Mapping[str, int]) -> frozenset[str]:
    """Return where a second extraction has a nought for a figure that it has nowhere else either.

    Among noughts one more is nothing to go by.
    """
    figures = {cell: report.cell(cell).value for cell, value in apart.items() if not value}
    had = apart.values()
    return frozenset(cell for cell, value in figures.items() if value and value not in had)


def _row(address: str) -> str:
    return address.rpartition(".")[0]


def _scope(address: str) -> str:
    """Return what is repaired as one: table 三, or a row of table 四."""
    table = address.partition(".")[0]
    return table if table == "applications" else _row(address)


def _place(cell: Cell) -> Mapping[str, object] | None:
    return None if cell.place is None else cell.place.as_dict()
