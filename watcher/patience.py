"""Connections of the push source: who says nothing, or opens too many, is hung up on.

uvicorn waits for ever for the headers of a first request, and counts whoever keeps it waiting.
"""

import asyncio
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from watcher.pace import network_of
from worker.source import Source

_SHARE: Final = 4
"""One address may have this part of all connections."""


class Patient(H11Protocol):
    """A connection whose headers have to come in time.

    Attributes:
        seconds: how long they may take.
        most: connections of one address.
        proxies: addresses that speak for many, and may have more.
    """

    seconds: ClassVar[float]
    most: ClassVar[int]
    proxies: ClassVar[frozenset[str]]
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait, unless this one is too many."""
        super().connection_made(transport)
        if self._is_too_many():
            transport.abort()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait on for headers that are not whole, and only for them."""
        super().data_received(data)
        if self._is_waited_for():
            self._wait()
        else:
            self._rest()

    def _is_waited_for(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # there is none before the first request
        answered = cycle is None or cycle.response_complete
        return bool(answered and self.conn.their_state is h11.IDLE)

    def _is_too_many(self) -> bool:
        address = self._address(self)
        if address is None or address in self.proxies:
            return False
        same = sum(self._address(other) == address for other in self.connections)
        return same > self.most

    @staticmethod
    def _address(connection: Any) -> str | None:
        return network_of(connection.client[0]) if connection.client else None

    def _wait(self) -> None:
        if self._giving_up is None:
            self._giving_up = self.loop.call_later(self.seconds, self._give_up)

    def _rest(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _give_up(self) -> None:
        self._giving_up = None
        if self._is_waited_for():
            self.transport.abort()


def patient(source: Source) -> type[Patient]:
    """Return the kind of connection that the settings of a push source ask for."""
    limits = {
        "seconds": source.timeout,
        "most": max(1, source.connections // _SHARE),
        "proxies": frozenset(source.proxies),
    }
    return type("PatientAsConfigured", (Patient,), limits)
