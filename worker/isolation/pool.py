"""Reading in child processes: one keeper for each thread that reads, started when first needed."""

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from models.disclosure.finding import Reason
from worker.errors import Transient
from worker.isolation import again, conversion
from worker.isolation.limits import Limits
from worker.isolation.messages import Task
from worker.isolation.reading import Reading, Refusal
from worker.isolation.ward import Lost, Ward

if TYPE_CHECKING:
    from worker.unpacking.members import Sink

CHOOSE: Final = "worker.reading.choose"


@dataclass(slots=True)
class Isolated:
    """Reads documents in child processes within limits; several threads may call it.

    What goes wrong with a child becomes a :class:`Refusal`: ``timeout`` when the time was up,
    ``too_large`` when memory or the size of the outcome was, ``unreadable`` with the name of the
    signal otherwise. ``entry`` is the module that reads; another one in tests.
    """

    limits: Limits = field(default_factory=Limits)
    entry: str = CHOOSE
    _idle: list[Ward] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def __call__(self, data: bytes) -> Reading:
        """Read one document, by way of LibreOffice where our readers do not understand it.

        Raises:
            Transient: no reading process can be had.
            OSError: no process can be started.
        """
        began = time.monotonic()
        reading = self._read(data)
        if conversion.wanted(reading):
            return conversion.instead(data, reading, self._read, self.limits.seconds)
        return again.offered(self, data, reading, began)

    def read_once(self, data: bytes, task: Task, seconds: float) -> Reading:
        """Read a document that need not be read, for so many seconds at most.

        Raises:
            Lost: the reading process was ended by something else.
            OSError: no process can be started.
        """
        ward = self._ward()
        try:
            reading = ward.read_once(data, task, seconds)
        except BaseException:
            ward.end()
            raise
        self._keep(ward)
        return reading

    def unpack(self, data: bytes, sink: "Sink") -> Refusal | None:
        """Unpack an archive; return why that cannot be done, if it cannot.

        Args:
            data: the bytes.
            sink: where the members go; what it raises ends the unpacking.

        Raises:
            Transient: no reading process can be had.
            OSError: no process can be started.
        """
        return self._read(data, sink).refusal

    def _read(self, data: bytes, sink: "Sink | None" = None) -> Reading:
        taken = False
        for _ in range(2):
            ward = self._ward()
            try:
                reading = ward.read(data, sink)
            except Lost as lost:
                taken = lost.taken
                ward.end()
            except BaseException:  # the thread was interrupted: what runs must not run on
                ward.end()
                raise
            else:
                self._keep(ward)
                return reading
        if not taken:
            raise Transient("the process that reads files does not start, or was ended")
        message = "the process that reads it was ended by something else, twice"
        return Reading(None, refusal=Refusal(Reason.UNREADABLE, message))

    def start(self) -> None:
        """Start a keeper ahead, so that the first document need not wait for it."""
        self._keep(self._ward())

    def close(self) -> None:
        """End every child; those that still read end when they have."""
        with self._lock:
            self._closed = True
            idle = self._idle[:]
            self._idle.clear()
        for ward in idle:
            ward.end()

    def _ward(self) -> Ward:
        with self._lock:
            while self._idle:
                ward = self._idle.pop()
                if ward.lives:
                    return ward
                ward.end()
        return Ward(self.entry, self.limits)

    def _keep(self, ward: Ward) -> None:
        if not ward.usable:
            ward.end()
            ward = Ward(self.entry, self.limits)  # it starts while the next document is fetched
        with self._lock:
            if not self._closed:
                self._idle.append(ward)
                return
        ward.end()
