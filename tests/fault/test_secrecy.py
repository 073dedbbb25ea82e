"""What files hold, and what gives access, is in no log, whatever goes wrong and at every level."""

import http.client
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select

from models import token
from models.dead_letter import DeadLetter
from models.event import Event
from models.ledger import Arrival, Attempt
from tests.fault.running import Running, until
from tests.servers import free_port

pytestmark = pytest.mark.process

CANARY = "CANARY7f3a"
"""In what files hold; names of files, publishers and titles are told, and have none of it."""
FIGURE = "7.770731"
SECRET = "SECRET9b1c"  # noqa: S105 - it is looked for
SEED = (Path(__file__).parents[1] / "data" / "seeds" / "001_978f6dfc59ee8d2b.txt").read_text(
    "utf-8"
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.end()


def member(name: str, data: bytes) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr(name, data)
    return packed.getvalue()


def files() -> dict[str, bytes]:
    """Files of every fate, each with the canary inside."""
    new_requests = "一、本年新收政府信息公开申请数量\t\t"
    assert new_requests in SEED
    return {
        "stored.txt": f"{SEED}\n附注 {CANARY}\n".encode(),
        "value.txt": SEED.replace(f"{new_requests}9", f"{new_requests}{FIGURE}").encode(),
        "imbalanced.txt": f"{SEED}{CANARY}".replace(
            f"{new_requests}9", f"{new_requests}8"
        ).encode(),
        "no-report.txt": f"通知 {CANARY} 关于召开会议".encode(),
        "broken.docx": member("word/document.xml", f"<w:document {CANARY}".encode()),
        "broken.zip": member(f"{CANARY}.txt", CANARY.encode() * 100)[:60],
        "nested.zip": member("inside.txt", f"{SEED}{CANARY}2".encode()),
        "broken.pdf": f"%PDF-1.7\n{CANARY} 1 0 obj << /Type /{CANARY}".encode(),
        "broken.html": f"<html><table><tr><td>{CANARY}".encode(),
        "broken.rtf": rf"{{\rtf1 \{CANARY} {CANARY}".encode(),
        "picture.png": b"\x89PNG\r\n\x1a\n" + CANARY.encode(),
        "bytes.bin": CANARY.encode() + bytes(range(256)),
    }


def everything_logged(running: Running) -> str:
    logs = [*(running.data / "logs").iterdir(), running.directory / "up.err"]
    return "".join(path.read_text("utf-8", "replace") for path in logs)


def events(running: Running) -> str:
    with running.database.reading() as session:
        return str([(row.name, row.data) for row in session.scalars(select(Event))])


@pytest.mark.soak
def test_no_log_holds_contents_or_secrets(running: Running) -> None:
    # Given a gouji that tells everything it can, with every kind of source
    port = free_port()
    crawled = running.directory / "crawled"
    crawled.mkdir()
    config = running.directory / "gouji.toml"
    config.write_text(
        f"""
[[source]]
name = "inbox"
path = "{running.inbox}"
settle = 0.3
[[source]]
kind = "crawl"
path = "{crawled}"
settle = 0.3
[[source]]
kind = "push"
port = {port}
""",
        "utf-8",
    )
    del running.environment["GOUJI_INBOX"]
    running.environment["GOUJI_LOG_LEVEL"] = "debug"
    running.start()
    with running.database.transaction() as session:
        secret = token.issue(session, "crawler")
    # When files of every fate are dropped, crawled with sidecars, and pushed
    for name, data in files().items():
        (running.inbox / name).write_bytes(data)
    (crawled / "a.txt").write_bytes(f"{SEED}{CANARY}3".encode())
    (crawled / "a.txt.json").write_text(
        f'{{"url": "http://user:{SECRET}@a/b?id=1&token={SECRET}", "note": "{CANARY}"}}', "utf-8"
    )
    (crawled / "b.txt").write_bytes(f"{SEED}{CANARY}4".encode())
    (crawled / "b.txt.json").write_text(f'{{"{CANARY}": {CANARY}', "utf-8")
    url = f"http://u:{SECRET}@a/c?password={SECRET}"
    until(lambda: listens(port), 120, running.story)
    statuses = [push(port, secret, url), push(port, SECRET, url), push(port, secret, "http://a/\0")]
    assert statuses[:2] == [202, 401]
    until(lambda: running.finished() >= 15, 300, running.story)
    assert running.stop() == 0
    # Then no log and no event has any of it, nor the token
    logged, told = everything_logged(running), events(running)
    assert '"level":"debug"' in logged
    assert "document.dead" in told
    for hidden in (CANARY, FIGURE, SECRET, secret):
        assert [line for line in logged.splitlines() if hidden in line] == []
        assert hidden not in told
    # And the ledger has no password of an address
    with running.database.reading() as session:
        reasons = set(session.scalars(select(DeadLetter.reason)))
        urls = {url for url in session.scalars(select(Arrival.url)) if url}
        tracebacks = str(list(session.scalars(select(Attempt.traceback))))
    assert f"http://a/b?id=1&token={SECRET}" in urls
    assert not any(f":{SECRET}@" in url for url in urls)
    assert secret not in tracebacks
    assert {"unreadable", "truncated", "not_a_report", "imbalanced", "invalid_value"} <= reasons


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def push(port: int, secret: str, url: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        try:
            headers = {"Authorization": f"Bearer {secret}", "X-Gouji-Url": url}
            connection.request(
                "POST", "/api/v1/documents", f"{SEED}{CANARY}{len(url)}".encode(), headers
            )
        except ValueError:  # the client refuses to send such a header
            return 0
        return connection.getresponse().status


URLS = {
    "broker": ("BROKER_URL", f"redis://user:{SECRET}@127.0.0.1:1/0"),
    "database": ("DATABASE_URL", f"postgresql+psycopg://user:{SECRET}@127.0.0.1:1/none"),
    "archive": ("ARCHIVE_URL", f"gopher://user:{SECRET}@127.0.0.1/archive"),
    "unknown database": ("DATABASE_URL", f"mysql://user:{SECRET}@127.0.0.1:1/none"),
    "unknown broker": ("BROKER_URL", f"carrier-pigeon://user:{SECRET}@127.0.0.1"),
}
COMMANDS = ("up", "doctor", "watch", "work", "status", "ingest a.txt")
ALWAYS = {("up", "broker"), ("up", "database"), ("doctor", "archive")}
"""What the default run tries: each kind of service, and each way to be told of it."""


@pytest.mark.parametrize(
    ("command", "url"),
    [
        pytest.param(*case, marks=[] if case in ALWAYS else pytest.mark.soak)
        for case in product(COMMANDS, URLS)
    ],
)
def test_no_password_of_a_url_is_told(running: Running, command: str, url: str) -> None:
    # Given a service that is away, or of a kind that is unknown
    (running.directory / "a.txt").write_bytes(b"a")
    name, value = URLS[url]
    told = {f"GOUJI_{name}": value}
    environment = running.environment | told | {"GOUJI_LOG_LEVEL": "debug"}
    gouji = [sys.executable, "-P", "-m", "console.cli.main"]
    # When it is run for a moment
    with subprocess.Popen(
        [*gouji, *command.split()],
        env=environment,
        cwd=running.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            output, _ = process.communicate(timeout=4)
        except subprocess.TimeoutExpired:
            process.terminate()
            output, _ = process.communicate(timeout=120)
        finally:
            process.kill()  # one that does not heed it would be waited for without end
    # Then nobody learns the password
    logs = running.data / "logs"
    kept = b"".join(path.read_bytes() for path in logs.iterdir()) if logs.exists() else b""
    assert SECRET.encode() not in output + kept
