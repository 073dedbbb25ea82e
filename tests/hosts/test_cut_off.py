"""Documents flow over three hosts; one is cut off in mid-work, and joined again."""

import random
import signal

import pytest
from sqlalchemy import select

from models.ledger import Attempt, AttemptOutcome
from tests.budgets import BROKEN
from tests.fault.accounts import settle
from tests.fault.material import Dropped, drop, expected, material
from tests.hosts.house import House, at_rest, until

pytestmark = [pytest.mark.process, pytest.mark.soak]

_COUNT = 40
_LONG = 300.0


def dropped(house: House, count: int, seed: int) -> list[Dropped]:
    """Return what is to be dropped; names are not those of another seed."""
    files = material(random.Random(seed), count)
    return [Dropped(b"%d-%s" % (seed, file.name), file.data) for file in files]


def outcomes(house: House) -> list[str | None]:
    with house.database.reading() as session:
        return list(session.scalars(select(Attempt.outcome)))


@pytest.mark.parametrize(
    ("point", "way"),
    [
        ("work.inspected", "unplugged"),
        ("store.entered", "silent"),
        ("store.entered", "unplugged"),
        ("store.committed", "silent"),
    ],
)
def test_a_worker_that_is_cut_off(house: House, point: str, way: str) -> None:
    # Given documents that a watcher on one host takes in, and a worker on another that has one in
    # its hands
    first = dropped(house, _COUNT, 1)
    watcher, worker, other = house.site(), house.site(), house.site()
    drop(first, watcher.inbox)
    worker.stop_at(point)
    watcher.run("watch")
    worker.run("work")
    until(worker.stopped, _LONG, house.story)

    # When it is cut off for longer than its lease, goes on, and another works on a third host
    worker.host.cut_off(way)
    worker.go_on()
    other.run("work")
    until(lambda: at_rest(house.database, _COUNT), _LONG, house.story)

    # Then what it had is done by the other, and when it comes back it does not do it again
    worker.host.join()
    if point != "store.committed":
        until(lambda: "attempt.superseded" in worker.said(), _LONG, house.story)
        assert outcomes(house).count(AttemptOutcome.LOST) >= 1
    # And it works on with the others
    other.host.signal(signal.SIGKILL)
    second = dropped(house, 10, 2)
    drop(second, watcher.inbox)
    until(lambda: at_rest(house.database, _COUNT + 10), _LONG, house.story)
    accounts = settle(house.database, house.archive, expected(first + second, []))
    accounts.check(house.story)


@pytest.mark.skipif("hosts" not in BROKEN, reason="GOUJI_TEST_BROKEN does not name hosts")
@pytest.mark.parametrize(
    ("point", "way"),
    [
        ("archive.copied", "silent"),
        ("intake.entered", "unplugged"),
        ("intake.committed", "silent"),
        ("send.sent", "unplugged"),
    ],
)
def test_a_watcher_that_is_cut_off(house: House, point: str, way: str) -> None:
    # Given a watcher in the middle of taking in
    files = dropped(house, _COUNT, 3)
    watcher, worker = house.site(), house.site()
    drop(files, watcher.inbox)
    watcher.stop_at(point)
    watcher.run("watch")
    worker.run("work")
    until(watcher.stopped, _LONG, house.story)

    # When it is cut off until it has noticed, and joined again
    watcher.host.cut_off(way)
    watcher.go_on()
    until(lambda: '"intake.failed"' in watcher.said(), _LONG, house.story)
    watcher.host.join()

    # Then every file has come in once
    until(lambda: at_rest(house.database, _COUNT), _LONG, house.story)
    until(lambda: not [path for path in watcher.inbox.iterdir() if path.is_file()], _LONG, str)
    accounts = settle(house.database, house.archive, expected(files, []))
    accounts.check(house.story)
