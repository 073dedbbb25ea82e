"""What a check looks with: the parts of the house, the moment, and how patient to be."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Executable

from console.verification.catalogue import RULES
from console.verification.discrepancy import Discrepancy
from console.verification.rule import Severity
from models.session import Database
from worker import names
from worker.archive import Archive
from worker.inbox import Inbox
from worker.settings import Settings

Query = Executable
Advance = Callable[[str, int], None]
"""Told the name of what is looked at, and how many of them were looked at since the last call."""

_PAGE: Final = 500
_ABOUT: Final = frozenset(
    {"document", "sha256", "name", "arrival", "attempt", "letter", "decision", "report"}
    | {"source", "path", "publisher", "year", "table", "row", "queue", "message", "file"}
)


@dataclass(frozen=True, slots=True)
class Patience:
    """For how long something may be under way before it is a discrepancy, in seconds.

    ``under_way``: a lease that ran out, a message that was lost, a file that is to be taken in or
    moved away. ``orphaned``: bytes in the archive that nobody speaks of yet.
    """

    under_way: float = 600.0
    orphaned: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """How much is to be looked at.

    Attributes:
        quick: read no bytes of the archive and no figures; compare names and sizes only.
        since: read only the bytes of documents that came in since then; all of them if ``None``.
        skip: areas that are left out.
        most: the most discrepancies of one code that are kept.
        patience: what may be under way.
    """

    quick: bool = False
    since: datetime | None = None
    skip: frozenset[str] = frozenset()
    most: int = 1000
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True)
class Look:
    """What every check is given.

    ``moment`` is when the verification began; ``watched`` whether a watcher has given a sign of
    life lately: while none does, what it would mend is only worth knowing.
    """

    settings: Settings
    database: Database
    archive: Archive
    inbox: Inbox
    wishes: Wishes
    moment: datetime
    watched: bool
    advance: Advance
    looked_at: Counter[str]

    def before(self, seconds: float) -> datetime:
        """Return the moment so many seconds before the verification began."""
        return self.moment - timedelta(seconds=seconds)

    @property
    def stale(self) -> datetime:
        """What was not touched since then is not under way any more."""
        return self.before(self.wishes.patience.under_way)

    def seen(self, what: str, count: int = 1) -> None:
        """Count what was looked at."""
        self.looked_at[what] += count
        self.advance(what, count)

    def found(self, code: str, *, detail: str = "", **about: Any) -> Discrepancy:
        """Return a discrepancy of a rule."""
        rule = RULES[code]
        severity = Severity.INFO if rule.idle and not self.watched else rule.severity
        return Discrepancy(code, severity, about, detail)

    def rows(self, code: str, query: Query) -> Iterator[Discrepancy]:
        """Yield a discrepancy for each row: one statement, so one state of the database.

        Columns with the name of something known are what it is about, the others its detail.
        """
        with self.database.reading() as session:
            result = session.execute(query, execution_options={"yield_per": _PAGE})
            for row in result.mappings():
                values = {name: _plain(value) for name, value in row.items()}
                about = {name: value for name, value in values.items() if name in _ABOUT}
                rest = (f"{name} {value}" for name, value in values.items() if name not in _ABOUT)
                yield self.found(code, detail=", ".join(rest), **about)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return names.readable(value)
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class Check:
    """One pass that finds what breaks some rules.

    ``costly`` passes are left out of a quick verification.
    """

    codes: tuple[str, ...]
    find: Callable[[Look], Iterator[Discrepancy]]
    costly: bool = False


def asked(code: str, query: Callable[[Look], Query]) -> Check:
    """Return the check that asks the database one question."""
    return Check((code,), lambda look: look.rows(code, query(look)))
