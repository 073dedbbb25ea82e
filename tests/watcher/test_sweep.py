"""What the queue lost is sent again: soon enough, and not without end."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from models.base import now
from models.ledger import State
from tests import brokers
from tests.watcher.station import Station
from watcher.sweep import Sweeper
from worker.errors import BrokerUnreachable
from worker.inbox import QUEUES, Backlog
from worker.send import Sender


@pytest.fixture
def station(build: Callable[..., Station]) -> Station:
    station = build(max_outstanding=5, lease=300.0)
    for n in range(8):
        station.drop(f"{n}.txt", b"%d" % n)
    station.settle()
    assert station.states() == {"queued": 5, "received": 3, "accepted": 8}
    return station


def sweeper(station: Station) -> Sweeper:
    sender = Sender(
        station.database, station.queue, station.settings.max_outstanding, station.clock
    )
    return Sweeper(station.settings, station.database, sender, station.clock)


def flush(station: Station) -> None:
    """Let the broker forget everything."""
    brokers.flush(station.settings.broker)


def lose(station: Station) -> None:
    """Let a broker that holds our mark lose every message."""
    station.queue.mark()
    brokers.purge(station.settings.broker)


def test_nothing_is_sent_while_there_is_no_room(station: Station) -> None:
    station.age(100_000)
    assert sweeper(station).tick() == 0
    assert station.queue.outstanding() == 5


def test_waiting_documents_are_sent_oldest_first_as_there_is_room(station: Station) -> None:
    # Given a queue that was worked off but for the states
    lose(station)
    with station.database.transaction() as session:
        for document in station.documents()[:5]:
            document.state = State.STORED
            session.merge(document)
    # When documents were just received, they are left to whoever is sending them
    station.age(0)
    assert sweeper(station).refill() == 0
    station.age(6)
    assert sweeper(station).refill() == 3
    # Then
    assert station.states() == {"stored": 5, "queued": 3, "accepted": 8}
    assert station.events().count("document.queued") == 8
    assert sweeper(station).refill() == 0


def test_the_first_sweep_leaves_nothing_to_others_and_the_second_comes_soon(
    station: Station,
) -> None:
    # Given documents received just before the watcher starts, and a queue with room
    lose(station)
    one = sweeper(station)
    # When it sweeps for the first time, then what waits is sent at once
    assert one.tick() == 3
    # And what the queue lost as soon as it is missed, not an interval later
    lose(station)
    station.age(6)
    station.clock.now += 5.0
    assert one.tick() == 5


def test_a_full_queue_is_refilled_every_second_not_every_sweep(station: Station) -> None:
    # Given a sweep that found no room
    one = sweeper(station)
    station.age(6)
    assert one.tick() == 0
    # When the queue is worked off
    lose(station)
    assert one.tick() == 0
    station.clock.now += 1.0
    # Then the next second sees it
    assert one.tick() == 3


def test_newcomers_that_found_no_room_do_not_wait_for_the_next_sweep(station: Station) -> None:
    # Given a sweep after which nothing waited
    sender = Sender(station.database, station.queue, 10_000, station.clock)
    one = Sweeper(station.settings, station.database, sender, station.clock)
    assert one.tick() == 3
    station.clock.now += 1.0
    assert one.tick() == 0
    # When newcomers find no room, and a moment later there is some
    with station.database.transaction() as session:
        session.execute(text("UPDATE documents SET state = 'received' WHERE id < 4"))
    sender._bounds = dict.fromkeys(sender._bounds, 0)
    assert sender.send_received([(1, "fast")]) == 0
    sender._bounds = dict.fromkeys(sender._bounds, 1000)
    station.age(1.5)
    assert one.tick() == 0
    station.clock.now += 1.0
    # Then the next second sees them
    assert one.tick() == 3


def test_a_flushed_queue_is_noticed_at_once(station: Station) -> None:
    # Given a broker that lost everything
    lose(station)
    one = sweeper(station)
    station.age(0)
    assert one.resend_lost() == 0
    station.age(6)
    # When
    assert one.resend_lost() == 5
    # Then all are on the queue again, and told; a second look finds nothing to do
    assert station.queue.outstanding() == 5
    assert station.events().count("document.resent") == 5
    assert one.resend_lost() == 0
    station.age(100_000)
    assert one.resend_lost() == 0


def test_a_part_that_was_lost_is_sent_after_the_lease(station: Station) -> None:
    # Given a queue that has two messages for five documents
    lose(station)
    station.queue.send([(1, "fast"), (2, "fast")])
    one = sweeper(station)
    station.age(270)
    assert one.resend_lost() == 0
    station.age(301)
    # Then as many as are missing are sent, once per lease
    assert one.resend_lost() == 3
    assert station.queue.outstanding() == 5
    assert one.resend_lost() == 0


def test_messages_of_other_documents_do_not_hide_a_loss_for_ever(station: Station) -> None:
    # Given messages that nobody needs, and room beside them
    lose(station)
    with station.database.transaction() as session:
        for document in station.documents()[2:]:
            document.state = State.STORED
            session.merge(document)
    station.queue.send([(7, "fast"), (8, "fast"), (8, "fast")])
    one = sweeper(station)
    station.age(1000)
    assert one.resend_lost() == 0
    station.age(4000)
    # Then
    assert one.resend_lost() == 2
    station.age(4000)
    assert one.resend_lost() == 0


def test_a_server_that_lost_everything_is_known_by_its_mark(station: Station) -> None:
    # Given a server that was marked, lost everything, and has a few new messages since
    one = sweeper(station)
    assert one.resend_lost() == 0
    assert not station.queue.backlog().forgot
    flush(station)
    station.queue.send([(1, "fast"), (2, "fast")])
    # When the sweeper looks, then all that was queued is sent again as soon as there is room
    assert one.resend_lost() == 3
    assert one.resend_lost() == 0
    brokers.purge(station.settings.broker)
    assert one.resend_lost() == 2
    # And once only; then the server has its mark again
    assert station.queue.backlog().forgot
    assert one.resend_lost() == 0
    assert not station.queue.backlog().forgot
    assert one.resend_lost() == 0


def test_what_workers_may_hold_unseen_is_not_taken_for_lost(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server that does not tell what workers hold: three of five messages may be theirs
    one = sweeper(station)
    counted = dict.fromkeys(QUEUES, 0) | {"fast": 1, "ocr": 1}
    monkeypatch.setattr(station.queue, "backlog", lambda: Backlog(counted, unseen=3))
    station.age(1170)
    assert one.resend_lost() == 0
    station.age(3000)
    assert one.resend_lost() == 0
    # When one more is missing, then it is sent once nobody can hold it, delayed messages included
    counted["ocr"] = 0
    station.age(1170)
    assert one.resend_lost() == 0
    station.age(1201)
    assert one.resend_lost() == 1


def test_expired_leases_are_sent_once_per_lease(station: Station) -> None:
    # Given two documents whose workers are gone, and one that is being worked on
    moment = now()
    with station.database.transaction() as session:
        for number, document in enumerate(station.documents()[:3]):
            document.state = State.PROCESSING
            document.updated_at = moment - timedelta(seconds=400)
            late = timedelta(seconds=60)
            document.lease_expires_at = moment + late if number == 2 else moment - late
            session.merge(document)
    one = sweeper(station)
    # When
    assert one.resend_expired() == 2
    # Then the state stays, and nothing is sent again before another lease has passed
    assert [document.state for document in station.documents()[:3]] == ["processing"] * 3
    assert station.events().count("document.lease_expired") == 2
    assert one.resend_expired() == 0
    station.age(301)
    assert one.resend_expired() == 2


def test_a_broker_that_is_away_is_asked_now_and_then(build: Callable[..., Station]) -> None:
    station = build(broker_url="unix:///nowhere/broker.sock")
    sender = Sender(station.database, station.queue, 10, station.clock)
    one = Sweeper(station.settings, station.database, sender, station.clock)

    assert one.tick() == 0
    assert sender.away
    assert sender.rooms() == {}
    assert sender.send_received([(1, "fast")]) == 0


def test_a_broker_that_is_away_is_not_asked_before_its_pause_is_over(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a broker that was found away
    asked: list[str] = []

    def away(*_: object) -> int:
        asked.append("asked")
        raise BrokerUnreachable("away")

    monkeypatch.setattr(station.queue, "backlog", away)
    monkeypatch.setattr(station.queue, "send", away)
    one = sweeper(station)
    assert one.refill() == 0
    assert asked == ["asked"]
    # When everything else is tried within the pause
    station.age(100_000, state=State.PROCESSING, lease_expires_at=now() - timedelta(seconds=9))
    assert one.resend_lost() + one.resend_expired() + one.refill() == 0
    # Then it was left alone, and is asked after the pause
    assert asked == ["asked"]
    station.clock.now += 6
    assert one.resend_lost() == 0
    assert len(asked) == 2


def test_a_lease_that_ended_while_the_clock_was_ahead_is_not_forgotten(station: Station) -> None:
    # Given a lease that is over, of which the sweeper reminded as of the day after tomorrow
    with station.database.transaction() as session:
        held = station.documents()[0]
        held.state, held.attempt_id = State.PROCESSING, 1
        held.lease_expires_at = now() - timedelta(minutes=1)
        held.updated_at = now() + timedelta(days=2)
        session.merge(held)
    # When the clock is right again, then it reminds once
    sweep = sweeper(station)
    assert sweep.resend_expired() == 1
    assert sweep.resend_expired() == 0


def test_a_clock_that_was_set_back_keeps_nothing_waiting(station: Station) -> None:
    # Given documents that wait, are queued and are worked on, as of the day after tomorrow
    lose(station)
    station.age(-2 * 86_400)
    with station.database.transaction() as session:
        held = station.documents()[0]
        held.state, held.attempt_id = State.PROCESSING, 1
        held.lease_expires_at = now() + timedelta(days=2)
        session.merge(held)
    sweep = sweeper(station)
    # When it is swept, twice
    sweep.catch_up()
    assert sweep.resend_expired() == 1
    # Then as many have a message as there is room for, besides what was worked on
    assert station.queue.outstanding() == 5 + 1
    assert [one.updated_at > now() for one in station.documents()].count(True) == 8 - 6
