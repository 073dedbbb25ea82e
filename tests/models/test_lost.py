"""A unit of work whose connection is lost is done again, and has one effect."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from models.ledger import Document, State
from models.session import Database
from models.transitions import queue
from tests.databases import SERVER, empty, migrated
from tests.losing import cut, lose_at_commit

pytestmark = pytest.mark.skipif(not SERVER, reason="GOUJI_TEST_DATABASE_URL is not set")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with empty("postgresql", tmp_path) as url:
        migrated(url)
        made = Database.at(url)
        yield made
        made.close()


def add(session: Session) -> Document:
    document = Document(sha256="a" * 64, size=1, name="a")
    session.add(document)
    session.flush()
    return document


def count(database: Database) -> int | None:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Document))


def test_a_connection_that_was_lost_between_two_units_is_not_noticed(database: Database) -> None:
    # Given connections that were used
    assert count(database) == 0

    # When the server ends them
    cut(database)

    # Then the next unit has another, and is done once
    done: list[int] = []
    database.unit(lambda session: done.append(add(session).id))
    assert (len(done), count(database)) == (1, 1)


def test_a_unit_that_loses_its_connection_is_done_once_more(database: Database) -> None:
    # Given a unit of work during which the server ends its connection, the first time
    tries: list[int] = []

    def work(session: Session) -> None:
        add(session)
        tries.append(1)
        if len(tries) == 1:
            cut(database)
            session.execute(text("SELECT 1"))

    # When it is done
    database.unit(work)

    # Then it took two tries and has one effect
    assert (len(tries), count(database)) == (2, 1)


def test_a_unit_that_loses_every_connection_fails(database: Database) -> None:
    # Given a unit of work during which the server always ends its connection
    tries: list[int] = []

    def work(session: Session) -> None:
        add(session)
        tries.append(1)
        cut(database)
        session.execute(text("SELECT 1"))

    # When it is done, then it fails after the second try, and nothing is there
    with pytest.raises(OperationalError):
        database.unit(work)
    assert (len(tries), count(database)) == (2, 0)


@pytest.mark.parametrize("committed", [False, True])
def test_a_commit_that_nobody_heard_of_has_one_effect(
    database: Database, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    # Given a document whose message was sent
    with database.transaction() as session:
        document_id = add(session).id
    marked: list[set[int]] = []

    # When the connection is lost while that is committed
    lose_at_commit(database, monkeypatch, committed=committed)
    database.unit(lambda session: marked.append(queue(session, [document_id])))

    # Then it was tried twice, and took effect once
    assert marked == [{document_id}, set() if committed else {document_id}]
    with database.reading() as session:
        assert session.get_one(Document, document_id).state == State.QUEUED


def test_a_deadlock_is_undone_and_tried_again(database: Database) -> None:
    # Given two documents, and two units that change both, each in its own order
    with database.transaction() as session:
        session.add_all(Document(sha256=str(n) * 64, size=0, name="a") for n in (1, 2))
    both = Barrier(2)
    tries: list[int] = []

    def work(order: tuple[int, int]) -> None:
        def change(session: Session) -> None:
            tries.append(1)
            for step, document_id in enumerate(order):
                if step and len(tries) <= 2:
                    both.wait(30)
                one = update(Document).where(Document.id == document_id)
                session.execute(one.values(size=Document.size + 1))

        database.unit(change)

    # When both are done at once
    threads = [Thread(target=work, args=(order,)) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    # Then the server undid one of them, and both took effect
    assert len(tries) >= 3
    with database.reading() as session:
        assert session.scalars(select(Document.size)).all() == [2, 2]


def test_what_another_one_holds_is_not_waited_for_when_many_are_marked(database: Database) -> None:
    # Given two documents, one of which a worker is just claiming
    with database.transaction() as session:
        session.add_all(Document(sha256=str(n) * 64, size=0, name="a") for n in (1, 2))
    with database.transaction() as worker:
        worker.execute(select(Document).where(Document.id == 1).with_for_update())

        # When both are marked as queued
        marked = database.unit(lambda session: queue(session, [1, 2]))

    # Then that took no wait, and the one is left to the worker
    assert marked == {2}


def test_a_connection_says_whose_it_is_and_does_not_wait_for_ever(database: Database) -> None:
    # Given what the server is told of a connection
    names = ("application_name", "lock_timeout", "idle_in_transaction_session_timeout")

    def settings(session: Session) -> list[Any]:
        return [session.scalar(text(f"SHOW {name}")) for name in names]

    # When somebody writes, and somebody reads
    written = database.unit(settings)
    with database.reading() as session:
        read = settings(session)

    # Then a writer that stops loses its locks; a reader holds none
    assert written == ["gouji", "30s", "1min"]
    assert read == ["gouji", "30s", "0"]


def test_another_error_is_not_tried_again(database: Database) -> None:
    tries: list[int] = []

    def work(session: Session) -> None:
        tries.append(1)
        session.execute(text("SELECT 1/0"))

    with pytest.raises(DBAPIError):
        database.unit(work)
    assert tries == [1]


def test_what_a_batch_brings_is_written_in_few_statements(database: Database) -> None:
    # Given a batch of documents
    statements: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    # When it is written
    with database.transaction() as session:
        session.add_all(Document(sha256=f"{n:064}", size=n, name="a") for n in range(200))

    # Then it is one statement, ids and all
    assert len([one for one in statements if one.startswith("INSERT")]) == 1
