"""Text first, OCR only for what has none: each in children of its own, with its own limits.

A worker hands what has no text over to the queue for scans; see ``worker.pipeline``.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.isolation.reading import Reading
from worker.reading import ocr

SCANS: Final = "worker.isolation.scans"
OCR_LIMITS: Final = Limits(seconds=200.0, memory=2_500_000_000, documents=50)
"""A page takes seconds and hundreds of megabytes; addresses are counted, not what is resident.

With the time for the text before it this stays below the usual lease of an attempt.
"""


@dataclass(slots=True)
class Readers:
    """Reads a document by its text, and by OCR when it is a scan."""

    text: Isolated = field(default_factory=Isolated)
    scans: Isolated = field(default_factory=lambda: Isolated(OCR_LIMITS, SCANS))

    def __call__(self, data: bytes) -> Reading:
        """Read one document.

        Raises:
            Transient: no reading process can be had.
            OSError: no process can be started.
        """
        reading = self.text(data)
        if reading.refusal is None or not reading.refusal.scanned or ocr.missing():
            return reading
        return replace(self.scans(data), again=None)

    def start(self) -> None:
        """Start a keeper ahead for what has text; one for scans starts with the first of them."""
        self.text.start()

    def close(self) -> None:
        """End every child."""
        self.text.close()
        self.scans.close()
