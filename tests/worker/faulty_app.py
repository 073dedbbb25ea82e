"""What worker processes load in tests: the real app, but with stages that fail on demand.

The content of a document says what is to happen to it.
"""

import os
import signal
import time
from pathlib import Path

import dramatiq

from models.disclosure.hints import NONE, Hints
from tests.worker.house import stored
from worker.app import assemble, configured
from worker.errors import ArchiveError
from worker.inspection import Inspection, Timing

_SETTINGS = configured()
_BEGUN = _SETTINGS.data_dir / "begun"
_MAY_END = _SETTINGS.data_dir / "may-end"


def begun(data_dir: Path) -> int | None:
    """Return the id of the process that works on a document that waits, if one does."""
    path = data_dir / "begun"
    return int(path.read_text() or 0) or None if path.exists() else None


def stopping(data_dir: Path) -> bool:
    """Tell whether a worker process has begun to stop."""
    return (data_dir / "stopping").exists()


def may_end(data_dir: Path) -> None:
    """Let a document that waits go on."""
    (data_dir / "may-end").touch()


def _inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
    if data.startswith(b"poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    if data.startswith(b"wait"):
        _BEGUN.write_text(str(os.getpid()))
        while not _MAY_END.exists():
            time.sleep(0.01)
    if data.startswith(b"away") and not _MAY_END.exists():
        _MAY_END.touch()
        raise ArchiveError("away for a moment")
    return stored(data, name, timing, hints=hints)


class _Telling(dramatiq.Middleware):
    """Tells that the process has begun to stop, once every other middleware knows."""

    def before_worker_shutdown(self, _broker: dramatiq.Broker, _worker: dramatiq.Worker) -> None:
        (_SETTINGS.data_dir / "stopping").touch()


broker = assemble(_SETTINGS, _inspect)
broker.add_middleware(_Telling())
dramatiq.set_broker(broker)
