"""Middleware: how a worker process begins, names what it logs, drains, and lets messages die."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import dramatiq
import structlog
from dramatiq.errors import Retry
from dramatiq.middleware import Shutdown, raise_thread_exception
from sqlalchemy.exc import SQLAlchemyError

from models.event import EventName
from worker import garbage, logs, tracing
from worker.broker import PREFETCH, PROCESS
from worker.convoy import Hint
from worker.settings import Settings

if TYPE_CHECKING:
    from dramatiq.broker import MessageProxy
    from dramatiq.worker import ConsumerThread, Worker

    from worker.convoy import Convoy
    from worker.isolation.readers import Readers as Children
    from worker.pipeline import Pipeline

Works = Callable[[], "Pipeline"]

_FAST: Final = "fast"
_INTERRUPT_AT: Final = 0.5
_RELEASE_AT: Final = 0.8
_TRACING_SHARE: Final = 0.05
_STDERR: Final = 2


class Boot(dramatiq.Middleware):
    """Sets up logging in a worker process, and ends the process when its master is gone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def after_process_boot(self, _broker: dramatiq.Broker) -> None:
        """Called by Dramatiq in each worker process, before anything else."""
        # not sys.stderr: Dramatiq has put a pipe to its master there, which may break
        stream = open(_STDERR, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        form, level = self._settings.log_format, self._settings.log_level
        logs.configure("work", form=form, level=level, stream=stream)
        garbage.spare()
        threading.Thread(target=self._outlive_no_master, name="master", daemon=True).start()

    def _outlive_no_master(self) -> None:
        """Drain when the master was killed, and end by force when that takes too long."""
        born, master = os.getppid(), multiprocessing.parent_process()
        while os.getppid() == born and (master is None or master.is_alive()):
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(self._settings.grace)
        os._exit(1)


class Tracing(dramatiq.Middleware):
    """Exports the spans of a worker process; to be the first, so that it ends last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def after_process_boot(self, _broker: dramatiq.Broker) -> None:
        """Called by Dramatiq in each worker process, after whatever forks."""
        tracing.begin(self._settings, "work")

    def after_worker_shutdown(self, _broker: dramatiq.Broker, _worker: "Worker") -> None:
        """Called by Dramatiq when every thread has ended, or the time is up."""
        tracing.end(min(tracing.GRACE, self._settings.grace * _TRACING_SHARE))


class Prefetch(dramatiq.Middleware):
    """Sets how many messages a process takes off each queue ahead of the work."""

    def after_consumer_thread_boot(
        self, _broker: dramatiq.Broker, thread: "ConsumerThread"
    ) -> None:
        """Called by Dramatiq before the consumer of a queue, or of its delay queue, begins."""
        thread.prefetch = PREFETCH.get(thread.queue_name, thread.prefetch)


class Threads(dramatiq.Middleware):
    """Starts threads of a worker again that have ended before their time.

    A time limit that strikes where a message has just ended ends its thread, and what the process
    has taken off the queue waits in vain: for others it is in work.

    Args:
        every: seconds between two looks.
    """

    def __init__(self, every: float = 5.0) -> None:
        self._every = every
        self._ended = threading.Event()

    def after_worker_boot(self, _broker: dramatiq.Broker, worker: "Worker") -> None:
        """Called by Dramatiq in each worker process, when it begins to work."""
        threading.Thread(target=self._run, args=(worker,), name="threads", daemon=True).start()

    def before_worker_shutdown(self, _broker: dramatiq.Broker, _worker: "Worker") -> None:
        """Called by Dramatiq when the process was told to end."""
        self._ended.set()

    def _run(self, worker: "Worker") -> None:
        while not self._ended.wait(self._every):
            for thread in [one for one in worker.workers if not one.is_alive()]:
                worker.workers.remove(thread)
                worker._add_worker()  # noqa: SLF001 - nobody else starts one
                logs.log(EventName.PART_STARTED, level="warning", why="a thread had ended")


class Ahead(dramatiq.Middleware):
    """Shows a convoy the messages that this process has taken off the queue and not begun."""

    def __init__(self, convoy: "Convoy") -> None:
        self._convoy = convoy

    def after_worker_boot(self, _broker: dramatiq.Broker, worker: "Worker") -> None:
        """Called by Dramatiq in each worker process, when it begins to work."""
        self._convoy.follow(lambda: _not_begun(worker), worker.worker_threads)


def _not_begun(worker: "Worker") -> list[Hint]:
    """Return what small documents wait in memory, what is next at first; each stays there."""
    with worker.work_queue.mutex:
        items = sorted(worker.work_queue.queue)
    messages = (item.message for item in items)
    return [
        Hint(message.args[0], message.message_id)
        for message in messages
        if message.actor_name == PROCESS and message.queue_name == _FAST
        # whatever else lies there was not written by us
        if len(message.args) == 1 and type(message.args[0]) is int
    ]


class Bindings(dramatiq.Middleware):
    """Puts the message and the document into every line that is logged meanwhile."""

    def before_process_message(self, _broker: dramatiq.Broker, message: "MessageProxy") -> None:
        """Bind."""
        names: dict[str, Any] = {"message_id": message.message_id}
        if message.actor_name == PROCESS:
            names["document_id"] = message.args[0]
        structlog.contextvars.bind_contextvars(**names)

    def after_process_message(
        self,
        _broker: dramatiq.Broker,
        _message: "MessageProxy",
        *,
        result: object = None,  # noqa: ARG002
        exception: BaseException | None = None,  # noqa: ARG002
    ) -> None:
        """Clear."""
        structlog.contextvars.clear_contextvars()

    def after_skip_message(self, _broker: dramatiq.Broker, _message: "MessageProxy") -> None:
        """Clear."""
        structlog.contextvars.clear_contextvars()


class Drain(dramatiq.Middleware):
    """On SIGTERM: no new claim, finish what is in hand, give back what cannot finish in time.

    Of the ``grace`` seconds half are for finishing; then the working threads are interrupted and
    give their documents back. What not even that reaches (C code) is given back over its head.
    """

    def __init__(self, works: Works, grace: float) -> None:
        self._works = works
        self._grace = grace
        self._timers: list[threading.Timer] = []

    def before_worker_shutdown(self, _broker: dramatiq.Broker, _worker: "Worker") -> None:
        """Called by Dramatiq when the process was told to end."""
        self._works().stopping.set()
        for share, action in ((_INTERRUPT_AT, self._interrupt), (_RELEASE_AT, self._release)):
            timer = threading.Timer(self._grace * share, action)
            timer.daemon = True
            timer.start()
            self._timers.append(timer)

    def after_worker_shutdown(self, _broker: dramatiq.Broker, _worker: "Worker") -> None:
        """Called by Dramatiq when every thread has ended, or the time is up."""
        for timer in self._timers:
            timer.cancel()

    def _interrupt(self) -> None:
        for thread in {claim.thread for claim in self._works().held}:
            raise_thread_exception(thread, Shutdown)  # type: ignore[no-untyped-call]

    def _release(self) -> None:
        for claim in self._works().held:
            try:
                self._works().release(claim)
            except SQLAlchemyError as error:  # the others may still be given back
                logs.log(
                    EventName.ATTEMPT_NOT_RELEASED,
                    level="error",
                    document_id=claim.document_id,
                    attempt_id=claim.attempt_id,
                    error=str(error),
                )


class Readers(dramatiq.Middleware):
    """Ends the child processes that read files when the worker has."""

    def __init__(self, readers: "Children") -> None:
        self._readers = readers

    def after_worker_shutdown(self, _broker: dramatiq.Broker, _worker: "Worker") -> None:
        """Called by Dramatiq when every thread has ended, or the time is up."""
        self._readers.close()


class Abandoned(dramatiq.Middleware):
    """Writes a dead letter before a message goes to the queue's own dead letters.

    Those vanish after a week and know no reason.
    """

    def __init__(self, works: Works) -> None:
        self._works = works

    def before_nack(self, _broker: dramatiq.Broker, message: "MessageProxy") -> None:
        """Called by Dramatiq before it rejects a message for good.

        What this raises Dramatiq logs; the document then waits for the sweeper.
        """
        if message.actor_name == PROCESS:
            error = message._exception  # noqa: SLF001 - there is no other way to it
            if isinstance(error, Retry):
                error = error.__cause__
            self._works().abandon(message.args[0], message.message_id, error)
