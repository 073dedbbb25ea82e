"""Servers of the tests' own: they keep their data over a kill, and lose it when it is wiped."""

import os

import pika  # type: ignore[import-untyped]
import pytest
import redis
from sqlalchemy import create_engine, text

from tests.servers import PostgresServer, RabbitServer, RedisServer, Server

pytestmark = [pytest.mark.process, pytest.mark.soak]


@pytest.fixture(params=[RedisServer, RabbitServer, PostgresServer])
def server(request: pytest.FixtureRequest) -> type[Server]:
    kind: type[Server] = request.param
    if not kind.available() and not os.environ.get("CI"):
        pytest.skip(f"{kind.kind} is not installed")
    return kind


def _keep(url: str) -> None:
    if url.startswith("redis"):
        with redis.Redis.from_url(url) as client:
            client.set("kept", 1)
    elif url.startswith("amqp"):
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            connection.channel().queue_declare("kept", durable=True)
    else:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE kept (id integer)"))
        engine.dispose()


def _kept(url: str) -> bool:
    if url.startswith("redis"):
        with redis.Redis.from_url(url) as client:
            return bool(client.exists("kept"))
    if url.startswith("amqp"):
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            try:
                connection.channel().queue_declare("kept", passive=True)
            except pika.exceptions.ChannelClosedByBroker:
                return False
            return True
    engine = create_engine(url)
    with engine.begin() as connection:
        found = connection.execute(text("SELECT to_regclass('kept')")).scalar_one()
    engine.dispose()
    return found is not None


def test_a_kill_keeps_the_data_and_a_wipe_loses_it(server: type[Server]) -> None:
    # Given
    with server() as running:
        _keep(running.url)

        # When
        running.kill()
        running.start()

        # Then
        assert _kept(running.url)

        # When
        running.shut()
        running.wipe()
        running.start()

        # Then
        assert not _kept(running.url)
        directory, pid = running.directory, running.pid

    assert pid is not None
    assert not directory.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
