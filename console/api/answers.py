"""The shapes of answers that no query has as a row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.queries.comments import CommentRow
from console.queries.counts import SourceRow
from console.queries.documents import ArrivalRow, AttemptRow
from console.queries.letters import DecisionRow, LetterRow
from console.queries.standing import Met
from console.queries.versions import RestorationRow, VersionRow


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list that is there as a whole."""

    row: Any


@dataclass(frozen=True, slots=True)
class PageOf:
    """A part of a list: ``items``, and as ``next`` the cursor of the following part, if any."""

    row: Any


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand; ``queue`` is null while the queue is away, and ``notes`` say why."""

    documents: dict[str, int]
    arrivals: dict[str, int]
    queue: dict[str, int] | None
    sources: list[SourceRow]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class RuleTold:
    """An edit."""

    id: str
    severity: str
    title_zh: str
    title_en: str
    scope: str
    equation: str
    clause: str
    explanation: str
    version: int


@dataclass(frozen=True, slots=True)
class Group:
    """How many dead letters have something in common; ``value`` is null where it is not known."""

    value: str | None
    severity: str | None
    count: int


@dataclass(frozen=True, slots=True)
class DocumentTold:
    """A document with everything that happened to it."""

    id: int
    sha256: str
    name: str
    size: int
    state: str
    queue: str
    created_at: datetime
    updated_at: datetime
    arrivals: list[ArrivalRow]
    attempts: list[AttemptRow]
    letters: list[LetterRow]
    comments: list[CommentRow]


@dataclass(frozen=True, slots=True)
class LetterTold:
    """A dead letter; ``inspection`` is what had been recognised (``gouji.inspection/1``).

    ``standing`` is the report that storing an open one would meet, and what would come of it.
    """

    letter: LetterRow
    inspection: dict[str, Any] | None
    findings: list[dict[str, Any]]
    letters: list[LetterRow]
    decisions: list[DecisionRow]
    comments: list[CommentRow]
    standing: Met | None


@dataclass(frozen=True, slots=True)
class ReportTold:
    """A stored report as ``gouji reports show --json`` tells it."""

    schema: str
    id: int
    version: int
    standing: bool
    same_as: int | None
    stored_at: datetime
    document: dict[str, Any]
    report: dict[str, Any]
    tables: dict[str, Any]
    cells: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    versions: list[VersionRow]
    restorations: list[RestorationRow]
    decision: DecisionRow | None
    corrections: list[dict[str, Any]]
    comments: list[CommentRow]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one report to another (``gouji.difference/1``)."""

    schema: str
    before: dict[str, Any]
    after: dict[str, Any]
    cells: list[dict[str, Any]]
    facts: list[dict[str, Any]]
    sections: list[str]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did, or on a dry run would do.

    ``letters`` were decided now, ``already`` just so before; ``reports`` are the reports stored, by
    letter. ``repeated``: the idempotency key was seen before, and this is the answer of then.
    """

    action: str
    dry_run: bool
    letters: list[int]
    already: list[int]
    reports: dict[str, int]
    repeated: bool
    sent: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A report with changes, checked anew; nothing was written."""

    storable: bool
    problems: dict[str, str]
    hard: int
    soft: int
    outcome: str
    reason: str | None
    report: dict[str, Any]
    tables: dict[str, Any]
    cells: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    candidates: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Restored:
    """A version that stands again; ``replaced`` is null where it stood ``already``."""

    report_id: int
    version: int
    replaced: int | None
    already: bool
