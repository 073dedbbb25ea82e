"""The queue against the ledger: a message for each queued document, a document for each message.

A message is on the queue before its document is marked as queued, and stays until the document has
moved on. So a document that has the same state and the same time of change before and after
the messages were read, and no message among them, has lost its own.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import select

from console.verification.discrepancy import Discrepancy
from console.verification.ledger import DOCUMENT
from console.verification.look import Check, Look
from models.ledger import Document, State
from worker.inbox import Waiting
from worker.waiting import door

_PAGE: Final = 500


class Untold(Exception):  # noqa: N818 - it is how things are
    """This broker does not tell which messages it has: RabbitMQ only counts them."""


def _messages(look: Look) -> Iterator[Waiting]:
    messages = look.inbox.messages()
    if messages is None:
        raise Untold(str(Untold.__doc__))
    return messages


def _lost(look: Look) -> Iterator[Discrepancy]:
    before = _queued(look)
    first = next(before, None)
    if first is None:
        look.inbox.ping()
        return
    on_queue = {message.document_id for message in _messages(look)}
    look.seen("messages", len(on_queue))
    page: Sequence[Any] = [first, *islice(before, _PAGE)]
    while page:
        suspects = [row for row in page if row.document not in on_queue]
        yield from _still_queued(look, suspects)
        page = list(islice(before, _PAGE))


def _queued(look: Look) -> Iterator[Any]:
    """Yield documents that wait for a worker, and were not touched lately.

    One statement, whose first row is asked for before the messages are: all of them are as they
    were then.
    """
    query = select(*DOCUMENT, Document.updated_at, Document.queue, Document.lane).where(
        Document.state == State.QUEUED, Document.updated_at <= look.stale
    )
    with look.database.reading() as session:
        rows = session.execute(query, execution_options={"yield_per": _PAGE})
        yield from rows


def _still_queued(look: Look, suspects: Sequence[Any]) -> Iterator[Discrepancy]:
    if not suspects:
        return
    ids = [row.document for row in suspects]
    query = select(Document.id, Document.updated_at).where(
        Document.id.in_(ids), Document.state == State.QUEUED
    )
    with look.database.reading() as session:
        now = {row.id: row.updated_at for row in session.execute(query)}
    for row in suspects:
        if now.get(row.document) == row.updated_at:
            yield look.found(
                "QUEUE.LOST",
                document=row.document,
                name=row.name,
                sha256=row.sha256,
                queue=door(row.queue, row.lane),
            )


def _strangers(look: Look) -> Iterator[Discrepancy]:
    messages = _messages(look)
    while page := list(islice(messages, _PAGE)):
        wanted = [one.document_id for one in page if one.document_id is not None]
        with look.database.reading() as session:
            query = select(Document.id).where(Document.id.in_(wanted))
            known = set(session.scalars(query))
        for one in page:
            if one.document_id not in known:
                yield look.found(
                    "QUEUE.STRANGER",
                    queue=one.queue,
                    message=one.key,
                    document=one.document_id,
                )


CHECKS: Final[tuple[Check, ...]] = (
    Check(("QUEUE.LOST",), _lost),
    Check(("QUEUE.STRANGER",), _strangers),
)
"""Checks of the queue."""
