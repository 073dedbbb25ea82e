"""Documents that are claimed and stored together: each ends as it would have by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dramatiq.middleware import Shutdown
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from models.disclosure.finding import Reason
from models.disclosure.hints import NONE, Hints
from models.filing import StoredReport
from models.ledger import AttemptOutcome, State
from models.trace import Trace
from tests import budgets
from tests.claiming import bid, claimed
from tests.worker.house import House, house, imbalanced, report, stored
from worker import claim as claims_module
from worker import pipeline as pipelines
from worker.claim import LIGHT, begin_along
from worker.convoy import Convoy, Hint
from worker.errors import ArchiveError, Transient
from worker.inspection import File, Inspection, Timing
from worker.pipeline import Pipeline


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def receive(home: House, data: bytes, **columns: Any) -> int:
    return home.receive(data, traceparent=str(Trace.begun()), **columns)


def run(pipeline: Pipeline, document_id: int) -> None:
    pipeline.run(document_id, f"m{document_id}")


def states(home: House, ids: list[int]) -> list[str]:
    return [home.document(one).state for one in ids]


def test_they_are_stored_in_two_transactions(home: House) -> None:
    # Given ten documents whose messages a process holds
    ids = [receive(home, b"%d" % n) for n in range(10)]
    pipeline = home.convoy(ids)
    commits: list[object] = []
    event.listen(home.database.engine, "commit", commits.append)

    # When it works on the first
    run(pipeline, ids[0])

    # Then all are stored, each in an attempt of its own message, with two commits
    assert states(home, ids) == [State.STORED] * 10
    attempts = [one for document_id in ids for one in home.attempts(document_id)]
    assert [one.message_id for one in attempts] == [f"m{one}" for one in ids]
    assert {one.outcome for one in attempts} == {AttemptOutcome.STORED}
    assert {tuple(home.story(one)) for one in ids} == {("attempt.started", "report.stored")}
    assert len(commits) == 2
    assert pipeline.held == ()

    # And their messages have nothing left to do
    for one in ids[1:]:
        run(pipeline, one)
    assert home.count(StoredReport) == 10
    assert len(commits) == 2


def test_each_fails_by_itself(home: House) -> None:
    # Given documents, one of which does not balance, one is refused, and one cannot be fetched
    ids = [receive(home, name.encode()) for name in ("甲", "乙", "丙", "丁", "戊")]

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        match data.decode():
            case "乙":
                return imbalanced(data, name, timing)
            case "丙":
                file = File(name, "0" * 64, len(data), None)
                return Inspection(file, "dead", Reason.ENCRYPTED, "read", "a password")
            case "丁":
                raise ArchiveError("away")
            case _:
                return stored(data, name, timing)

    pipeline = home.convoy(ids, inspect)

    # When they are worked on together
    run(pipeline, ids[0])

    # Then each ends as it would have by itself
    wanted = [State.STORED, State.DEAD, State.DEAD, State.QUEUED, State.STORED]
    assert states(home, ids) == wanted
    assert [home.letters(one)[0].reason for one in ids[1:3]] == ["imbalanced", "encrypted"]

    # And only the message of the one that may be tried again comes back
    for one in (*ids[1:3], ids[4]):
        run(pipeline, one)
    with pytest.raises(Transient):
        run(pipeline, ids[3])
    assert home.document(ids[3]).retries == 1


def test_the_first_one_fails_as_ever(home: House) -> None:
    # Given a document that fails in a way that may pass, and another along with it
    ids = [receive(home, b"1"), receive(home, b"2")]
    failed: list[bytes] = []

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        if data == b"1" and not failed:
            failed.append(data)
            raise ArchiveError("away")
        return stored(data, name, timing)

    pipeline = home.convoy(ids, inspect)

    # Then its own message comes back, and the other is stored
    with pytest.raises(Transient):
        run(pipeline, ids[0])
    assert states(home, ids) == [State.QUEUED, State.STORED]
    run(pipeline, ids[0])
    assert states(home, ids) == [State.STORED, State.STORED]


def test_what_cannot_be_kept_rolls_nobody_else_back(home: House) -> None:
    # Given a report with a figure that no database takes, among others
    ids = [receive(home, b"%d" % n) for n in range(4)]

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        total = 2**70 if data == b"2" else 1
        file = File(name, "0" * 64, len(data), None)
        return Inspection(file, "stored", report=report(data.decode(), total=total))

    # When they are stored together
    run(home.convoy(ids, inspect), ids[0])

    # Then the others are
    assert states(home, ids) == [State.STORED, State.STORED, State.DEAD, State.STORED]
    assert home.letters(ids[2])[0].reason == Reason.INVALID_VALUE


@pytest.mark.parametrize(
    "columns",
    [{"queue": "slow"}, {"size": LIGHT + 1}, {"state": State.STORED}],
    ids=["costly", "large", "done"],
)
def test_nobody_rides_along_with_what_takes_long(home: House, columns: dict[str, Any]) -> None:
    # Given a document that is not light, and one that waits
    lead, other = receive(home, b"1"), receive(home, b"2")
    with home.database.transaction() as session:
        document = home.document(lead)
        for column, value in columns.items():
            setattr(document, column, value)
        session.add(document)
    pipeline = home.convoy([other])

    # When the first is worked on, then the other waits for its own message
    run(pipeline, lead)
    assert home.document(other).state == State.QUEUED
    run(pipeline, other)
    assert home.document(other).state == State.STORED


def test_only_what_is_light_and_not_suspected_rides_along(home: House) -> None:
    # Given a large document, one that killed a worker, one of another worker, and a good one
    lead = receive(home, b"lead")
    large = receive(home, b"large" * LIGHT)
    suspect = receive(home, b"suspect", unfinished=1, attempts=1)
    taken, good = receive(home, b"taken"), receive(home, b"good")
    assert claimed(home.database, taken) is not None

    # When they are to ride along with another
    run(home.convoy([large, suspect, taken, good]), lead)

    # Then the good one does
    wanted = [State.STORED, State.QUEUED, State.QUEUED, State.PROCESSING, State.STORED]
    assert states(home, [lead, large, suspect, taken, good]) == wanted
    assert home.document(suspect).unfinished == 1


def test_when_it_takes_long_the_others_are_given_back(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given no patience at all
    monkeypatch.setattr(pipelines, "_PATIENCE", -1.0)
    ids = [receive(home, b"%d" % n) for n in range(3)]
    pipeline = home.convoy(ids)

    # When the first was worked on, then the others wait as if nothing had been
    run(pipeline, ids[0])
    assert states(home, ids) == [State.STORED, State.QUEUED, State.QUEUED]
    assert [home.document(one).unfinished for one in ids] == [0, 0, 0]
    assert [home.attempts(one)[0].outcome for one in ids[1:]] == [AttemptOutcome.RELEASED] * 2

    # And their own messages bring them on
    for one in ids[1:]:
        run(pipeline, one)
    assert states(home, ids) == [State.STORED] * 3


def test_a_process_that_is_to_end_gives_all_of_them_back(home: House) -> None:
    # Given an interrupt in the midst
    ids = [receive(home, b"%d" % n) for n in range(4)]

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        if data == b"2":
            raise Shutdown
        return stored(data, name, timing)

    pipeline = home.convoy(ids, inspect)

    # When it strikes, then nothing is stored, nothing is held, and nothing counts as lost
    with pytest.raises(Shutdown):
        run(pipeline, ids[0])
    assert states(home, ids) == [State.QUEUED] * 4
    assert [home.document(one).unfinished for one in ids] == [0] * 4
    assert pipeline.held == ()


def test_what_cannot_be_claimed_together_is_nobodys_fault(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a statement for many that no database takes
    def refused(session: Any, *_: object) -> list[Any]:
        session.connection().exec_driver_sql("SELECT nonsense FROM nowhere")
        raise AssertionError("not reached")

    monkeypatch.setattr(claims_module, "begin_along", refused)
    monkeypatch.setattr(pipelines, "judge", lambda _error: Reason.UNREADABLE)
    ids = [receive(home, b"1"), receive(home, b"2")]

    # When the first is worked on, then it is stored all the same
    run(home.convoy(ids), ids[0])
    assert states(home, ids) == [State.STORED, State.QUEUED]


def test_a_claim_of_which_nobody_heard_is_found_again(home: House) -> None:
    # Given documents that were claimed along with one, and a commit that nobody heard of
    riders = [Hint(receive(home, b"%d" % n), f"m{n}") for n in range(3)]
    wanted = bid()
    first = home.database.unit(lambda session: begin_along(session, riders, wanted))

    # When it is done again
    again = home.database.unit(lambda session: begin_along(session, riders, wanted))

    # Then the same attempts are found, and no others were begun
    def told(claims: list[Any]) -> list[Any]:
        return [(c.document_id, c.attempt_id, c.message_id, c.trace) for c in claims]

    assert told(again) == told(first)
    assert [len(home.attempts(one.document_id)) for one in riders] == [1, 1, 1]

    # And another bid finds nothing
    assert home.database.unit(lambda session: begin_along(session, riders, bid())) == []


def test_what_is_taken_along_is_told_of_in_its_own_name(
    home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given documents of one publisher and year with other figures each
    ids = [receive(home, b"%d" % n) for n in range(3)]

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        file = File(name, "0" * 64, len(data), None)
        return Inspection(file, "stored", report=report("甲局", total=int(data)))

    # When they are worked on together
    run(home.convoy(ids, inspect), ids[0])

    # Then they are versions in the order of their arrival
    with home.database.reading() as session:
        query = select(StoredReport.version, StoredReport.standing, StoredReport.document_id)
        rows = session.execute(query.order_by(StoredReport.version)).all()
    assert [tuple(row) for row in rows] == [(n + 1, n == 2, ids[n]) for n in range(3)]
    assert home.story(ids[0])[-1] == "report.superseded"


@given(
    subjects=st.lists(
        st.tuples(st.sampled_from("甲乙丙丁"), st.integers(2021, 2024), st.integers(0, 2)),
        min_size=2,
        max_size=8,
    )
)
@settings(
    max_examples=budgets.EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_together_they_become_what_they_become_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, subjects: list[tuple[str, int, int]]
) -> None:
    # Given reports of a few publishers on a few years, some with the same figures
    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        publisher, year, total, _ = data.decode().split()
        file = File(name, "0" * 64, len(data), None)
        found = report(f"{publisher}市人民政府", int(year), int(total))
        return Inspection(file, "stored", report=found)

    contents = [" ".join(map(str, (*one, place))).encode() for place, one in enumerate(subjects)]
    kept = []
    for together in (True, False):
        with house(tmp_path_factory.mktemp("house")) as home:
            ids = [receive(home, data) for data in contents]
            pipeline = home.convoy(ids if together else [], inspect)
            # When they are stored together, or one by one
            for one in ids:
                run(pipeline, one)
            kept.append(_kept(home))

    # Then the same is kept of them
    assert kept[0] == kept[1]


def _kept(home: House) -> list[tuple[Any, ...]]:
    columns = (
        StoredReport.document_id,
        StoredReport.publisher_key,
        StoredReport.year,
        StoredReport.version,
        StoredReport.standing,
        StoredReport.figures,
        StoredReport.soft,
    )
    with home.database.reading() as session:
        rows = session.execute(select(*columns).order_by(StoredReport.document_id)).all()
    names = [sorted(home.story(row.document_id)) for row in rows]
    return [(*row, name) for row, name in zip(rows, names, strict=True)]


def test_a_pipeline_without_messages_in_memory_works_alone(home: House) -> None:
    assert Convoy().take(Hint(1, "m")) == []
