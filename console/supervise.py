"""Keeps parts running: starts them in order, restarts one that ends, stops them in reverse."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from console.parts import Part
from models.event import EventName
from worker import logs

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0
HEALTHY_AFTER: Final = 60.0
"""Seconds: a part that ran this long before it ended is started again after the first delay."""

_LOOK_EVERY: Final = 0.2
_FOR_SERVERS: Final = 0.1
"""The share of the time to stop that is kept for what others need until they have ended."""


@dataclass(slots=True)
class _Watched:
    part: Part
    started: float = 0.0
    failures: int = 0
    restart_at: float | None = None

    def delay(self) -> float:
        """Seconds until the next start: doubled for each failure in a row, at most 30."""
        return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** (self.failures - 1)))


class Supervisor:
    """Looks after parts; they depend on those before them in the list.

    Every start and end is an event in the log. A part that cannot be started the first time
    raises; one that ends later is started again for ever, with growing delays.
    """

    def __init__(self, parts: Sequence[Part], *, grace: float) -> None:
        self._watched = [_Watched(part) for part in parts]
        self._grace = grace

    def start(self) -> None:
        """Start every part, in order; when one fails, stop those that run and raise."""
        try:
            for watched in self._watched:
                self._start(watched)
        except BaseException:
            self.stop()
            raise

    def run(self, stop: threading.Event, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Restart what ends until ``stop`` is set, in the main thread.

        ``meanwhile`` is called after each look, five times a second.
        """
        while not stop.wait(_LOOK_EVERY):
            self.look()
            meanwhile()

    def look(self) -> None:
        """Look at every part once: note those that ended, start those whose delay is over."""
        for watched in self._watched:
            if watched.restart_at is None:
                self._note_end(watched)
            elif time.monotonic() >= watched.restart_at:
                self._restart(watched)

    def stop(self) -> None:
        """Stop every part within ``grace`` seconds; whoever will not end is killed after them.

        All are asked at once, but for a server: workers drain while their queue still answers.
        """
        until = time.monotonic() + self._grace
        kept = _FOR_SERVERS * self._grace
        running = [one.part for one in self._watched if one.part.ended() is None]
        asked = [part for part in running if part.ask()]
        for part in reversed(running):
            left = until - time.monotonic()
            part.stop(max(0.0, left - kept) if part in asked else max(kept, left))
            logs.log(EventName.PART_STOPPED, part=part.name, how=part.ended())

    def _start(self, watched: _Watched) -> None:
        watched.part.start()
        watched.started = time.monotonic()
        watched.restart_at = None
        logs.log(
            EventName.PART_STARTED,
            part=watched.part.name,
            pid=getattr(watched.part, "pid", None),
            restarts=watched.failures,
        )

    def _note_end(self, watched: _Watched) -> None:
        how = watched.part.ended()
        if how is not None:
            if time.monotonic() - watched.started >= HEALTHY_AFTER:
                watched.failures = 0
            self._plan(watched, how)

    def _restart(self, watched: _Watched) -> None:
        try:
            self._start(watched)
        # what starts a part is as varied as the parts; the others must go on meanwhile
        except Exception as error:  # noqa: BLE001
            self._plan(watched, f"could not be started: {error}")

    def _plan(self, watched: _Watched, how: str) -> None:
        watched.failures += 1
        delay = watched.delay()
        watched.restart_at = time.monotonic() + delay
        logs.log(
            EventName.PART_DIED,
            level="error",
            part=watched.part.name,
            how=how,
            restart_in=delay,
            restarts=watched.failures,
        )
