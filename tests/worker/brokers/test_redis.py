"""Redis that refuses (no memory, a replica, a wrong password), and what a lost answer leaves."""

import os
from collections.abc import Iterator
from typing import Any

import dramatiq
import pytest
import redis
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message

from tests.servers import RedisServer
from worker.errors import BrokerUnreachable
from worker.inbox import PROCESS, Inbox, Weakness, make_broker
from worker.settings import Settings

pytestmark = pytest.mark.process


@pytest.fixture
def server() -> Iterator[RedisServer]:
    if not RedisServer.available() and not os.environ.get("CI"):
        pytest.skip("redis-server is not installed")
    with RedisServer() as running:
        yield running


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as made:
        yield made


@pytest.fixture
def inbox(server: RedisServer) -> Iterator[Inbox]:
    made = Inbox(Settings(broker_url=server.url))
    yield made
    made.close()


def test_a_server_without_memory_is_waited_for(
    server: RedisServer, client: redis.Redis, inbox: Inbox
) -> None:
    # Given a message in the hands of a worker, and a server that has no memory left
    inbox.send([(1, "fast"), (2, "fast")])
    broker = make_broker(server.url)
    broker.declare_queue("fast")
    consumer = broker.consume("fast", prefetch=1, timeout=10)
    message = next(consumer)
    assert message is not None
    client.config_set("maxmemory", 1)

    # When anything is asked of it, then that passes
    with pytest.raises(BrokerUnreachable, match="no memory left"):
        inbox.send([(3, "fast")])
    assert inbox.examine().weakness is Weakness.FULL
    with pytest.raises(ConnectionClosed):
        consumer.ack(message)
    with pytest.raises(ConnectionClosed):
        broker.enqueue(Message("fast", PROCESS, (1,), {}, {}), delay=1000)

    # And when there is memory, all is as it was
    client.config_set("maxmemory", 0)
    consumer.ack(message)
    inbox.send([(3, "fast")])
    assert inbox.outstanding() == 2
    broker.close()


def test_what_is_sent_lies_as_dramatiq_lays_it(
    server: RedisServer, client: redis.Redis, inbox: Inbox
) -> None:
    # Given a message that Dramatiq has put on a queue itself
    broker = make_broker(server.url)
    broker.declare_queue("slow")
    broker.enqueue(Message("slow", PROCESS, (1,), {}, {}))
    theirs = _lying(client, "slow")

    # When others are sent, of two queues in turn
    inbox.send([(2, "slow"), (3, "fast"), (4, "slow")])

    # Then they lie where it does, in the same form and in order, to the byte
    assert _lying(client, "slow")[:1] == theirs
    ours = _lying(client, "slow")[1:] + _lying(client, "fast")
    assert [message.args for _, message in ours] == [(2,), (4,), (3,)]
    for key, message in ours:
        assert message.options == {"redis_message_id": key.decode()}
        assert client.hget(f"dramatiq:{message.queue_name}.msgs", key) == message.encode()
    assert len({message.message_id for _, message in [*theirs, *ours]}) == 4
    assert all(
        abs(one.message_timestamp - theirs[0][1].message_timestamp) < 60_000 for _, one in ours
    )
    assert client.keys("dramatiq:__acks__*") == []
    broker.close()


def _lying(client: redis.Redis, queue: str) -> list[tuple[bytes, Message[None]]]:
    """Return what lies on a queue, in order: the keys, and what is found by them."""
    keys: Any = client.lrange(f"dramatiq:{queue}", 0, -1)
    assert len(keys) == client.hlen(f"dramatiq:{queue}.msgs")
    return [(key, _decoded(client.hget(f"dramatiq:{queue}.msgs", key))) for key in keys]


def _decoded(data: Any) -> Message[None]:
    return Message.decode(data)


def test_a_replica_and_a_wrong_password_are_told_without_it(
    server: RedisServer, client: redis.Redis, inbox: Inbox
) -> None:
    # Given a server that became a replica of another
    client.replicaof(server.host, "1")
    with pytest.raises(BrokerUnreachable, match="is a replica"):
        inbox.send([(1, "fast")])
    assert inbox.examine().weakness is Weakness.READ_ONLY

    # and one that wants a password
    client.replicaof("NO", "ONE")
    client.config_set("requirepass", "right")
    wrong = server.url.replace("redis://", "redis://:wr0ng@")
    for url in (server.url, wrong):
        other = Inbox(Settings(broker_url=url))
        with pytest.raises(BrokerUnreachable, match="refuses") as caught:
            other.ping()
        assert "wr0ng" not in str(caught.value)
        other.close()


def test_what_a_lost_answer_held_comes_back(server: RedisServer, inbox: Inbox) -> None:
    # Given a worker that has one message in memory, and one delivered that it never got
    inbox.send([(1, "fast"), (2, "fast")])
    broker = make_broker(server.url)
    broker.declare_queue("fast")
    consumer = broker.consume("fast", prefetch=1, timeout=10)
    kept = next(consumer)
    assert kept is not None
    broker.do_fetch("fast", 1)  # type: ignore[attr-defined]

    # When it connects anew
    again = broker.consume("fast", prefetch=2, timeout=10)

    # Then that one comes again, and only that one
    message = next(again)
    assert message is not None
    assert (kept.args, message.args) == ((1,), (2,))
    assert next(again) is None
    again.ack(kept)
    again.ack(message)
    assert inbox.outstanding() == 0
    broker.close()


def test_delayed_messages_survive_the_connection_of_who_keeps_them(
    server: RedisServer, inbox: Inbox
) -> None:
    # Given a worker that keeps a delayed message, as Dramatiq does
    broker = make_broker(server.url)
    broker.declare_queue("fast")
    broker.enqueue(Message("fast", PROCESS, (1,), {}, {}), delay=60_000)
    consumer = broker.consume("fast.DQ", prefetch=10, timeout=10)
    assert next(consumer) is not None

    # When its connection is lost, upon which Dramatiq forgets the message
    again = broker.consume("fast.DQ", prefetch=10, timeout=10)

    # Then it comes again
    message = next(again)
    assert message is not None
    assert message.args == (1,)
    assert inbox.outstanding() == 1
    broker.close()


def test_a_server_that_hangs_is_given_up_within_seconds(
    server: RedisServer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server that is stopped, not ended
    monkeypatch.setattr("worker.brokers.redis._ANSWER_WITHIN", 2.0)  # it answers beside others
    impatient = Inbox(Settings(broker_url=server.url))
    impatient.ping()
    server.pause()

    # When it is asked, then it cannot be reached; and later it can
    with pytest.raises(BrokerUnreachable, match="cannot be reached"):
        impatient.backlog()
    server.resume()
    assert impatient.outstanding() == 0
    impatient.close()


def test_worker_processes_are_told_apart_by_host_and_counted_in_their_database(
    server: RedisServer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given workers with the same process id on two hosts, as in containers, and those of another
    # installation that has a database of its own on the same server
    def works(host: str, url: str) -> dramatiq.Broker:
        monkeypatch.setattr("socket.gethostname", lambda: host)
        broker = make_broker(url)
        for queue in ("fast", "slow"):
            broker.declare_queue(queue)
            next(broker.consume(queue, prefetch=1, timeout=10))
        return broker

    theirs = server.url.rpartition("/")[0] + "/7"
    at_work = [works("one", server.url), works("主机 two", server.url), works("three", theirs)]

    # When the server is examined, then two are counted
    assert inbox.examine().workers == 2
    for broker in at_work:
        broker.close()
