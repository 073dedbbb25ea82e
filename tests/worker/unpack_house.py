"""A pipe that unpacks, over a house of its own, and workers that are stopped anywhere."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from models.ledger import Arrival, Document
from tests.worker.house import House
from worker import inspection
from worker.isolation.reading import Refusal
from worker.pipeline import Pipeline
from worker.spool import in_process
from worker.unpack import Send, Unpacker
from worker.unpacking.members import Sink


class Killed(BaseException):
    """Ends a worker where it stands, as SIGKILL does: nothing is written down any more."""


def pipeline(
    home: House,
    send: Send = lambda _: None,
    unpack: Callable[[bytes, Sink], Refusal | None] = in_process,
) -> Pipeline:
    """The pipe as a worker has it, but for the processes that read."""
    unpacker = Unpacker(home.database, home.archive, unpack, send)
    return Pipeline(home.database, home.archive, home.settings, inspection.inspect, unpacker)


def stopping_at(step: str, error: BaseException) -> Callable[[str], None]:
    """Return what raises at one fault point."""

    def die(at: str) -> None:
        if at == step:
            raise error

    return die


def names(arrivals: Sequence[Arrival]) -> list[tuple[str, str]]:
    return [(arrival.name, arrival.state) for arrival in arrivals]


def settle(home: House) -> None:
    """Work on everything that waits, until nothing does."""
    while True:
        with home.database.reading() as session:
            waiting = select(Document.id).where(Document.state.in_(("received", "queued")))
            found = list(session.scalars(waiting))
        if not found:
            return
        for document_id in found:
            pipeline(home).run(document_id)
