"""The pipe for one document, over a real database and a real archive."""

import errno
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dramatiq.middleware import Shutdown, TimeLimitExceeded
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from models.disclosure.finding import Reason
from models.disclosure.hints import NONE, Hints
from models.event import Event, EventName
from models.filing import StoredFinding, StoredReport
from models.ledger import Attempt, AttemptOutcome, State
from tests.claiming import claimed
from tests.worker.house import House, house, imbalanced, raising, report, stored
from worker.archive import Archive
from worker.claim import begin
from worker.errors import ArchiveError, Refused, Stopping, Transient
from worker.inspection import File, Inspection, Timing
from worker.pipeline import Pipeline
from worker.unpack import Unpacker


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def test_a_report_that_balances_is_stored(home: House) -> None:
    # Given a document on the queue
    document_id = home.receive(b"a report")

    # When it is worked on
    home.pipeline().run(document_id, "message-1")

    # Then it is stored once, and the attempt tells how long each stage took
    assert home.document(document_id).state == State.STORED
    assert home.document(document_id).unfinished == 0
    assert home.count(StoredReport) == 1
    (attempt,) = home.attempts(document_id)
    assert attempt.outcome == AttemptOutcome.STORED
    assert attempt.message_id == "message-1"
    assert attempt.duration_ms is not None
    assert attempt.ended_at is not None
    assert home.story(document_id) == ["attempt.started", "report.stored"]


def test_the_event_of_a_version_tells_its_place(home: House) -> None:
    # Given a report that is stored
    def read(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        found = stored(data, name, timing, hints=hints)
        return replace(found, report=report(total=len(data)))

    pipeline = home.pipeline(read)
    documents = [home.receive(data) for data in (b"1", b"22", b"2 ")]

    # When one with another figure comes, and one with the same
    for document_id in documents:
        pipeline.run(document_id)

    # Then each event says what became of it, and the first one's history that it was replaced
    with home.database.reading() as session:
        query = select(Event).where(Event.name == EventName.REPORT_STORED).order_by(Event.id)
        told = [event.data for event in session.scalars(query)]
    kept = [(one["version"], one["standing"], one.get("same_as")) for one in told]
    assert kept == [(1, True, None), (2, True, None), (2, False, told[1]["report_id"])]
    assert (told[1]["before"], told[1]["changed"]) == (told[0]["report_id"], 1)
    assert home.story(documents[0])[-1] == "report.superseded"


def test_a_message_that_comes_ten_times_stores_once(home: House) -> None:
    # Given one document and a pipeline used by several threads
    document_id = home.receive(b"a report")
    pipeline = home.pipeline()

    # When the same message is worked on ten times at once
    threads = [threading.Thread(target=pipeline.run, args=(document_id, "m")) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then there is one attempt and one report
    assert len(home.attempts(document_id)) == 1
    assert home.count(StoredReport) == 1


def test_a_report_that_does_not_balance_is_dead_lettered(home: House) -> None:
    # Given a document
    document_id = home.receive(b"a report")

    # When its report does not balance
    home.pipeline(imbalanced).run(document_id)

    # Then the dead letter says why, and its findings are kept
    assert home.document(document_id).state == State.DEAD
    (letter,) = home.letters(document_id)
    assert (letter.reason, letter.stage) == (Reason.IMBALANCED, "check")
    assert (letter.publisher, letter.year) == ("甲市人民政府", 2023)
    assert letter.inspection is not None
    assert letter.inspection["schema"] == "gouji.inspection/1"
    assert home.count(StoredFinding) == 2
    assert home.count(StoredReport) == 0
    assert home.story(document_id) == ["attempt.started", "report.imbalanced", "document.dead"]


@pytest.mark.parametrize(("data", "reason"), [(b"", Reason.EMPTY), (b"12345", Reason.TOO_LARGE)])
def test_the_size_is_looked_at_before_the_bytes(home: House, data: bytes, reason: Reason) -> None:
    # Given a document of a size that is not taken, whose bytes are gone
    document_id = home.receive(data)
    shutil.rmtree(home.settings.archive)

    # When it is worked on, four bytes being the most
    home.pipeline(max_bytes=4).run(document_id)

    # Then it is refused for its size
    (letter,) = home.letters(document_id)
    assert (letter.reason, letter.stage) == (reason, "read")


@pytest.mark.parametrize(
    "error",
    [
        ArchiveError("away"),
        MemoryError(),
        OSError(errno.ENOSPC, "No space left on device"),
        OperationalError("SELECT 1", {}, Exception("database is locked")),
    ],
    ids=["archive", "memory", "disk", "database"],
)
def test_a_failing_environment_is_tried_again(home: House, error: Exception) -> None:
    # Given a pipeline whose environment fails once
    document_id = home.receive(b"a report")
    pipeline = home.pipeline(raising(error))

    # When the document is worked on, and its message comes back
    with pytest.raises(Transient):
        pipeline.run(document_id, "m")
    between = home.document(document_id)
    pipeline.run(document_id, "m")

    # Then it waited on the queue, and is stored in the second attempt
    assert (between.state, between.retries, between.unfinished) == (State.QUEUED, 1, 0)
    assert [attempt.outcome for attempt in home.attempts(document_id)] == ["retry", "stored"]
    assert home.story(document_id)[:3] == [
        "attempt.started",
        "attempt.retrying",
        "attempt.started",
    ]


def test_an_environment_that_keeps_failing_ends_as_a_dead_letter(home: House) -> None:
    # Given an environment that never recovers, and two retries at most
    document_id = home.receive(b"a report")
    pipeline = home.pipeline(raising(*[ArchiveError("away")] * 9), max_retries=2)

    # When the message comes back each time
    for _ in range(2):
        with pytest.raises(Transient):
            pipeline.run(document_id)
    pipeline.run(document_id)

    # Then the third attempt gives up
    (letter,) = home.letters(document_id)
    assert letter.reason == Reason.STORAGE_ERROR
    assert "away" in letter.message
    assert home.document(document_id).state == State.DEAD


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused(Reason.ENCRYPTED, "needs a password"), Reason.ENCRYPTED),
        (IndexError("a bug \ud800 in a stage\0"), Reason.UNREADABLE),
        (OSError("cannot identify image file"), Reason.UNREADABLE),
    ],
    ids=["refused", "bug", "library"],
)
def test_what_the_content_causes_is_refused_at_once(
    home: House, error: BaseException, reason: Reason
) -> None:
    # Given a stage that raises
    document_id = home.receive(b"a report")

    # When the document is worked on
    home.pipeline(raising(error)).run(document_id)

    # Then it is dead, never retried; a bug leaves its traceback on the attempt
    (letter,) = home.letters(document_id)
    assert letter.reason == reason
    assert home.document(document_id).state == State.DEAD
    (attempt,) = home.attempts(document_id)
    assert (attempt.traceback is None) == isinstance(error, Refused)


def test_a_content_that_takes_too_long_is_tried_once_more(home: House) -> None:
    # Given a stage that outlasts its time, always
    document_id = home.receive(b"a report")
    pipeline = home.pipeline(raising(TimeLimitExceeded(), TimeLimitExceeded()))

    # When it is tried, the machine may have been slow; when it is tried again, it is the content
    with pytest.raises(Transient):
        pipeline.run(document_id)
    assert home.document(document_id).state == State.QUEUED
    pipeline.run(document_id)
    (letter,) = home.letters(document_id)
    assert letter.reason == Reason.TIMEOUT


def test_a_time_limit_outside_of_the_content_refuses_nothing(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an archive that is so slow that the time is up, whatever is asked of it
    document_id = home.receive(b"a report")

    def slow(*_: object) -> bytes:
        raise TimeLimitExceeded

    with monkeypatch.context() as patched:
        patched.setattr(Archive, "get", slow)
        for _ in range(3):
            with pytest.raises(Transient):
                home.pipeline().run(document_id)

    # When it is quick again, then the report is stored
    home.pipeline().run(document_id)
    assert home.document(document_id).state == State.STORED


def test_what_was_claimed_while_the_process_was_told_to_end_is_given_back(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that is told to end while it waits for the database
    document_id = home.receive(b"a report")
    pipeline = home.pipeline()

    def claim(*args: Any, **options: Any) -> Any:
        pipeline.stopping.set()
        return begin(*args, **options)

    monkeypatch.setattr("worker.claim.begin", claim)

    # When it has claimed the document all the same
    with pytest.raises(Stopping):
        pipeline.run(document_id)

    # Then that is given back, and counts as none
    assert home.document(document_id).state == State.QUEUED
    assert home.document(document_id).unfinished == 0
    assert pipeline.held == ()


def test_a_shutdown_gives_the_document_back(home: House) -> None:
    # Given a document that two attempts have left unfinished
    document_id = home.receive(b"a report", unfinished=2)

    # When the process is told to end while it is worked on
    with pytest.raises(Shutdown):
        home.pipeline(raising(Shutdown())).run(document_id)

    # Then it waits as it did before
    document = home.document(document_id)
    assert (document.state, document.unfinished) == (State.QUEUED, 2)
    assert home.attempts(document_id)[0].outcome == AttemptOutcome.RELEASED
    assert home.story(document_id)[-1] == "attempt.released"


def test_a_stopping_pipeline_claims_nothing(home: House) -> None:
    # Given a pipeline that is to stop
    document_id = home.receive(b"a report")
    pipeline = home.pipeline()
    pipeline.stopping.set()

    # When a message comes
    with pytest.raises(Transient):
        pipeline.run(document_id)

    # Then nothing was begun
    assert home.attempts(document_id) == []


def test_an_end_that_could_not_be_written_is_written_later(home: House) -> None:
    # Given a database that cannot be written from the first inspection on
    first, second = home.receive(b"one"), home.receive(b"two")

    def breaking(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        if data == b"one":
            _execute(home, "ALTER TABLE attempts RENAME TO gone")
        return stored(data, name, timing, hints=hints)

    pipeline = home.pipeline(breaking)
    with pytest.raises(Transient):
        pipeline.run(first)
    assert home.document(first).state == State.PROCESSING

    # When it can be written again and another message comes
    _execute(home, "ALTER TABLE gone RENAME TO attempts")
    pipeline.run(second)

    # Then the first document has been given back without waiting for its lease
    assert home.document(first).state == State.QUEUED
    assert home.attempts(first)[0].outcome == AttemptOutcome.RETRY
    assert home.document(second).state == State.STORED


def test_what_cannot_be_given_back_on_a_stop_is_not_the_fault_of_the_document(home: House) -> None:
    # Given a worker that is interrupted while the database cannot be written
    document_id = home.receive(b"a report")

    def interrupted(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        _execute(home, "ALTER TABLE attempts RENAME TO gone")
        raise Shutdown

    # When it wants to give its document back
    # Then the message is to come back, and the lease runs out
    with pytest.raises(Transient):
        home.pipeline(interrupted).run(document_id)
    _execute(home, "ALTER TABLE gone RENAME TO attempts")
    assert home.document(document_id).state == State.PROCESSING
    assert home.letters(document_id) == []


def test_a_dying_message_leaves_a_dead_letter(home: House) -> None:
    # Given a document that waits
    document_id = home.receive(b"a report")

    # When its message is given up, twice
    for _ in range(2):
        home.pipeline().abandon(document_id, "m", ArchiveError("away"))

    # Then one dead letter says so
    (letter,) = home.letters(document_id)
    assert (letter.reason, letter.stage) == (Reason.STORAGE_ERROR, "queue")
    assert home.document(document_id).state == State.DEAD


@pytest.mark.parametrize(("message", "dead"), [("m", True), ("another", False)])
def test_a_dying_message_takes_only_its_own_attempt_along(
    home: House, message: str, dead: bool
) -> None:
    # Given a document that is being worked on for the message m
    document_id = home.receive(b"a report")
    _claim_and_vanish(home, document_id, lease=60)

    # When a message is given up because of a fault of ours
    home.pipeline().abandon(document_id, message, ValueError("a bug"))

    # Then the document is dead if it was that message
    assert [letter.reason for letter in home.letters(document_id)] == [Reason.UNREADABLE] * dead


def test_a_dying_message_does_not_touch_what_is_done(home: House) -> None:
    # Given a stored document
    document_id = home.receive(b"a report")
    home.pipeline().run(document_id)

    # When an old message for it is given up
    home.pipeline().abandon(document_id, "m", None)

    # Then it stays stored
    assert home.document(document_id).state == State.STORED
    assert home.letters(document_id) == []


def test_an_unknown_document_is_no_error(home: House) -> None:
    # Given an empty ledger, as after a restore
    # When a message for a document comes
    home.pipeline().run(7)

    # Then nothing happens
    assert home.count(Attempt) == 0


def test_a_figure_too_large_to_keep_is_refused(home: House) -> None:
    # Given a report with a figure of thirty digits
    document_id = home.receive(b"a report")
    large = report()
    cells = large.tables["review"].cells
    huge = {key: type(cell)(10**30, "1" * 31, cell.printed) for key, cell in cells.items()}
    table = type(large.tables["review"])("review.across", huge, large.tables["review"].missing)

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        return Inspection(
            File(name, "0", 1, None),
            "stored",
            report=type(large)("甲", 2023, large.edition, None, {"review": table}),
        )

    # When it is worked on
    home.pipeline(inspect).run(document_id)

    # Then it is dead, and nothing of it is kept
    assert home.letters(document_id)[0].reason == Reason.INVALID_VALUE
    assert home.count(StoredReport) == 0


def _claim_and_vanish(home: House, document_id: int, lease: float = -1) -> None:
    assert claimed(home.database, document_id, lease) is not None


def _execute(home: House, statement: str) -> None:
    with home.database.transaction() as session:
        session.execute(text(statement))


def _scan(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
    """Inspect like a parser that finds a picture of pages."""
    file = File(name, "0" * 64, len(data), "application/pdf")
    return Inspection(file, "dead", Reason.UNSUPPORTED_TYPE, "read", "a scan", scanned=True)


def test_a_scan_is_handed_over_to_those_that_read_scans(home: House) -> None:
    # Given a PDF that turns out to be a scan on the queue of PDFs, after an attempt that was lost
    document_id = home.receive(b"a scan", queue="slow", lane="inbox", unfinished=1, attempts=1)
    sent: list[tuple[int, str]] = []
    unpacker = Unpacker(home.database, home.archive, send=sent.extend)
    pipeline = Pipeline(home.database, home.archive, home.settings, _scan, unpacker, scans=stored)

    # When it is worked on
    pipeline.run(document_id)

    # Then it waits for OCR, which counts neither as a retry nor as an attempt that never ended
    document = home.document(document_id)
    assert (document.state, document.queue, document.lane) == (State.RECEIVED, "ocr", "inbox")
    assert (document.retries, document.unfinished) == (0, 0)
    assert [one.outcome for one in home.attempts(document_id)] == [AttemptOutcome.HANDED_OVER]
    assert sent == [(document_id, "ocr")]

    # And is read there
    pipeline.run(document_id)
    assert home.document(document_id).state == State.STORED
    assert home.story(document_id) == [
        "attempt.started",
        "attempt.handed_over",
        "attempt.started",
        "report.stored",
    ]


def test_a_scan_that_not_even_ocr_reads_is_refused(home: House) -> None:
    # Given a host that reads scans, without what reads them
    document_id = home.receive(b"a scan", queue="ocr")

    # When it is worked on
    home.pipeline(_scan).run(document_id)

    # Then it is not handed over for ever
    assert [one.reason for one in home.letters(document_id)] == ["unsupported_type"]
