"""What only grows is counted once, and nothing that is committed late is left out."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from console.metrics.growing import MATURE, Growing
from console.queries import telemetry
from models.ledger import Arrival
from tests.worker.house import House, house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


def arrive(home: House, number: int) -> None:
    """Let an arrival come with an id, whatever ids there are."""
    with home.database.transaction() as session:
        session.add(
            Arrival(
                id=number, source="x", path=b"%d" % number, name="", inode=1, size=1, mtime_ns=1,
                state="ignored",
            )
        )  # fmt: skip


def test_rows_are_counted_once_and_late_ones_too(home: House) -> None:
    # Given a counter, and what it asks for
    moment, asked = [0.0], []

    def count(session: Session, low: int | None, high: int | None) -> Counter[str]:
        asked.append((low, high))
        return telemetry.arrivals(session, low, high)

    growing = Growing(count, telemetry.newest_arrival, clock=lambda: moment[0])

    def total() -> int:
        with home.database.reading() as session:
            return growing.total(session)[""]

    for number in (10, 20, 30):
        arrive(home, number)
    assert total() == 3

    # When one with a smaller id is committed after it was counted
    moment[0] += MATURE - 1
    arrive(home, 15)

    # Then it counts
    assert total() == 4

    # When the mark is old enough, and more come
    moment[0] += 1
    arrive(home, 40)
    assert total() == 5
    arrive(home, 50)
    asked.clear()

    # Then what lies behind the mark is not read again
    assert total() == 6
    assert asked == [(30, None)]


def test_it_never_goes_down_and_ends_exact(home: House) -> None:
    # Given a counter that is asked now and then while rows come
    moment, seen = [0.0], []
    growing = Growing(telemetry.arrivals, telemetry.newest_arrival, clock=lambda: moment[0])

    # When many come
    for number in range(1, 40):
        arrive(home, number)
        moment[0] += MATURE / 3
        with home.database.reading() as session:
            seen.append(growing.total(session)[""])

    # Then each was counted at once, and once
    assert seen == list(range(1, 40))
