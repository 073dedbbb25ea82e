"""Who waits takes turns: by lanes, oldest first, found by the index alone."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from models.base import now
from models.ledger import Document, State
from tests.worker.house import House, house
from worker.waiting import RETRIED, URGENT, Turns, door, line_up, urgent


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def _wait(home: House, lane: str, count: int, *, queue: str = "fast", age: float = 60.0) -> None:
    """Let documents wait in a lane, the first the oldest by a second each."""
    moment = now() - timedelta(seconds=age)
    rows = [
        {
            "sha256": f"{lane}-{queue}-{n}",
            "size": 1,
            "name": lane,
            "queue": queue,
            "lane": lane,
            "updated_at": moment - timedelta(seconds=count - n),
        }
        for n in range(count)
    ]
    with home.database.transaction() as session:
        session.execute(insert(Document), rows)


def _next(home: House, turns: Turns, limit: int, queue: str = "fast") -> list[str]:
    """Return the names of those whose turn it is, and mark them as sent."""
    with home.database.transaction() as session:
        ids = turns.next(session, queue, limit, now())
        found = [session.get_one(Document, one) for one in ids]
        for document in found:
            document.state = State.QUEUED
    return [document.sha256 for document in found]


def test_the_few_of_one_source_do_not_wait_for_the_many_of_another(home: House) -> None:
    # Given a source with many files and one with three, which came later
    _wait(home, "many", 200, age=1000)
    _wait(home, "few", 3)

    # When the next are chosen
    chosen = _next(home, Turns(), 10)

    # Then both take turns, each with its oldest first
    assert [name for name in chosen if name.startswith("few")] == [
        f"few-fast-{n}" for n in range(3)
    ]
    assert {f"few-fast-{n}" for n in range(3)} <= set(chosen[:6])
    # And what the small one leaves over is for the large one
    assert Counter(name.split("-")[0] for name in _next(home, Turns(), 10)) == {"many": 10}


def test_turns_go_on_where_they_ended(home: House) -> None:
    # Given three sources, and room for one document at a time
    for lane in ("a", "b", "c"):
        _wait(home, lane, 10)
    turns = Turns()

    # When six are chosen, one by one
    chosen = [_next(home, turns, 1)[0] for _ in range(6)]

    # Then each source had two
    assert [name[0] for name in chosen] == ["a", "b", "c", "a", "b", "c"]


def test_no_more_are_chosen_than_asked_for_and_none_is_left_out(home: House) -> None:
    for lane, count in (("a", 7), ("b", 2), ("c", 1)):
        _wait(home, lane, count)
    _wait(home, "a", 5, queue="slow")
    turns, found = Turns(), []
    while page := _next(home, turns, 4):
        assert len(page) <= 4
        found += page
    assert len(found) == len(set(found)) == 10


def test_what_somebody_has_in_hand_is_left_alone(home: House) -> None:
    before = now() - timedelta(seconds=5)
    _wait(home, "a", 3, age=0)
    with home.database.reading() as session:
        assert Turns().next(session, "fast", 5, before) == []


def test_a_retry_of_many_has_the_share_of_one_source(home: House) -> None:
    # Given many that were retried, and new arrivals
    _wait(home, RETRIED, 100, age=1000)
    _wait(home, "inbox", 100)

    # Then both go on
    shares = Counter(name.split("-")[0] for name in _next(home, Turns(), 20))
    assert shares == {"!retried": 10, "inbox": 10}


def test_what_is_urgent_is_chosen_by_itself(home: House) -> None:
    # Given two documents that were moved into the lane of what is urgent
    _wait(home, "inbox", 5)
    with home.database.transaction() as session:
        line_up(session, [2, 4], URGENT)

    # Then they are not among the others, and have a queue of their own but for OCR
    with home.database.reading() as session:
        assert urgent(session, "fast", 10, now()) == [2, 4]
        assert sorted(Turns().next(session, "fast", 10, now())) == [1, 3, 5]
    assert [door(queue, URGENT) for queue in ("fast", "slow", "ocr")] == ["urgent", "urgent", "ocr"]
    assert door("slow", "inbox") == "slow"


def test_the_index_alone_is_read(home: House) -> None:
    # Given documents of three sources, most of them done
    for lane in ("a", "b", "c"):
        _wait(home, lane, 50)
    with home.database.transaction() as session:
        session.execute(text("UPDATE documents SET state = 'stored' WHERE id % 10 <> 0"))
        session.execute(text("ANALYZE"))

    # When the next are chosen
    statements: list[tuple[str, Any]] = []
    event.listen(
        home.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2:4])
    )
    with home.database.reading() as session:
        assert len(Turns().next(session, "fast", 6, now())) == 6

    # Then every statement is answered from the index of those that wait, in its order
    asked = [(sql, values) for sql, values in statements if sql.startswith("SELECT")]
    assert len(asked) == 7
    for sql, values in asked:
        with home.database.engine.connect() as connection:
            if home.database.engine.dialect.name == "postgresql":
                # so few rows are read faster from the table
                connection.exec_driver_sql("SET enable_seqscan = off")
                connection.exec_driver_sql("SET enable_bitmapscan = off")
            explain = (
                "EXPLAIN QUERY PLAN "
                if home.database.engine.dialect.name == "sqlite"
                else "EXPLAIN "
            )
            plan = connection.exec_driver_sql(explain + sql, values).all()
        told = " ".join(str(row) for row in plan)
        assert "ix_documents_waiting" in told, told
        assert "SCAN" not in told, told
        assert "TEMP B-TREE" not in told, told
