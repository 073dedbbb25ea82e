"""The actors: what a message sets off."""

from collections.abc import Callable

import dramatiq
from dramatiq.errors import Retry
from dramatiq.middleware import CurrentMessage

from worker.errors import NotBegun, Transient
from worker.inbox import PROCESS, QUEUES

Run = Callable[[int, str | None], None]


def declare(
    broker: dramatiq.Broker, run: Run, again_after: int = 15_000
) -> dramatiq.Actor[[int], None]:
    """Declare the queues, and the one actor that serves them all.

    Args:
        broker: where to declare them.
        run: works on a document, given its id and the id of the message.
        again_after: milliseconds after which a message comes back that began nothing; the others
            wait longer each time.
    """
    for queue in QUEUES:
        broker.declare_queue(queue)

    @dramatiq.actor(broker=broker, actor_name=PROCESS, queue_name=QUEUES[0])
    def process(document_id: int) -> None:
        """Work on a document; a passing failure brings the message back later."""
        message = CurrentMessage.get_current_message()
        try:
            run(document_id, None if message is None else message.message_id)
        except Transient as error:
            # Dramatiq logs anything else as a fault; this one is in the log already
            delay = again_after if isinstance(error, NotBegun) else None
            raise Retry(str(error), delay=delay) from error

    return process
