"""A scrape of the ledger: right figures, the names of the manual, and quick with very many."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, text
from sqlalchemy.engine import Connection

from console.metrics.catalogue import METRICS
from console.metrics.collector import registry
from models.base import now
from models.ledger import SourceStatus
from models.session import Database
from models.telemetry import Runs, WorkerStatus, add_durations
from tests.console.metrics.many import EVERY, MANY, fill
from tests.worker.house import House, house, imbalanced
from worker.broker import Backlog

MANUAL = Path(__file__).parents[3] / "docs" / "metrics.md"

SMALL = ("source_status", "worker_status", "stage_durations")
"""Tables of a few rows."""

Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


def scraped(database: Database, backlog: Backlog | None = None) -> Samples:
    """Scrape once; return every sample by name and values of its labels."""
    return samples(generate_latest(registry(database, lambda: backlog)).decode())


def samples(exposition: str) -> Samples:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


ROW = re.compile(r"^\| `(gouji_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)


def test_the_manual_has_every_metric_as_it_is() -> None:
    # Given the table of the manual
    rows = ROW.findall(MANUAL.read_text("utf-8"))

    # Then it is the catalogue
    assert rows == [
        (one.name, one.kind, ", ".join(f"`{label}`" for label in one.labels) or "–", one.meaning)
        for one in METRICS
    ]


def test_a_scrape_has_every_metric_of_the_catalogue_and_no_other(home: House) -> None:
    # Given one of everything that may be missing
    work_and_watch(home)

    # When it is scraped
    exposition = generate_latest(registry(home.database, lambda: Backlog({"fast": 1}))).decode()

    # Then names, kinds and labels are those of the catalogue
    found = {}
    for family in text_string_to_metric_families(exposition):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, labels, family.documentation)
    assert found == {one.name: (one.kind, set(one.labels), one.meaning) for one in METRICS}


def work_and_watch(home: House) -> None:
    """Have a worker and a watcher that told of themselves."""
    with home.database.transaction() as session:
        add_durations(session, {("read", "0.1"): Runs(2, 0.15), ("read", "+Inf"): Runs(1, 99.0)})
        moment = now()
        for back, worker in ((0, "a:1"), (30, "a:2"), (600, "b:1")):
            beat = moment - timedelta(seconds=back)
            told = {"worker": worker, "started_at": beat, "heartbeat_at": beat}
            session.add(WorkerStatus(**told, parser_version="1", holding=0))
        where = {"source": "inbox", "kind": "drop", "path": b"/", "mode": "events"}
        session.add(SourceStatus(**where, heartbeat_at=moment, last_event_at=None))


def test_figures_are_those_of_the_ledger(home: House) -> None:
    # Given a stored document, two that do not balance, one that waits
    stored, *dead = (home.receive(data) for data in (b"a", b"b", b"c"))
    home.pipeline().run(stored)
    for document_id in dead:
        home.pipeline(imbalanced).run(document_id)
    home.receive(b"d")
    work_and_watch(home)

    # When they are scraped
    found = scraped(home.database, Backlog({"fast": 7, "slow": 0}))

    # Then each is counted
    assert found["gouji_documents_processed_total", ("stored",)] == 1
    assert found["gouji_documents_processed_total", ("dead",)] == 2
    assert found["gouji_documents_processed_total", ("lost",)] == 0
    assert found["gouji_edit_violations_total", ("T3.FLOW",)] == 2
    assert found["gouji_edit_violations_total", ("DATE.YEAR",)] == 2
    assert found["gouji_dead_letters", ("imbalanced",)] == 2
    assert found["gouji_dead_letters", ("timeout",)] == 0
    assert found["gouji_queue_messages", ("fast", "queued")] == 1
    assert found["gouji_queue_messages", ("ocr", "processing")] == 0
    assert 0 < found["gouji_queue_oldest_message_age_seconds", ()] < 60
    assert found["gouji_broker_messages", ("fast",)] == 7
    assert found["gouji_broker_up", ()] == 1
    assert found["gouji_workers", ()] == 2
    assert time.time() - found["gouji_worker_last_heartbeat_timestamp_seconds", ()] < 60
    assert found["gouji_watcher_last_event_timestamp_seconds", ("inbox",)] == 0
    # And the histogram adds up from bound to bound
    bucket = "gouji_stage_duration_seconds_bucket"
    buckets = {labels[0]: value for (name, labels), value in found.items() if name == bucket}
    assert (buckets["0.05"], buckets["0.1"], buckets["60"], buckets["+Inf"]) == (0, 2, 2, 3)
    assert found["gouji_stage_duration_seconds_sum", ("read",)] == pytest.approx(99.15)


def test_a_broker_that_is_away_is_told_and_hides_nothing_else(home: House) -> None:
    found = scraped(home.database)
    assert found["gouji_broker_up", ()] == 0
    assert not any(name == "gouji_broker_messages" for name, _ in found)
    assert found["gouji_worker_last_heartbeat_timestamp_seconds", ()] == 0


def test_counters_do_not_go_down_when_history_is_forgotten(home: House) -> None:
    # Given a report whose history is old
    home.pipeline().run(home.receive(b"a"))
    asked = registry(home.database, lambda: None)
    before = samples(generate_latest(asked).decode())

    # When its events and tracebacks are forgotten
    with home.database.transaction() as session:
        session.execute(text("DELETE FROM events"))
        session.execute(text("UPDATE attempts SET traceback = NULL"))

    # Then every counter is as it was, for who counts on and who begins to count
    for after in (samples(generate_latest(asked).decode()), scraped(home.database)):
        counters = {key: value for key, value in before.items() if key[0].endswith("_total")}
        assert {key: after[key] for key in counters} == counters


def test_a_scrape_of_very_many_reads_indexes_alone(home: House) -> None:
    # Given 100,000 documents
    fill(home.database)
    statements: list[Any] = []
    event.listen(
        home.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2:4])
    )
    asked = registry(home.database, lambda: None)

    # When it is scraped for the first time, and again
    for _ in range(2):
        found = samples(generate_latest(asked).decode())

    # Then every one is counted
    assert found["gouji_files_detected_total", ()] == MANY
    assert found["gouji_dead_letters", ("imbalanced",)] == MANY // EVERY
    assert found["gouji_queue_messages", ("fast", "received")] == MANY // EVERY + 1

    # And none of the large tables was read but by an index that has all that is asked for
    if home.database.engine.dialect.name == "sqlite":
        with home.database.engine.connect() as connection:
            asked_for = dict.fromkeys((said, tuple(values)) for said, values in statements)
            slow = [scan for told in asked_for for scan in whole_tables(connection, *told)]
        assert slow == []


def whole_tables(connection: Connection, statement: str, values: tuple[Any, ...]) -> list[str]:
    """Return the tables that SQLite reads to their end for a statement, but for small ones."""
    if not statement.startswith("SELECT"):
        return []
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    scans = [row[3] for row in plan if row[3].startswith("SCAN ")]
    return [scan for scan in scans if "COVERING INDEX" not in scan and scan.split()[1] not in SMALL]
