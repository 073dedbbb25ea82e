"""An address that is listened on from construction until whoever serves is told to stop."""

import socket
import threading
from urllib.request import urlopen

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watcher.listener import Listener


async def _hello(_request: Request) -> Response:
    return PlainTextResponse("你好")


APPLICATION = Starlette(routes=[Route("/", _hello)])


def _accepts(listener: Listener) -> bool:
    host, port = listener.address.removeprefix("http://").rsplit(":", 1)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=60).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_who_comes_before_it_serves_is_answered_when_it_does(host: str) -> None:
    # Given an address that is listened on
    try:
        listener = Listener(host, 0)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    thread = threading.Thread(
        target=listener.serve, args=(APPLICATION,), kwargs={"connections": 10}
    )

    # When somebody asks, and it serves
    thread.start()
    with urlopen(listener.address, timeout=60) as answer:  # noqa: S310 - it is http
        said = answer.read().decode()

    # Then it answers; and when it is told to stop, nobody listens any more
    assert said == "你好"
    listener.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert not _accepts(listener)


def test_one_that_was_stopped_before_does_not_serve() -> None:
    # Given one that is told to stop before it has begun
    listener = Listener("127.0.0.1", 0)
    listener.stop()

    # When it is to serve, then it returns at once, and nobody listens
    listener.serve(APPLICATION, connections=10)
    assert not _accepts(listener)
