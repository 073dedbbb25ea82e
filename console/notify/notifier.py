"""Tells of new dead letters until it is stopped; a channel or a database that is away passes."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from console.notify import outbox
from console.notify.channels import Channel
from console.notify.errors import Undelivered
from models.event import EventName
from models.session import Database
from worker.logs import log
from worker.signs import Signs

_LOOK: Final = 2.0


class Notifier:
    """Looks for what is to be told, and tells it.

    Args:
        database: where the letters are, and what was told of them.
        channels: where to tell it.
        interval: the least seconds between two messages to one channel.
        look: seconds between two looks.
    """

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel],
        interval: float,
        look: float = _LOOK,
    ) -> None:
        self._database = database
        self._channels = channels
        self._interval = timedelta(seconds=interval)
        self._look = look
        self._stopped = threading.Event()
        self._hindered = False
        self._known: set[str] = set()

    def stop(self) -> None:
        """Let ``run`` end; a message that is being sent is sent first."""
        self._stopped.set()

    def run(self, signs: Signs | None = None) -> None:
        """Tell until ``stop`` is called; signs of life are given after each look."""
        signs = signs or Signs()
        while not self._stopped.is_set():
            for channel in self._channels:
                if not self._stopped.is_set():
                    self.step(channel)
            signs.alive()
            self._stopped.wait(self._look)
        signs.stopping()

    def step(self, channel: Channel) -> None:
        """Look once for one channel; what goes wrong is logged, and tried again."""
        try:
            if channel.name not in self._known:
                outbox.open_channel(self._database, channel.name)
                self._known.add(channel.name)
            outbox.collect(self._database, channel.name, self._interval)
            due = outbox.take(self._database, channel.name)
            if due is not None:
                self._send(channel, due)
            self._hindered = False
        except SQLAlchemyError as error:
            if not self._hindered:
                told = f"{type(error).__name__}: {getattr(error, 'orig', error)}"
                log(EventName.NOTIFICATION_FAILED, level="warning", error=told)
            self._hindered = True

    def _send(self, channel: Channel, due: outbox.Due) -> None:
        try:
            channel.send(due.envelope)
        except Undelivered as error:
            pause = outbox.undelivered(self._database, channel.name, due, str(error))
            if pause is not None:
                log(
                    EventName.NOTIFICATION_FAILED,
                    level="warning",
                    channel=channel.name,
                    message_id=due.envelope.id,
                    error=str(error),
                    again_after_s=pause.total_seconds(),
                )
        else:
            outbox.delivered(self._database, channel.name, due)
