"""Writers of SQLite take turns; none of it decides whether they may write."""

import fcntl
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from models.session import Database
from models.turnstile import Turnstile


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gouji.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database.at(url)
    with made.transaction() as session:
        session.execute(text("CREATE TABLE taken (by TEXT)"))
    yield made
    made.close()


def _write(database: Database, name: str, seconds: float = 0.0) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO taken VALUES (:by)"), {"by": name})
        time.sleep(seconds)


def _count(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM taken")).scalar_one())


def test_who_writes_without_a_pause_lets_others_write_in_between(
    url: str, database: Database
) -> None:
    # Given somebody who begins the next transaction as soon as one has ended
    stop = threading.Event()
    written = 0

    def hog() -> None:
        nonlocal written
        mine = Database.at(url)
        while not stop.is_set():
            _write(mine, "hog", 0.01)
            written += 1
        mine.close()

    thread = threading.Thread(target=hog)
    thread.start()

    # When somebody else writes now and then
    waited = []
    try:
        for _ in range(20):
            before = _count(database)
            while _count(database) == before:
                time.sleep(0.001)
            asked = written
            _write(database, "patient")
            waited.append(written - asked)
    finally:
        stop.set()
        thread.join()

    # Then it waits for a transaction or two, as a rule; without turns these are dozens
    assert statistics.median(waited) < 5, waited


def test_who_sleeps_in_the_turnstile_stops_nobody(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given one that was stopped while it stood in the turnstile
    monkeypatch.setattr("models.turnstile._PATIENCE", 0.05)
    with (tmp_path / "gouji.db-turn").open("rb") as sleeping:
        fcntl.flock(sleeping, fcntl.LOCK_EX)

        # When another writes, then it goes past
        _write(database, "another")
    assert _count(database) == 1


def test_where_there_can_be_no_turnstile_nobody_waits(tmp_path: Path) -> None:
    # Given a path that cannot be locked
    # When one goes through, then it does
    with Turnstile(tmp_path / "missing" / "turn").waiting():
        pass


def test_a_turnstile_is_free_again_after_an_error(tmp_path: Path) -> None:
    # Given one whose turn ended with an error
    turnstile = Turnstile(tmp_path / "turn")
    with pytest.raises(ZeroDivisionError), turnstile.waiting():
        raise ZeroDivisionError

    # When another comes, then it is its turn at once
    with (tmp_path / "turn").open("rb") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
