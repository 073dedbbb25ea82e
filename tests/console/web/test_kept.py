"""Counts are made anew as soon as anything has happened, and not before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.web.kept import LONGEST, Kept
from models.event import EventName
from tests.console.web.conftest import Console
from tests.console.web.test_deciding import fields, send
from tests.worker.house import House, house
from worker.logs import record


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def get(kept: Kept, home: House, key: object, count: Counting) -> int:
    with home.database.reading() as session:
        return kept.get(session, key, count)


def happen(home: House) -> None:
    with home.database.transaction() as session:
        record(session, EventName.DOCUMENT_QUEUED, document_id=1)


def test_a_count_is_kept_until_something_happens(home: House) -> None:
    # Given a count that was made
    kept, count = Kept(Clock()), Counting()
    assert get(kept, home, "a", count) == 1

    # Then it counts until something happens
    assert get(kept, home, "a", count) == 1
    happen(home)
    assert get(kept, home, "a", count) == 2
    assert get(kept, home, "a", count) == 2


def test_what_is_counted_otherwise_is_another_count(home: House) -> None:
    kept, count = Kept(Clock()), Counting()
    assert [get(kept, home, key, count) for key in ("a", "b", "a")] == [1, 2, 1]


def test_a_count_is_made_anew_after_a_while(home: House) -> None:
    # Given
    clock, count = Clock(), Counting()
    kept = Kept(clock)
    get(kept, home, "a", count)

    # When nothing happens for long
    clock.now += LONGEST - 0.001
    assert get(kept, home, "a", count) == 1
    clock.now += 0.001

    # Then
    assert get(kept, home, "a", count) == 2


def test_only_so_many_counts_are_kept(home: House) -> None:
    # Given a count, and very many after it
    kept, count = Kept(Clock()), Counting()
    for number in range(1000):
        get(kept, home, number, count)

    # Then the first is forgotten, the last is not
    assert get(kept, home, 999, count) == 1000
    assert get(kept, home, 0, count) == 1001


def test_a_count_that_fails_is_not_kept(home: House) -> None:
    # Given
    kept, count = Kept(Clock()), Counting()

    def failing() -> int:
        raise RuntimeError("the database went away")

    # When
    with home.database.reading() as session, pytest.raises(RuntimeError):
        kept.get(session, "a", failing)

    # Then
    assert get(kept, home, "a", count) == 1


def test_facets_follow_what_is_stored_and_decided(stocked: Console) -> None:
    # Given pages whose counts are kept
    stocked.add_users()
    browser = stocked.browser("operator")
    assert "<h1>Dead letters <small>2</small>" in browser.get("/dead")
    assert "<small>1</small></h1>" in browser.get("/reports?all_versions=true")

    # When an operator accepts the dead letter of a report
    asked = fields(browser.get("/dead/1/decide?action=accept"), "/dead/1/decide")
    send(browser, "/dead/1/decide", asked | {"note": "as published"})

    # Then both show it at once
    assert "<h1>Dead letters <small>1</small>" in browser.get("/dead")
    assert "<small>2</small></h1>" in browser.get("/reports?all_versions=true")
