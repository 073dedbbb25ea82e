"""What strangers, slow ones and busy ones may do to the push source."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models import token
from tests import brokers
from tests.watcher.pushing import SOURCE, pushing
from tests.watcher.station import Station
from watcher.scrapy import Parcel, Pusher
from watcher.serve import PushServer

PATH = "/api/v1/documents"
Open = Callable[..., tuple[PushServer, str]]


@pytest.fixture
def station(tmp_path: Path, embedded_broker: str) -> Iterator[Station]:
    with brokers.empty("embedded", embedded_broker) as url:
        station = Station(tmp_path, broker_url=url, max_bytes=1_000_000)
        yield station
        station.close()


@pytest.fixture
def door(station: Station) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda **limits: stack.enter_context(pushing(station, replace(SOURCE, **limits)))


def ask(server: PushServer, secret: str, body: bytes = b"report", **headers: str) -> Any:
    """Push a document; return the answer."""
    place = server.address.removeprefix("http://")
    with closing(http.client.HTTPConnection(place, timeout=60)) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", PATH, body, {"Authorization": f"Bearer {secret}"} | given)
        answer = connection.getresponse()
        answer.read()
        return answer


def dial(server: PushServer) -> socket.socket:
    host, _, port = server.address.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def heard(connection: socket.socket) -> bytes:
    """Return what the server says until it hangs up."""
    said = b""
    try:
        while data := connection.recv(65536):
            said += data
    except ConnectionResetError:
        pass
    return said


def test_guessing_tokens_is_slowed_down(door: Open, station: Station) -> None:
    # Given somebody who tries five tokens
    server, secret = door(failures=5)
    assert [ask(server, f"guess{n}").status for n in range(5)] == [401] * 5
    # When more are tried, then none is even looked at, valid or not
    answer = ask(server, "guess")
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 12
    assert ask(server, secret).status == 429
    assert station.states() == {}


def test_a_holder_is_heard_whoever_else_guesses_from_there(door: Open) -> None:
    # Given a holder who has been here before, and somebody who guesses from the same address
    server, secret = door(failures=3)
    assert ask(server, secret).status == 202
    assert [ask(server, "guess").status for _ in range(4)] == [401, 401, 401, 429]
    # Then the holder is heard still
    assert ask(server, secret).status == 200


def test_a_revoked_token_is_a_guess_like_any_other(door: Open, station: Station) -> None:
    server, secret = door(failures=2)
    assert ask(server, secret).status == 202
    with station.database.transaction() as session:
        token.revoke(session, "crawler")

    assert [ask(server, secret).status for _ in range(3)] == [401, 401, 429]


def test_what_refuses_says_nothing_of_why(door: Open, station: Station) -> None:
    # Given a token that is revoked, and one that never was
    server, secret = door()
    with station.database.transaction() as session:
        token.revoke(session, "crawler")

    # Then both are refused alike
    def told(given: str) -> tuple[int, dict[str, str]]:
        answer = ask(server, given)
        return answer.status, {k: v for k, v in answer.headers.items() if k.lower() != "date"}

    assert told(secret) == told("gouji_unknown") == told("")


def test_one_token_comes_only_so_often(door: Open, station: Station) -> None:
    # Given two holders
    server, secret = door(rate=3)
    with station.database.transaction() as session:
        other = token.issue(session, "other")
    # When one of them is busy
    assert [ask(server, secret).status for _ in range(4)] == [202, 200, 200, 429]
    # Then the other is not concerned
    assert ask(server, other).status == 200


def test_the_pipeline_waits_as_long_as_it_is_told(door: Open) -> None:
    # Given a busy holder
    server, secret = door(rate=2)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            time.sleep(1)

    pusher = Pusher(server.address, secret, sleep)
    for n in range(2):
        pusher.push(Parcel(b"%d" % n, "a.txt", {}))
    # When one more comes, then it asks again after the time it was told
    with pytest.raises(OSError, match="429"):
        pusher.push(Parcel(b"3", "a.txt", {}))
    assert slept
    assert all(0 < seconds <= 30 for seconds in slept)


def test_an_address_is_only_believed_from_a_proxy(door: Open) -> None:
    # Given nobody who is believed, when one guesses under many names, then it is one
    server, _ = door(failures=2)
    tried = [ask(server, "guess", X_Forwarded_For=f"192.0.2.{n}").status for n in range(4)]
    assert tried == [401, 401, 429, 429]


def test_what_a_proxy_says_counts(door: Open) -> None:
    # Given a proxy, and what a client has put before what the proxy adds
    server, _ = door(failures=2, proxies=("127.0.0.1",))
    forged = [ask(server, "g", X_Forwarded_For=f"10.9.8.{n}, 192.0.2.1").status for n in range(3)]
    assert forged == [401, 401, 429]
    assert ask(server, "guess", X_Forwarded_For="192.0.2.2").status == 401


@pytest.mark.parametrize(
    "said",
    [b"", b"POST /api/v1/documents HTTP/1.1\r\nHost: a\r\nX-Slow: "],
    ids=["nothing", "half a header"],
)
def test_who_does_not_go_on_is_hung_up_on(door: Open, said: bytes) -> None:
    server, secret = door(timeout=2.0)
    with dial(server) as connection:
        connection.sendall(said)
        assert heard(connection) == b""
    assert ask(server, secret).status == 202


def test_headers_that_trickle_in_are_too_slow_all_the_same(door: Open) -> None:
    server, _ = door(timeout=2.0)
    with dial(server) as connection:
        connection.sendall(b"POST /api/v1/documents HTTP/1.1\r\n")
        assert any(_is_refused(connection, b"X-A: b\r\n") for _ in range(400))


def test_a_second_request_has_to_come_in_time_too(door: Open) -> None:
    server, secret = door(timeout=2.0)
    request = f"GET {PATH}/1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {secret}\r\n\r\n"
    with dial(server) as connection:
        connection.sendall(request.encode() + b"GET /half HTTP/1.1\r\nX-")
        assert heard(connection).startswith(b"HTTP/1.1 404")


def test_a_body_that_does_not_come_is_given_up(door: Open, station: Station) -> None:
    server, secret = door(timeout=2.0)
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {secret}\r\n"
    with dial(server) as connection:
        connection.sendall(head.encode() + b"Content-Length: 100\r\n\r\nabc")
        assert heard(connection).startswith(b"HTTP/1.1 408")
    assert station.states() == {}


def test_a_body_that_is_slow_but_comes_is_taken(door: Open) -> None:
    # Given one whose parts come within the time each, and their sum does not
    server, secret = door(timeout=3.0)
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {secret}\r\n"
    with dial(server) as connection:
        connection.sendall(head.encode() + b"Connection: close\r\nContent-Length: 60000\r\n\r\n")
        for _ in range(12):
            connection.sendall(b"x" * 5_000)
            time.sleep(0.3)
        assert heard(connection).startswith(b"HTTP/1.1 202")


def test_too_many_headers_are_refused(door: Open) -> None:
    server, secret = door()
    with dial(server) as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 50_000)
        except OSError:
            pass  # it hung up before all was sent
        else:
            assert heard(connection).startswith((b"HTTP/1.1 400", b""))
    assert ask(server, secret).status == 202


def test_one_address_has_only_a_part_of_all_connections(door: Open) -> None:
    # Given a machine that opens many connections and says nothing
    server, _ = door(connections=20, timeout=60)
    with ExitStack() as stack:
        opened = [stack.enter_context(dial(server)) for _ in range(12)]
        for connection in opened:
            connection.settimeout(0.1)
        # Then all but a few are hung up on
        deadline = time.monotonic() + 60
        while sum(map(_is_open, opened)) > 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sum(map(_is_open, opened)) == 5


def _is_refused(connection: socket.socket, data: bytes) -> bool:
    time.sleep(0.05)
    try:
        connection.sendall(data)
    except OSError:
        return True
    return False


def _is_open(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except TimeoutError:
        return True
    except OSError:
        return False
