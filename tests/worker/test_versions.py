"""Versions of a report: copies, the next one, the one that stands, one put back."""

import itertools
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError

from models.event import Event, EventName
from models.filing import Restoration, StoredReport
from models.ledger import Arrival, Attempt, Document
from tests import budgets
from tests.worker.house import House, house, report
from worker import versions
from worker.deciding import Conflict, NoteMissing
from worker.findings import Origin
from worker.store import Filed, store

SOMEBODY: Final = "甲局"
_NUMBERS: Final = itertools.count()


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def day(number: int | None) -> datetime | None:
    return None if number is None else datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)


def arrive(home: House, fetched: int | None = None) -> Origin:
    """A document that came in, fetched on a day if that is known; they are numbered in order."""
    number = next(_NUMBERS)
    with home.database.transaction() as session:
        document = Document(sha256=f"{number:064}", size=1, name=f"{number}.html")
        session.add(document)
        session.flush()
        attempt = Attempt(document_id=document.id, number=1, worker="w", parser_version="0")
        session.add(attempt)
        session.add(came(document.id, number, fetched))
        session.flush()
        return Origin(document.id, attempt.id)


def came(document_id: int, number: int, fetched: int | None) -> Arrival:
    path = f"{number}".encode()
    return Arrival(
        source="crawl",
        path=path,
        name="x",
        inode=1,
        size=1,
        mtime_ns=1,
        state="accepted",
        document_id=document_id,
        fetched_at=day(fetched),
    )


def keep(home: House, origin: Origin, figure: int, publisher: str | None = SOMEBODY) -> Filed:
    with home.database.transaction() as session:
        return store(session, origin, report(publisher, 2023, figure), ())


def bring(home: House, figure: int, fetched: int | None = None) -> Filed:
    return keep(home, arrive(home, fetched), figure)


def put_back(home: House, report_id: int, instead_of: int | None = None) -> versions.Restored:
    with home.database.transaction() as session:
        return versions.restore(
            session, report_id, note="误读", operator="lin", instead_of=instead_of
        )


def kept(home: House, publisher: str | None = SOMEBODY) -> list[StoredReport]:
    query = select(StoredReport).where(StoredReport.publisher == publisher)
    with home.database.reading() as session:
        return list(session.scalars(query.order_by(StoredReport.id)))


def standing(home: House, publisher: str = SOMEBODY) -> int:
    """The number of the version that stands; there must be exactly one."""
    (one,) = [row.version for row in kept(home, publisher) if row.standing]
    return one


def history(home: House, report_id: int) -> list[Event]:
    with home.database.reading() as session:
        document_id = session.get_one(StoredReport, report_id).document_id
        query = select(Event).where(Event.document_id == document_id).order_by(Event.id)
        return list(session.scalars(query))


# --- the same again, and the next --------------------------------------------------------------


def test_the_same_figures_again_are_a_copy(home: House) -> None:
    # Given a version, a copy and another version
    first, again, second = (bring(home, figure) for figure in (1, 1, 2))

    # When the first figures come once more
    third = bring(home, 1)

    # Then that is a copy of the first, and the second goes on standing
    assert (again.version, again.same_as, again.standing) == (1, first.report_id, False)
    assert (second.version, second.same_as, second.before) == (2, None, first.report_id)
    assert (third.version, third.same_as, third.standing) == (1, first.report_id, False)
    assert standing(home) == 2


def test_the_version_that_stood_is_told_of_it(home: House) -> None:
    # Given
    first = bring(home, 1)

    # When
    second = bring(home, 2)

    # Then the new one knows how much changed, and so does the history of the old one
    assert second.told() == {
        "report_id": second.report_id,
        "version": 2,
        "standing": True,
        "before": first.report_id,
        "changed": 1,
    }
    (event,) = history(home, first.report_id)
    assert (event.name, event.level) == (EventName.REPORT_SUPERSEDED, "info")
    assert (event.data["by"], event.data["changed"]) == (second.report_id, 1)


def test_reports_of_nobody_known_all_stand(home: House) -> None:
    # When
    filed = [keep(home, arrive(home), 1, publisher=None) for _ in range(2)]

    # Then
    assert [(one.version, one.standing, one.same_as) for one in filed] == [(1, True, None)] * 2
    assert all(row.standing for row in kept(home, None))


def test_figures_stored_before_there_were_fingerprints_are_known(home: House) -> None:
    # Given versions without one
    first, _ = bring(home, 1), bring(home, 2)
    with home.database.transaction() as session:
        session.execute(update(StoredReport).values(figures=None))

    # When the first figures come again
    again = bring(home, 1)

    # Then they are known, and fingerprints are there for the next time
    assert again.same_as == first.report_id
    assert None not in [row.figures for row in kept(home)]


# --- what came late ----------------------------------------------------------------------------


def test_a_file_fetched_earlier_does_not_displace_a_newer_one(home: House) -> None:
    # Given what was fetched on day 5
    bring(home, 1, fetched=5)

    # When an older file comes, and then a newer one
    older = bring(home, 2, fetched=3)
    assert (older.version, older.standing) == (2, False)
    newer = bring(home, 3, fetched=6)

    # Then only the newer one takes its place
    assert newer.standing
    assert standing(home) == 3


def test_where_a_day_is_missing_the_order_of_arrival_counts(home: House) -> None:
    # Given three that stand by turns
    assert [bring(home, *one).standing for one in ((1, 5), (2, None), (3, 6))] == [True] * 3

    # When one comes that is older than the first, though the last one's day is not known
    bring(home, 4)
    older = bring(home, 5, fetched=4)

    # Then it does not stand
    assert not older.standing


def test_a_document_that_waited_comes_in_where_it_belongs(home: House) -> None:
    # Given a document that arrives first and is stored last, as a dead letter tried again
    early, late = arrive(home), arrive(home)

    # When
    assert keep(home, late, 1).standing
    filed = keep(home, early, 2)

    # Then the one that arrived last stands
    assert (filed.version, filed.standing) == (2, False)
    assert standing(home) == 1


def test_figures_are_as_old_as_the_first_file_with_them(home: House) -> None:
    # Given figures of day 1, of which a copy was fetched on day 6
    bring(home, 1, fetched=1)
    bring(home, 1, fetched=6)

    # When others of day 3 come
    # Then they are newer, as they would be had they come in order
    assert bring(home, 2, fetched=3).standing


# --- putting back ------------------------------------------------------------------------------


def test_an_earlier_version_is_put_back(home: House) -> None:
    # Given
    first, second = bring(home, 1), bring(home, 2)

    # When
    done = put_back(home, first.report_id)

    # Then it stands, and who, when and why is kept
    assert (done.report_id, done.replaced, done.already) == (
        first.report_id,
        second.report_id,
        False,
    )
    assert standing(home) == 1
    with home.database.reading() as session:
        (row,) = session.scalars(select(Restoration))
    assert (row.report_id, row.replaced_id) == (first.report_id, second.report_id)
    assert (row.operator, row.note) == ("lin", "误读")
    assert [event.name for event in history(home, first.report_id)] == [
        EventName.REPORT_SUPERSEDED,
        EventName.REPORT_RESTORED,
    ]
    (left,) = history(home, second.report_id)
    assert (left.name, left.data["operator"]) == (EventName.REPORT_SUPERSEDED, "lin")


def test_putting_back_twice_is_done_once(home: House) -> None:
    # Given
    first, second = bring(home, 1), bring(home, 2)
    put_back(home, first.report_id, instead_of=second.report_id)

    # When the same is asked again
    again = put_back(home, first.report_id, instead_of=second.report_id)

    # Then
    assert again.already
    assert home.count(Restoration) == 1


def test_what_stands_by_itself_cannot_be_put_back(home: House) -> None:
    first, second = bring(home, 1), bring(home, 2)
    with pytest.raises(Conflict, match="stands already"):
        put_back(home, second.report_id)
    with pytest.raises(Conflict, match=f"report {second.report_id} stands now"):
        put_back(home, first.report_id, instead_of=first.report_id)
    nobody = keep(home, arrive(home), 1, publisher=None)
    with pytest.raises(Conflict, match="without publisher or year"):
        put_back(home, nobody.report_id)


def test_a_decision_needs_a_note_and_a_report(home: House) -> None:
    with home.database.transaction() as session:
        with pytest.raises(NoteMissing):
            versions.restore(session, 1, note=" ", operator="lin")
        with pytest.raises(versions.UnknownReport, match="no report 9"):
            versions.restore(session, 9, note="x", operator="lin")


def test_of_a_copy_its_version_is_put_back(home: House) -> None:
    first, copy, _ = bring(home, 1), bring(home, 1), bring(home, 2)
    assert put_back(home, copy.report_id).report_id == first.report_id
    assert standing(home) == 1


def test_known_figures_leave_what_was_put_back_and_new_ones_do_not(home: House) -> None:
    # Given an earlier version that an operator put back
    first, _ = bring(home, 1), bring(home, 2)
    put_back(home, first.report_id)

    # When the figures of the later one are crawled again
    bring(home, 2)
    assert standing(home) == 1

    # Then only new ones take its place, with a warning that names who had put it back
    assert bring(home, 3).standing
    warning = history(home, first.report_id)[-1]
    assert (warning.name, warning.level) == (EventName.REPORT_SUPERSEDED, "warning")
    assert warning.data["put_back_by"] == "lin"


def test_what_is_older_than_the_version_put_aside_does_not_displace(home: House) -> None:
    # Given an earlier version put back in place of one of day 5
    first, _ = bring(home, 1, fetched=1), bring(home, 2, fetched=5)
    put_back(home, first.report_id)

    # When one comes from between them, which the operator has not seen
    between = bring(home, 3, fetched=3)

    # Then it does not stand: nothing newer is known than what was put aside
    assert not between.standing
    assert standing(home) == 1


# --- what the database holds -------------------------------------------------------------------


@pytest.mark.parametrize("values", [{"standing": True}, {"version": 2}])
def test_two_cannot_stand_and_no_number_is_twice(home: House, values: dict[str, object]) -> None:
    first, _ = bring(home, 1), bring(home, 2)
    changed = update(StoredReport).where(StoredReport.id == first.report_id).values(**values)
    with pytest.raises(IntegrityError), home.database.transaction() as session:
        session.execute(changed)


def test_a_copy_cannot_stand(home: House) -> None:
    _, copy = bring(home, 1), bring(home, 1)
    changed = update(StoredReport).where(StoredReport.id == copy.report_id)
    refused = pytest.raises(IntegrityError, match="copies_never_stand")
    with refused, home.database.transaction() as session:
        session.execute(changed.values(standing=True, version=2))


# --- many at once ------------------------------------------------------------------------------


def at_once(jobs: Sequence[Callable[[], object]]) -> None:
    """Run jobs in threads that begin at the same moment; fail if one of them does."""
    barrier, failures = threading.Barrier(len(jobs)), list[BaseException]()

    def work(job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            job()
        except Conflict:
            pass  # an operator was too late
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shall show it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def check(rows: list[StoredReport]) -> None:
    """What must hold of the reports of one publisher and year, however they came about."""
    originals = [row for row in rows if row.same_as is None]
    assert len([row for row in rows if row.standing]) == min(len(rows), 1)
    assert sorted(row.version for row in originals) == list(range(1, len(originals) + 1))
    assert len({row.figures for row in originals}) == len(originals)
    by_id = {row.id: row for row in originals}
    for row in rows:
        of = row if row.same_as is None else by_id[row.same_as]
        assert (row.version, row.figures) == (of.version, of.figures)


def test_twelve_workers_store_at_once(home: House) -> None:
    # Given twelve documents of one publisher and year, each with figures of its own
    origins = [arrive(home) for _ in range(12)]

    # When they are stored at the same moment
    at_once([partial(keep, home, origin, figure) for figure, origin in enumerate(origins)])

    # Then every number is there once, and what arrived last stands, whoever was first
    rows = kept(home)
    check(rows)
    assert len(rows) == 12
    (stands,) = [row for row in rows if row.standing]
    assert stands.document_id == origins[-1].document_id


@pytest.mark.parametrize("seed", range(2))
def test_workers_and_operators_at_once(home: House, seed: int) -> None:
    # Given two versions, and twelve who store few figures or put one of them back
    chance = random.Random(seed)
    first, second = bring(home, 0), bring(home, 1)
    jobs: list[Callable[[], object]] = [
        partial(keep, home, arrive(home), chance.randrange(5)) for _ in range(9)
    ]
    jobs += [partial(put_back, home, chance.choice((first, second)).report_id) for _ in range(3)]

    # When all do at the same moment
    at_once(jobs)

    # Then all is in order
    check(kept(home))


# --- any sequence, against a model -------------------------------------------------------------


@dataclass
class Model:
    """The rule, in memory: (document number, day fetched) of the files of each figure."""

    files: dict[int, list[tuple[int, int | None]]] = field(default_factory=dict)
    stands: int | None = None

    def store(self, number: int, figure: int, fetched: int | None) -> None:
        one = (number, fetched)
        if figure not in self.files and all(self.newer(one, f) for f in self.files.values()):
            self.stands = figure
        self.files.setdefault(figure, []).append((number, fetched))

    @staticmethod
    def newer(one: tuple[int, int | None], files: list[tuple[int, int | None]]) -> bool:
        days = [day for _, day in files if day is not None]
        if one[1] is not None and days and one[1] != min(days):
            return one[1] > min(days)
        return one[0] > min(number for number, _ in files)


FILES = st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3))


@settings(
    max_examples=2 * budgets.EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), files=st.lists(FILES, min_size=1, max_size=7))
def test_any_sequence_does_as_the_model(
    home: House, data: st.DataObject, files: list[tuple[int, int | None]]
) -> None:
    # Given documents that arrive in one order and are stored in another
    publisher = f"甲{next(_NUMBERS)}局"
    origins = [arrive(home, fetched) for _, fetched in files]
    model, reports = Model(), dict[int, int]()

    for number in data.draw(st.permutations(range(len(files)))):
        # When one is stored
        figure, fetched = files[number]
        filed = keep(home, origins[number], figure, publisher)
        model.store(number, figure, fetched)
        reports.setdefault(figure, filed.report_id)
        # and an operator puts one back now and then
        back = data.draw(st.none() | st.sampled_from(sorted(reports)))
        if back is not None and back != model.stands:
            put_back(home, reports[back])
            model.stands = back

        # Then what stands is what the model says, and all is in order
        rows = kept(home, publisher)
        check(rows)
        assert model.stands is not None
        assert [row.id for row in rows if row.standing] == [reports[model.stands]]


# --- very many ---------------------------------------------------------------------------------


def test_a_version_among_many_costs_no_more_than_among_few(home: House) -> None:
    if home.database.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite counts its steps")

    # Given a misread publisher, with a few versions
    number = itertools.count(1)
    for _ in range(20):
        bring(home, next(number))
    few = _steps(home, lambda: bring(home, next(number)))

    # When there are many
    for _ in range(100):
        bring(home, next(number))
    many = _steps(home, lambda: bring(home, next(number)))

    # Then the database goes no more steps for the next one
    assert many < few * 1.2


def _steps(home: House, work: Callable[[], object]) -> int:
    """Return how many dozens of steps SQLite's machine goes meanwhile."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def listen(connection: Any) -> None:
        connection.connection.set_progress_handler(count, 12)

    event.listen(home.database.engine, "begin", listen)
    try:
        work()
    finally:
        event.remove(home.database.engine, "begin", listen)
    return steps
