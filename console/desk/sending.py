"""Sending what is to be processed again."""

from console.desk.outcome import Outcome
from models.session import Database
from worker.inbox import Inbox
from worker.send import Sender
from worker.settings import Settings


def send(settings: Settings, database: Database, outcome: Outcome) -> int:
    """Send what the queue has room for, and return how many messages that were.

    The sweeper sends the rest, so that nothing is lost while the queue is away.
    """
    if not outcome.to_send:
        return 0
    inbox = Inbox(settings)
    try:
        return Sender(database, inbox, settings.max_outstanding).send_received(outcome.to_send)
    finally:
        inbox.close()
