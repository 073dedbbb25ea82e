"""Repairs: what is safe to mend is mended, one discrepancy at a time, each looked at once more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from console.verification import mend_ledger, mend_outside
from console.verification.discrepancy import Discrepancy
from console.verification.hands import Hands, Mend
from models.session import Database
from worker.archive import Archive
from worker.errors import Transient
from worker.inbox import Inbox
from worker.send import Sender
from worker.settings import Settings

# Bytes first: what is read again afterwards needs them.
MENDS: Final[Mapping[str, Mend]] = {**mend_outside.MENDS, **mend_ledger.MENDS}
"""The repair for each code that has one."""

_ORDER: Final = {code: place for place, code in enumerate(MENDS)}


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of one discrepancy.

    ``what`` was done; ``None`` where it was gone by then, or could not be mended safely, or where
    ``error`` tells what was in the way.
    """

    discrepancy: Discrepancy
    what: str | None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return self.discrepancy.as_json() | {"done": self.what, "error": self.error}


def repairable(found: Sequence[Discrepancy]) -> list[Discrepancy]:
    """Return what can be mended, in the order in which it is."""
    return sorted((one for one in found if one.code in MENDS), key=lambda one: _ORDER[one.code])


def repair(
    settings: Settings, found: Sequence[Discrepancy], *, operator: str
) -> Iterator[Repaired]:
    """Mend what can be mended; what was found is looked at again before.

    Documents that are to be read again are sent at the end, as far as the queue has room; the
    sweeper sends the rest.
    """
    database, inbox = Database.at(settings.database), Inbox(settings)
    hands = Hands(settings, database, Archive.of(settings), inbox, operator)
    try:
        for one in repairable(found):
            try:
                yield Repaired(one, MENDS[one.code](hands, one))
            except (OSError, Transient, SQLAlchemyError) as error:
                why = " ".join(str(getattr(error, "orig", None) or error).split())
                yield Repaired(one, None, why)
        Sender(database, inbox, settings.max_outstanding).send_received(hands.to_send)
    finally:
        inbox.close()
        database.close()
