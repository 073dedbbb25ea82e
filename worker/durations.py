"""How long stages took in this process, until it is written down."""

import threading
from collections.abc import Mapping

from models.telemetry import Runs, bound_of

Counted = dict[tuple[str, str], Runs]
"""Runs by stage and bound."""

_NONE = Runs(0, 0.0)


class Durations:
    """Counts runs of stages by how long they took; several threads may add."""

    def __init__(self) -> None:
        self._counted: Counted = {}
        self._lock = threading.Lock()

    def add(self, durations: Mapping[str, float]) -> None:
        """Count the stages of one attempt, given in milliseconds."""
        with self._lock:
            for stage, milliseconds in durations.items():
                seconds = milliseconds / 1000
                self._grow((stage, bound_of(seconds)), Runs(1, seconds))

    def take(self) -> Counted:
        """Return what was counted since this was last called."""
        with self._lock:
            counted, self._counted = self._counted, {}
            return counted

    def put_back(self, counted: Counted) -> None:
        """Count again what could not be written down."""
        with self._lock:
            for key, runs in counted.items():
                self._grow(key, runs)

    def _grow(self, key: tuple[str, str], runs: Runs) -> None:
        number, seconds = self._counted.get(key, _NONE)
        self._counted[key] = Runs(number + runs.number, seconds + runs.seconds)
