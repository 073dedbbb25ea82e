"""What worker processes load in tests: the real app and stages, with a reader that is hostile."""

from functools import partial

import dramatiq

from worker.app import assemble, configured
from worker.inspection import inspect
from worker.isolation import readers
from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.lifecycle import Readers

_SETTINGS = configured()
_READERS = readers.Readers(
    Isolated(
        Limits(seconds=_SETTINGS.reading_timeout, memory=_SETTINGS.reading_memory),
        "tests.worker.isolation.hostile",
    )
)

broker = assemble(_SETTINGS, partial(inspect, reader=_READERS))
broker.add_middleware(Readers(_READERS))
dramatiq.set_broker(broker)
