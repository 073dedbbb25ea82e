"""A data directory with one stored report and one dead letter, and the command line on it."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from console.cli.main import cli
from models.base import now
from models.event import EventName
from models.ledger import Arrival, Attempt, AttemptOutcome, Document, SourceStatus, State
from models.session import Database
from tests.databases import migrated, whole
from worker import dead_letter, findings, store
from worker.inspection import PARSER_VERSION, Inspection, as_json, inspect
from worker.logs import record

SEEDS = Path(__file__).parents[2] / "data" / "seeds"
BALANCED = SEEDS / "001_978f6dfc59ee8d2b.txt"


def imbalanced() -> bytes:
    """The seed with 12 instead of 9 new requests by natural persons."""
    line = "一、本年新收政府信息公开申请数量\t\t"
    text = BALANCED.read_text("utf-8")
    assert f"{line}9\t" in text
    return text.replace(f"{line}9\t", f"{line}12\t").encode()


@dataclass
class Place:
    """Where the command line runs: its own directory, settings from the environment."""

    root: Path
    database: Database

    def run(self, *arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(cli, list(arguments), catch_exceptions=False, **options)

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return orjson.loads(result.stdout)

    def lines(self, *arguments: str) -> list[Any]:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return [orjson.loads(line) for line in result.stdout.splitlines()]

    def error(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        result = self.run(*arguments, "--json")
        error: dict[str, Any] = orjson.loads(result.stdout)["error"]
        return result.exit_code, error


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory where nothing has been set up."""
    monkeypatch.chdir(tmp_path)
    for name in ("GOUJI_CONFIG", "GOUJI_DATABASE_URL", "GOUJI_BROKER_URL", "GOUJI_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def place(bare: Path) -> Iterator[Place]:
    """An empty database in ``./var``."""
    url = f"sqlite:///{bare / 'var' / 'gouji.db'}"
    migrated(url)
    database = Database.at(url)
    yield Place(bare, database)
    database.close()


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database of ``seeded``, made once; who asks when it was made would see the difference."""
    path = tmp_path_factory.mktemp("ledger") / "gouji.db"
    migrated(f"sqlite:///{path}")
    with closing(Database.at(f"sqlite:///{path}")) as database:
        add(database, inspect(BALANCED.read_bytes(), "平衡.txt"), "平衡.txt")
        add(database, inspect(imbalanced(), "不平.txt"), "不平.txt")
    return whole(path)


@pytest.fixture
def seeded(place: Place, ledger: bytes) -> Place:
    """Document 1 is stored as report 1, document 2 is dead letter 1; a third file is ignored."""
    (place.root / "var" / "gouji.db").write_bytes(ledger)
    with place.database.transaction() as session:
        session.add(arrival("~$x.docx", None, state="ignored", why="by name"))
        session.add(
            SourceStatus(
                source="inbox",
                kind="drop",
                path="收件".encode("gb18030"),
                mode="events",
                unsettled=1,
                last_scan_at=now(),
                heartbeat_at=now(),
            )
        )
    return place


def arrival(name: str, document_id: int | None, **values: Any) -> Arrival:
    """An arrival at the inbox."""
    return Arrival(
        source="inbox",
        path=name.encode(),
        name=name,
        inode=1,
        size=10,
        mtime_ns=1,
        document_id=document_id,
        **{"state": "accepted", **values},
    )


def add(database: Database, inspection: Inspection, name: str) -> int:
    """Add a document with one finished attempt as the worker would; return its id."""
    file = inspection.file
    with database.transaction() as session:
        document = Document(sha256=file.sha256, size=file.bytes, name=name, attempts=1)
        session.add(document)
        session.flush()
        came = arrival(name, document.id)
        session.add(came)
        session.flush()
        record(session, EventName.FILE_SETTLED, arrival_id=came.id, file=name)
        record(session, EventName.DOCUMENT_RECEIVED, document_id=document.id, arrival_id=came.id)
        attempt = Attempt(
            document_id=document.id,
            number=1,
            worker="host:1",
            parser_version=PARSER_VERSION,
            ended_at=now(),
            outcome=AttemptOutcome(inspection.outcome),
            stage=inspection.stage or None,
            duration_ms=12.4,
        )
        session.add(attempt)
        session.flush()
        origin = findings.Origin(document.id, attempt.id)
        if inspection.reason is None:
            assert inspection.report is not None
            document.state = State.STORED
            store.store(session, origin, inspection.report, inspection.findings)
            record(session, EventName.REPORT_STORED, document_id=document.id)
            return document.id
        document.state = State.DEAD
        attempt.error = inspection.message
        attempt.traceback = "Traceback:\n  somewhere"
        findings.keep(session, origin, inspection.findings)
        report = inspection.report
        grave = dead_letter.Grave(
            reason=inspection.reason,
            stage=inspection.stage,
            message=inspection.message,
            parser_version=PARSER_VERSION,
            attempt_id=attempt.id,
            publisher=report.publisher if report else None,
            year=report.year if report else None,
            inspection=as_json(inspection),
        )
        dead_letter.bury(session, document.id, grave)
        return document.id
