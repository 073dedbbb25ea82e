"""Telling of new dead letters: real letters, real HTTP servers."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from console.notify import message, outbox
from console.notify.channels import Apprise, Channel, Envelope, Webhook, channels
from console.notify.notifier import Notifier
from models.base import now
from models.disclosure.finding import Reason
from models.event import Event, EventName
from models.notification import Channel as Known
from models.notification import Notification, Told
from tests.worker.house import House, house, raising, until
from worker.dead_letter import discard
from worker.errors import Refused, SettingsError
from worker.settings import Settings


@dataclass
class Received:
    """What an HTTP server was sent, and how it answers."""

    url: str = ""
    status: int = 204
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[Any]:
        return [orjson.loads(body) for _, body in self.requests]


@contextmanager
def listening() -> Iterator[Received]:
    """Have a server that takes whatever is posted."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(received.status)
            if received.status == 302:
                self.send_header("Location", received.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_address[1]}/hook/secret-part"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hook() -> Iterator[Received]:
    with listening() as received:
        yield received


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def die(home: House, *contents: str, reason: Reason = Reason.ENCRYPTED) -> list[int]:
    """Let documents die; return the ids of their letters."""
    letters = []
    for content in contents:
        document_id = home.arrive(content.encode(), f"{content}.txt")
        home.pipeline(raising(Refused(reason, "-"))).run(document_id)
        letters.append(home.letters(document_id)[-1].id)
    return letters


def tell(home: House, channel: Channel, times: int = 1, interval: float = 300.0) -> None:
    notifier = Notifier(home.database, [channel], interval)
    for _ in range(times):
        notifier.step(channel)


def let_pass(home: House) -> None:
    """Let whatever was waited for be over."""
    with home.database.transaction() as session:
        session.execute(update(Known).values(due_at=now()))
        session.execute(update(Notification).values(due_at=now()))


def test_one_message_tells_of_all_that_are_new(home: House, hook: Received) -> None:
    # Given a letter from before, and then seven
    die(home, "old")
    channel = Webhook(hook.url)
    tell(home, channel)
    assert hook.requests == []
    letters = [*die(home, *"abcdef"), *die(home, "g", reason=Reason.EMPTY)]

    # When it is told, as often as it likes
    tell(home, channel, times=5)

    # Then one message has the counts, and the first few
    (told,) = hook.bodies
    assert told["type"] == "dead_letters.new"
    assert told["data"]["count"] == 7
    assert told["data"]["reasons"] == [
        {"reason": "encrypted", "count": 6},
        {"reason": "empty", "count": 1},
    ]
    assert [letter["id"] for letter in told["data"]["letters"]] == letters[:5]
    assert told["data"]["letters"][0]["name"] == "a.txt"
    assert told["data"]["more"] == 2


def test_the_next_message_waits_for_its_time(home: House, hook: Received) -> None:
    # Given
    channel = Webhook(hook.url)
    tell(home, channel)
    die(home, "a")
    tell(home, channel)

    # When others die within the interval, and after it
    die(home, "b", "c")
    tell(home, channel, times=3)
    assert len(hook.requests) == 1
    let_pass(home)
    tell(home, channel, times=3)

    # Then they are told together
    assert [told["data"]["count"] for told in hook.bodies] == [1, 2]


def test_what_is_not_taken_is_sent_again_with_its_id_and_survives_a_restart(
    home: House, hook: Received
) -> None:
    # Given a receiver that is in trouble
    tell(home, Webhook(hook.url))
    hook.status = 503
    die(home, "a")
    tell(home, Webhook(hook.url), times=3)
    assert len(hook.requests) == 1  # it waits before it is sent again

    # When others die meanwhile, and the receiver is well again after a restart
    die(home, "b")
    hook.status = 200
    let_pass(home)
    tell(home, Webhook(hook.url))
    let_pass(home)
    tell(home, Webhook(hook.url))

    # Then the first came twice, as the same message; the other in the next
    ids = [headers["webhook-id"] for headers, _ in hook.requests]
    assert ids[0] == ids[1] != ids[2]
    assert [told["data"]["count"] for told in hook.bodies] == [1, 1, 1]
    with home.database.reading() as session:
        sent = session.scalar(select(func.count()).where(Notification.sent_at.is_not(None)))
        names = session.scalars(select(Event.name).where(Event.document_id.is_(None))).all()
    assert sent == 2
    assert names.count(EventName.NOTIFICATION_SENT) == 2


def test_pauses_grow_and_end(home: House, hook: Received) -> None:
    # Given
    channel = Webhook(hook.url)
    tell(home, channel)
    hook.status = 500
    die(home, "a")
    outbox.collect(home.database, channel.name, timedelta(0))
    pauses = []
    for _ in range(10):
        due = outbox.take(home.database, channel.name)
        assert due is not None
        pauses.append(outbox.undelivered(home.database, channel.name, due, "HTTP 500"))
        let_pass(home)

    # Then
    assert [one and one.total_seconds() for one in pauses] == [
        *(15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600)
    ]

    # When it has been tried for three days
    with home.database.transaction() as session:
        session.execute(update(Notification).values(created_at=now() - timedelta(days=4)))
    tell(home, channel)
    die(home, "b")
    hook.status = 200
    let_pass(home)
    tell(home, channel)

    # Then it is given up, and what comes next is told
    assert hook.bodies[-1]["data"]["count"] == 1
    assert hook.bodies[-1]["data"]["letters"][0]["name"] == "b.txt"


def test_of_several_notifiers_one_tells(home: House, hook: Received) -> None:
    # Given
    channel = Webhook(hook.url)
    tell(home, channel)
    die(home, *"abc")

    # When four look at once
    start = threading.Barrier(4)

    def look() -> None:
        start.wait(30)
        tell(home, channel, times=3)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    # Then
    assert [told["data"]["count"] for told in hook.bodies] == [3]


def test_what_was_decided_meanwhile_is_not_told(home: House, hook: Received) -> None:
    # Given
    channel = Webhook(hook.url)
    tell(home, channel)
    letters = die(home, "a", "b")
    with home.database.transaction() as session:
        discard(session, letters[:1], note="x", operator="y")

    # When
    tell(home, channel)

    # Then
    assert [letter["name"] for letter in hook.bodies[0]["data"]["letters"]] == ["b.txt"]


def test_what_was_told_long_ago_is_not_kept_in_mind(home: House, hook: Received) -> None:
    # Given letters that were told, and are old now
    channel = Webhook(hook.url)
    tell(home, channel)
    die(home, "a", "b")
    tell(home, channel)
    with home.database.transaction() as session:
        session.connection().exec_driver_sql(
            "UPDATE dead_letters SET created_at = '2001-01-01 00:00:00+00'"
            if home.database.engine.dialect.name == "postgresql"
            else "UPDATE dead_letters SET created_at = '2001-01-01 00:00:00.000000'"
        )

    # When another one is told
    die(home, "c")
    let_pass(home)
    tell(home, channel)
    let_pass(home)
    tell(home, channel)

    # Then only that is remembered, and nothing was told twice
    assert [told["data"]["count"] for told in hook.bodies] == [2, 1]
    assert home.count(Told) == 1


def test_the_body_is_signed(hook: Received) -> None:
    # Given a secret as Standard Webhooks writes it
    key = b"0123456789abcdef01234567"
    secret = "whsec_" + base64.b64encode(key).decode()

    # When
    Webhook(hook.url, secret).send(Envelope("the-id", "2026-01-05", {"count": 1}))

    # Then whoever knows it finds that nobody else has written the message
    (headers, body) = hook.requests[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"


def test_without_a_secret_nothing_is_signed(hook: Received) -> None:
    Webhook(hook.url).send(Envelope("i", "t", {}))
    assert "webhook-signature" not in hook.requests[0][0]


def test_no_redirect_is_followed(home: House, hook: Received) -> None:
    hook.status = 302
    channel = Webhook(hook.url)
    tell(home, channel)
    die(home, "a")
    tell(home, channel)
    assert len(hook.requests) == 1
    with home.database.reading() as session:
        assert session.scalar(select(Notification.error)) == "HTTP 302"


def test_nobody_there_is_told_without_the_address(home: House) -> None:
    # Given an address where nobody ever listens: another may be somebody's by now
    channel = Webhook("http://127.0.0.1:1/hook/secret-part")
    tell(home, channel)
    die(home, "a")

    # When
    tell(home, channel)

    # Then
    with home.database.reading() as session:
        error = session.scalar(select(Notification.error))
    assert error == "ConnectionRefusedError"
    assert "secret-part" not in channel.name


def test_apprise_tells_people(home: House, hook: Received) -> None:
    # Given the address of a service as Apprise writes it
    channel = Apprise(hook.url.replace("http://", "json://"))
    tell(home, channel)
    die(home, "年报")

    # When
    tell(home, channel)

    # Then
    (told,) = hook.bodies
    assert "1 件新死信" in told["title"]
    assert "文件加密 encrypted" in told["message"]
    assert "年报.txt" in told["message"]


def test_a_service_that_does_not_take_it_is_tried_again(home: House, hook: Received) -> None:
    hook.status = 500
    channel = Apprise(hook.url.replace("http://", "json://"))
    tell(home, channel)
    die(home, "a")
    tell(home, channel)
    with home.database.reading() as session:
        assert session.scalar(select(Notification.error)) == "the service did not take it"


def test_it_runs_until_it_is_stopped_also_while_the_database_is_away(
    home: House, hook: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a notifier that runs, whose database fails at first
    channel = Webhook(hook.url)
    notifier = Notifier(home.database, [channel], 300.0, look=0.01)
    outbox.open_channel(home.database, channel.name)
    failures = 3
    usual = outbox.collect

    def collect(*arguments: Any) -> bool:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise OperationalError("SELECT", {}, Exception("away"))
        return usual(*arguments)

    monkeypatch.setattr(outbox, "collect", collect)
    die(home, "a")
    thread = threading.Thread(target=notifier.run)
    thread.start()

    # When it has come back, then it is told
    try:
        until(lambda: hook.requests)
    finally:
        notifier.stop()
        thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"notify_webhook": "ftp://x/y"}, "notify_webhook"),
        ({"notify_webhook": "https:///y"}, "notify_webhook"),
        ({"notify_webhook": "http://x/", "notify_secret": "whsec_?"}, "notify_secret"),
        ({"notify_apprise": "nosuch://x"}, "nosuch://… is not understood"),
    ],
)
def test_what_cannot_be_an_address_is_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        channels(Settings(**settings))  # type: ignore[arg-type]


def test_each_address_is_told_by_itself() -> None:
    settings = Settings(notify_webhook="http://a/ http://b/", notify_apprise="json://c")
    names = [channel.name for channel in channels(settings)]
    assert len(set(names)) == 3
    assert [name.partition(":")[0] for name in names] == ["webhook", "webhook", "apprise"]


def test_many_reasons_are_told_in_one_line() -> None:
    data = message.compose([("imbalanced", 3), ("empty", 2), ("timeout", 1), ("encrypted", 1)], [])
    assert message.title(data) == (
        "勾稽 gouji: 7 件新死信 new dead letters"
        "（勾稽不平 imbalanced 3，空文件 empty 2，处理超时 timeout 1 …）"
    )
