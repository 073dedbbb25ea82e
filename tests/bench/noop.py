"""What Dramatiq's own command loads for the floor: a plain broker, an actor that does nothing.

The actor has the name and the queue of ours, so that the same messages can be sent to it.
"""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from worker.inbox import PROCESS, QUEUES

broker = RedisBroker(url=os.environ["GOUJI_BROKER_URL"])  # type: ignore[no-untyped-call]


@dramatiq.actor(broker=broker, actor_name=PROCESS, queue_name=QUEUES[0])
def process(_document_id: int) -> None:
    """Do nothing."""
