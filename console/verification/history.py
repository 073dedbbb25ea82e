"""The timeline: does it tell of each document that it came, and how it ended?"""

from typing import Final

from sqlalchemy import case, exists, select

from console.verification.ledger import DOCUMENT
from console.verification.look import Check, Look, Query, asked
from models.event import Event, EventName
from models.ledger import Document, State

ENDS: Final = {
    State.STORED: EventName.REPORT_STORED,
    State.UNPACKED: EventName.DOCUMENT_UNPACKED,
    State.DEAD: EventName.DOCUMENT_DEAD,
    State.DISCARDED: EventName.DOCUMENT_DISCARDED,
}
"""The event that tells of each final state; housekeeping never deletes it."""


def _no_beginning(_look: Look) -> Query:
    told = exists().where(
        Event.document_id == Document.id, Event.name == EventName.DOCUMENT_RECEIVED
    )
    return select(*DOCUMENT).where(~told)


def _no_end(_look: Look) -> Query:
    names = {str(state): str(name) for state, name in ENDS.items()}
    wanted = case(names, value=Document.state)
    told = exists().where(Event.document_id == Document.id, Event.name == wanted)
    return select(*DOCUMENT, Document.state.label("state")).where(
        Document.state.in_(list(names)), ~told
    )


CHECKS: Final[tuple[Check, ...]] = (
    asked("EVENT.NO_BEGINNING", _no_beginning),
    asked("EVENT.NO_END", _no_end),
)
"""Checks of the timeline."""
