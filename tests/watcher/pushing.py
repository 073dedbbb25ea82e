"""A push server over a station, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from models import token
from tests.watcher.station import Station
from watcher.serve import PushServer
from worker.source import Source

SOURCE: Final = Source("push", kind="push", port=0)


@contextmanager
def pushing(station: Station, source: Source = SOURCE) -> Iterator[tuple[PushServer, str]]:
    """Run a server for as long as the block runs; yields it, and a token for it."""
    with station.database.transaction() as session:
        secret = token.issue(session, "crawler")
    server = PushServer(station.settings, source)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server, secret
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive()
