"""Whatever happens, in whatever order: every document is in one state, and comes to one end.

Random runs of the real watcher, sweeper, pipeline and decisions, with a queue that loses, doubles
and delays messages, and with everybody being killed anywhere. After every step the promise is
checked from the rows; at the end everything is let work undisturbed, and must finish.
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from dramatiq.middleware import Shutdown
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.base import Base
from models.dead_letter import DeadLetter
from models.ledger import Arrival, Document
from models.session import Database
from tests import budgets
from tests.databases import BACKENDS, empty, migrated
from tests.worker import promise
from tests.worker.unpacking.archives import zipped
from tests.worker.world import Fault, Message, World, failing, killing, refusing
from worker import dead_letter
from worker.deciding import DecisionError
from worker.desk import settle
from worker.desk.order import Given, Identity
from worker.faults import POINTS

CONTENTS: Final = [b"a", b"bad b", zipped([("1.txt", b"a"), ("2.txt", b"c"), ("3.txt", b"scan")])]
RESTS: Final = ["claim.committed", "work.fetched", "work.inspected", "unpack.archived"]
"""Where a worker may rest: between transactions, or it would hold up everybody."""
WORK: Final = [
    point
    for point in POINTS
    if point.partition(".")[0]
    in ("claim", "work", "store", "bury", "retry", "unpack", "release", "handover")
]
WATCH: Final = [
    point for point in POINTS if point in ("intake.archived", "intake.entered", "intake.committed")
] + ["send.sent", "send.marked", "intake.sent"]
_OUTSIDE: Final = ("work.fetched", "work.inspected")
"""Where a stage may fail; elsewhere it is the ledger that is written."""

few_contents = st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=3)
rests = st.sampled_from([None, "work.inspected", *RESTS])
worker_faults = st.one_of(
    st.none(),
    st.builds(Fault, st.sampled_from(WORK), st.just(killing)),
    st.builds(Fault, st.sampled_from(_OUTSIDE), st.sampled_from([failing, refusing])),
)
watcher_faults = st.one_of(st.none(), st.builds(Fault, st.sampled_from(WATCH), st.just(killing)))
_NUMBERS: Final = itertools.count()


def _decide(session: Session, act: str, chosen: list[int]) -> Sequence[tuple[int, str]]:
    """Decide about letters, and return what is to be sent."""
    if act == "accept":
        settle.accept(
            session, dict.fromkeys(chosen), Given("王", "because"), Identity("某局", 2023)
        )
        return ()
    decide = dead_letter.retry if act == "retry" else dead_letter.discard
    return decide(session, chosen, note="because", operator="王").to_send


class Promise(RuleBasedStateMachine):
    """One run; ``database`` and ``parent`` are those of the test."""

    database: Database
    parent: Path

    def __init__(self) -> None:
        super().__init__()
        directory = self.parent / str(next(_NUMBERS))
        directory.mkdir()
        _clear(self.database)
        self.world = World(self.database, directory)

        self.world.watch(self.world.drop(CONTENTS[:2]))

    def _message(self, data: st.DataObject) -> Message:
        messages = self.world.queue.messages
        return messages.pop(data.draw(st.integers(0, len(messages) - 1)))

    def _begin_at(self, point: str, rest: str | None) -> Fault:
        """A worker that is quicker than whoever reaches that point."""

        def begin() -> None:
            if self.world.queue.messages:
                self.world.employ(self.world.queue.messages.pop(), rest)

        return Fault(point, begin)

    # --- files ------------------------------------------------------------------------------------

    @rule(contents=few_contents, fault=watcher_faults)
    def files_come_to_rest(self, contents: list[bytes], fault: Fault | None) -> None:
        self.world.watch(self.world.drop(contents), fault)

    @rule(contents=few_contents, rest=rests)
    def a_worker_is_quicker_than_the_watcher(self, contents: list[bytes], rest: str | None) -> None:
        self.world.watch(self.world.drop(contents), self._begin_at("send.sent", rest))

    @rule(fault=watcher_faults)
    def everything_is_scanned_again(self, fault: Fault | None) -> None:
        self.world.watch(self.world.seen[:200], fault)

    # --- the queue --------------------------------------------------------------------------------

    @precondition(lambda self: self.world.queue.messages)
    @rule(data=st.data())
    def a_message_is_lost(self, data: st.DataObject) -> None:
        self._message(data)

    @precondition(lambda self: self.world.queue.messages)
    @rule(data=st.data())
    def a_message_comes_twice(self, data: st.DataObject) -> None:
        message = self._message(data)
        self.world.queue.messages += [message, Message(message.id, message.document_id)]

    @rule()
    def the_queue_is_flushed(self) -> None:
        self.world.queue.messages.clear()

    @rule(away=st.booleans())
    def the_queue_goes_and_comes(self, away: bool) -> None:
        self.world.queue.away = away

    @precondition(lambda self: self.world.queue.messages)
    @rule(data=st.data())
    def a_message_dies(self, data: st.DataObject) -> None:
        message = self._message(data)
        holder = self.world.holder(message.document_id)
        self.world.abandon(message)
        assert self.world.holder(message.document_id) in (holder, None)
        if holder not in (None, message.id):
            assert self.world.holder(message.document_id) == holder

    # --- work -------------------------------------------------------------------------------------

    @rule(data=st.data(), rest=rests, fault=worker_faults)
    def a_message_of_old_comes(
        self, data: st.DataObject, rest: str | None, fault: Fault | None
    ) -> None:
        known = self.world.documents()
        if known:
            message = Message("old", data.draw(st.sampled_from(known)))
            self.world.employ(message, rest, fault)

    @precondition(lambda self: self.world.queue.messages)
    @rule(data=st.data(), rest=rests, fault=worker_faults)
    def a_worker_begins(self, data: st.DataObject, rest: str | None, fault: Fault | None) -> None:
        self.world.employ(self._message(data), rest, fault)

    @precondition(lambda self: self.world.workers)
    @rule(data=st.data(), fault=worker_faults)
    def a_worker_goes_on(self, data: st.DataObject, fault: Fault | None) -> None:
        self.world.go_on(data.draw(st.sampled_from(self.world.workers)), fault=fault)

    @precondition(lambda self: self.world.workers)
    @rule(data=st.data(), fault=worker_faults)
    def a_worker_is_told_to_stop(self, data: st.DataObject, fault: Fault | None) -> None:
        def stop() -> None:
            raise Shutdown

        worker = data.draw(st.sampled_from(self.world.workers))
        self.world.go_on(worker, fault=fault, struck=stop)

    @precondition(lambda self: self.world.workers)
    @rule(data=st.data())
    def a_document_is_released_over_the_head_of_its_worker(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(self.world.workers))
        for claim in worker.pipeline.held:
            worker.pipeline.release(claim)

    # --- time, and what is lost -------------------------------------------------------------------

    @rule(seconds=st.sampled_from([301.0, 6.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @precondition(lambda self: self.world.workers)
    @rule(data=st.data(), rest=rests)
    def a_worker_outlasts_its_lease(self, data: st.DataObject, rest: str | None) -> None:
        worker = data.draw(st.sampled_from(self.world.workers))
        self.world.pass_time(301.0)
        self.world.employ(Message("taking over", worker.message.document_id), rest)

    @rule(rest=rests)
    def a_worker_is_quicker_than_the_sweeper(self, rest: str | None) -> None:
        self.world.pass_time(301.0)
        self.world.sweep(self._begin_at("sweep.sent", rest))

    @rule(
        fault=st.one_of(
            st.none(),
            st.builds(
                Fault,
                st.sampled_from(["sweep.sent", "send.sent", "send.marked"]),
                st.just(killing),
            ),
        )
    )
    def the_sweeper_sweeps(self, fault: Fault | None) -> None:
        self.world.sweep(fault)

    # --- operators --------------------------------------------------------------------------------

    @rule(data=st.data(), act=st.sampled_from(["retry", "discard", "accept"]), commit=st.booleans())
    def an_operator_decides(self, data: st.DataObject, act: str, commit: bool) -> None:
        with self.database.reading() as session:
            letters = session.scalars(select(DeadLetter.id).order_by(DeadLetter.id)).all()
        if not letters:
            return
        chosen = data.draw(st.lists(st.sampled_from(letters), min_size=1, max_size=2))
        with suppress(DecisionError, ZeroDivisionError):
            with self.database.transaction() as session:
                to_send = _decide(session, act, chosen)
                if not commit:
                    raise ZeroDivisionError
            self.world.sender.send_received(to_send)

    # --- the promise ------------------------------------------------------------------------------

    @invariant()
    def the_promise_holds(self) -> None:
        with self.database.reading() as session:
            promise.check(session, self.world.settings.max_retries)

    def teardown(self) -> None:
        try:
            self._finish()
        finally:
            self.world.close()

    def _finish(self) -> None:
        """Let everything work undisturbed; every file and every document must come to an end."""
        world = self.world
        world.queue.away = False
        for worker in list(world.workers):
            world.go_on(worker)
        world.watch(world.seen)
        for _ in range(40):
            world.pass_time(4000.0)
            world.sweep()
            while world.queue.messages:
                world.employ(world.queue.messages.pop())
            with self.database.reading() as session:
                left = promise.unfinished(session)
            if not left:
                break
        assert left == []
        self.the_promise_holds()
        with self.database.reading() as session:
            outside = Arrival.container_id.is_(None)
            arrived = set(session.scalars(select(Arrival.inode).where(outside)))
            contents = session.scalars(select(Document.sha256)).all()
        assert arrived == {item.signature.inode for item in world.seen}
        assert len(contents) == len(set(contents))


def _clear(database: Database) -> None:
    """Empty every table; numbers begin anew, so that a run is the same run again."""
    tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
    with database.transaction() as session:
        if database.engine.dialect.name == "postgresql":
            session.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
            return
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in tables:
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our own names


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with empty(request.param, tmp_path) as url:
        migrated(url)
        made = Database.at(url)
        yield made
        made.close()


def test_the_promise_holds_whatever_happens(database: Database, tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"database": database, "parent": tmp_path}
    machine = type("Promise", (Promise,), chosen)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=budgets.RUNS,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
