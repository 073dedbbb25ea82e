"""A house where everything that there is has happened once, and copies of it to break.

Watcher, pipeline, queue and files are the real ones. In it: versions and copies, an archive with
its members, duplicates, ignored files, sidecars, a feed, dead letters of every fate, a transient
failure, a crash loop, and documents that are received, queued and being worked on.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import redis
from sqlalchemy import create_engine, make_url, select, text, update

from console.desk import decisions
from console.desk.comments import comment
from console.verification.look import Patience, Wishes
from models import transitions
from models.base import now
from models.dead_letter import DeadLetter
from models.ledger import Document, SourceStatus, State
from models.session import Database, file_of
from models.state_machine import WAITING
from models.transitions import Bid
from tests.databases import SERVER, empty
from tests.watcher.feeding import line, save
from tests.watcher.station import Station
from tests.worker.unpacking.archives import zipped
from worker import dead_letter, inspection
from worker.archive import Archive
from worker.claim import CRASH_LIMIT
from worker.desk.order import Changes, Given
from worker.desk.remark import About
from worker.errors import Transient
from worker.inbox import Inbox
from worker.pipeline import Pipeline
from worker.settings import Settings
from worker.source import Source
from worker.unpack import Unpacker

SEEDS: Final = sorted((Path(__file__).parents[2] / "data" / "seeds").glob("*.txt"))
AT_REST: Final = Wishes(patience=Patience(under_way=0.0))
"""Nothing is under way: whatever is not as it should be counts at once."""

_LICENCES: Final = re.compile(r"(行政许可\s+)\d+")
_NEW: Final = "一、本年新收政府信息公开申请数量\t\t"


def seed(number: int) -> bytes:
    return SEEDS[number].read_bytes()


def licences(count: int) -> bytes:
    """A report with another figure, which still balances."""
    changed = _LICENCES.sub(rf"\g<1>{count}", seed(0).decode("utf-8"))
    return changed.encode()


def imbalanced() -> bytes:
    return seed(1).decode("utf-8").replace(f"{_NEW}9\t", f"{_NEW}12\t").encode()


def sources(directory: Path) -> tuple[Source, ...]:
    return (
        Source("drop", directory / "inbox", settle=2.0, mode="scan"),
        Source("crawl", directory / "crawl", kind="crawl", settle=2.0, mode="scan"),
        Source(
            "feed",
            directory / "feed" / "items.jl",
            kind="feed",
            settle=2.0,
            mode="scan",
            files=directory / "files",
        ),
    )


@dataclass
class Site:
    """A house, its settings and its parts."""

    directory: Path
    settings: Settings
    database: Database
    archive: Archive
    inbox: Inbox

    def document(self, name: str) -> Document:
        """Return a document by the name of its file."""
        with self.database.reading() as session:
            return session.scalars(select(Document).where(Document.name == name)).one()

    def id(self, name: str) -> int:
        return self.document(name).id

    def bytes_of(self, name: str) -> Path:
        """Return the file in the archive that has a document's bytes."""
        sha256 = self.document(name).sha256
        return self.archive.root / sha256[:2] / sha256

    def ask(self, statement: str, **values: Any) -> Any:
        """Return the one value that a statement finds."""
        with self.database.reading() as session:
            return session.scalar(text(statement), values)

    def damage(self, *statements: str, **values: Any) -> None:
        """Change rows as no program of ours would: nothing is checked."""
        engine = create_engine(self.settings.database)
        sqlite = engine.dialect.name == "sqlite"
        off = "PRAGMA foreign_keys = OFF" if sqlite else "SET session_replication_role = replica"
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(off)
                if sqlite:
                    connection.commit()
                for statement in statements:
                    used = {name: v for name, v in values.items() if f":{name}" in statement}
                    connection.execute(text(statement), used)
                connection.commit()
        finally:
            engine.dispose()

    def original(self, name: str) -> Path:
        """Return where an original was moved to."""
        moved = self.ask("SELECT moved_to FROM arrivals WHERE name = :name", name=name)
        return self.directory / "inbox" / os.fsdecode(bytes(moved))

    def alive(self) -> None:
        """Let every source look as if it were watched, and the work as if it were being done."""
        lease = update(Document).where(Document.state == State.PROCESSING)
        with self.database.transaction() as session:
            session.execute(update(SourceStatus).values(heartbeat_at=now()))
            session.execute(lease.values(lease_expires_at=now() + timedelta(seconds=300)))


def _settings(directory: Path, url: str, broker: str) -> dict[str, Any]:
    return {"sources": sources(directory), "database_url": url, "broker_url": broker}


def build(directory: Path, url: str, broker: str) -> None:
    """Let everything happen once."""
    for name in ("inbox", "crawl", "feed", "files"):
        (directory / name).mkdir()
    station = Station(directory, **_settings(directory, url, broker))
    try:
        _bring(station)
        _work(station)
        _decide(station)
        _leave_under_way(station)
    finally:
        station.close()


def _bring(station: Station) -> None:
    for name, data in {
        "a.txt": seed(1),
        "a-copy.txt": seed(1) + b"\n",
        "b.txt": seed(0),
        "b2.txt": licences(77),
        "c.txt": seed(2),
        "imbalanced.txt": imbalanced(),
        "retried.txt": b"neither here nor there",
        "discarded.txt": b"nor anywhere else",
        "corrected.txt": imbalanced() + b"\n",
        "accepted.txt": imbalanced() + b"\n\n",
        "sub/all.zip": zipped([("三.txt", seed(3)), ("二.txt", seed(2)), ("._x", b"litter")]),
        "passing.txt": seed(4),
        "crash.txt": b"kills whoever reads it",
        "~$x.doc": b"ignored",
    }.items():
        station.drop(name, data)
    station.settle()
    station.drop("c-again.txt", seed(2))
    crawl = station.inbox.parent / "crawl"
    (crawl / "d.txt").write_bytes(seed(4) + b"\n")
    (crawl / "d.txt.json").write_text('{"url": "http://example.gov.cn/d"}', "utf-8")
    (crawl / "x.tmp").write_bytes(b"ignored")
    entry = save(station, "e.txt", licences(88))
    feed = station.inbox.parent / "feed" / "items.jl"
    held = line(url="http://example.gov.cn/held", text=seed(3).decode() + "\n\n")
    feed.write_bytes(line(url=entry["url"], files=[entry]) + held)
    station.settle(40)  # a name of an unfinished file has to rest for longer


def _pipeline(station: Station, inspect: Any = inspection.inspect) -> Pipeline:
    unpacker = Unpacker(station.database, station.archive)
    return Pipeline(station.database, station.archive, station.settings, inspect, unpacker)


def _documents(station: Station) -> dict[str, int]:
    return {document.name: document.id for document in station.documents()}


def _work(station: Station) -> None:
    ids = _documents(station)
    _fail_once(station, ids["passing.txt"])
    _crash(station, ids["crash.txt"])
    for _ in range(2):  # the members of the archive come in meanwhile
        for document in station.documents():
            if document.state in (State.RECEIVED, State.QUEUED):
                _pipeline(station).run(document.id)


def _fail_once(station: Station, document_id: int) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise Transient("the disk was away")

    try:
        _pipeline(station, failing).run(document_id)
    except Transient:
        return
    raise AssertionError("not reached")


def _crash(station: Station, document_id: int) -> None:
    for _ in range(CRASH_LIMIT):
        with station.database.transaction() as session:
            _claim(session, document_id, timedelta(seconds=-1))
    _pipeline(station).run(document_id)


def _claim(session: Any, document_id: int, lease: timedelta) -> None:
    document = transitions.lock(session, document_id)
    assert document is not None
    begin = transitions.claim if document.state in WAITING else transitions.take_over
    begin(session, document, Bid("elsewhere:1", "0", None, now(), now() + lease))


def _decide(station: Station) -> None:
    ids = _documents(station)
    with station.database.transaction() as session:
        letters = dict(session.execute(select(DeadLetter.document_id, DeadLetter.id)).all())
        told: dict[str, Any] = {"note": "tried", "operator": "tester"}
        dead_letter.retry(session, [letters[ids["retried.txt"]]], **told)
        dead_letter.discard(session, [letters[ids["discarded.txt"]]], **told)
    _pipeline(station).run(ids["retried.txt"])
    by = Given("tester", "核对原件", "a key")
    wrong = Changes({"applications.new_requests.natural_person": "9"})
    decisions.correct(station.database, letters[ids["corrected.txt"]], by, wrong)
    by = Given("tester", "公布即如此", "another key")
    decisions.accept(station.database, {letters[ids["accepted.txt"]]: 1}, by)
    for name in ("corrected.txt", "imbalanced.txt"):
        comment(station.database, About("document", ids[name]), Given("tester", "已致电"))


def _leave_under_way(station: Station) -> None:
    for name in ("received.txt", "queued.txt", "working.txt"):
        station.drop(name, name.encode())
    station.settle()
    ids = _documents(station)
    with station.database.transaction() as session:
        _claim(session, ids["working.txt"], timedelta(seconds=300))
        waits = update(Document).where(Document.id == ids["received.txt"])
        session.execute(waits.values(state=State.RECEIVED))


@contextmanager
def copied(template: Path, url: str, directory: Path, broker: str) -> Iterator[Site]:
    """Have a copy of a house; files of its sources keep their inodes, and are not to be written."""
    for name in ("inbox", "crawl", "feed", "files"):
        shutil.copytree(template / name, directory / name, copy_function=os.link)
    shutil.copytree(template / "var" / "archive", directory / "var" / "archive")
    with _copied_database(url, directory) as own:
        settings = Settings(data_dir=directory / "var", **_settings(directory, own, broker))
        yield from _opened(directory, settings)


def _opened(directory: Path, settings: Settings) -> Iterator[Site]:
    database, inbox = Database.at(settings.database), Inbox(settings)
    try:
        site = Site(directory, settings, database, Archive(settings.archive), inbox)
        with closing(redis.Redis.from_url(settings.broker)) as client:
            client.flushall()
        inbox.send([(site.id("queued.txt"), "fast")])
        site.alive()
        yield site
    finally:
        inbox.close()
        database.close()


@contextmanager
def _copied_database(url: str, directory: Path) -> Iterator[str]:
    path = file_of(url)
    if path is not None:
        own = directory / "var" / "gouji.db"
        shutil.copyfile(path, own)
        yield f"sqlite:///{own}"
        return
    with empty("postgresql", directory) as own_url:
        name, template = make_url(own_url).database, make_url(url).database
        server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        server.dispose()
        yield own_url


def quick(wishes: Wishes) -> Wishes:
    return replace(wishes, quick=True)
