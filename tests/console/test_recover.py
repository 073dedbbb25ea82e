"""Claims of workers that are no more are given back; all others are left alone."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from console.recover import recover, release_claims
from models.base import now
from models.ledger import Document
from models.session import Database
from tests.claiming import claimed
from tests.databases import migrated
from worker.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path)
    migrated(settings.database)
    return settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database.at(settings.database)
    yield database
    database.close()


def held_by(database: Database, worker: str) -> int:
    with database.transaction() as session:
        document = Document(sha256=worker, size=1, name="a.txt", state="queued")
        session.add(document)
    assert claimed(database, document.id, 3600, worker) is not None
    return document.id


def expired(database: Database) -> set[int]:
    with database.reading() as session:
        return set(session.scalars(select(Document.id).where(Document.lease_expires_at <= now())))


def a_dead_process() -> int:
    with subprocess.Popen(["true"]) as process:
        return process.pid


def test_only_what_the_dead_of_this_machine_held_is_given_back(database: Database) -> None:
    # Given documents held by a dead process, a zombie, a living one, and one elsewhere
    here, dead = socket.gethostname(), a_dead_process()
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    lost = {held_by(database, f"{here}:{dead}"), held_by(database, f"{here}:{zombie.pid}")}
    held_by(database, f"{here}:{os.getpid()}")
    held_by(database, f"elsewhere:{dead}")

    # When claims are released
    count = release_claims(database)
    zombie.wait()

    # Then only the first two leases have ended
    assert count == 2
    assert expired(database) == lost


def test_a_queue_that_is_away_does_not_keep_claims_from_being_given_back(
    settings: Settings, database: Database
) -> None:
    # Given a document that a dead process holds, and no queue
    document = held_by(database, f"{socket.gethostname()}:{a_dead_process()}")

    # When everything is recovered
    recover(settings, database)

    # Then the lease has ended all the same
    assert expired(database) == {document}
