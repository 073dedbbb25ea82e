"""Documents pushed over HTTP to the real server: safe before they are answered, and never twice."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from models import token
from models.ledger import Arrival, Document
from models.trace import Trace
from tests.watcher.pushing import SOURCE, pushing
from tests.watcher.station import Station
from watcher.serve import PushServer
from worker.archive import Archive
from worker.errors import ArchiveError

LIMIT = 3_000_000


class Client:
    """Speaks to a push server."""

    def __init__(self, server: PushServer, secret: str) -> None:
        self.place = server.address.removeprefix("http://")
        self.secret = secret

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any], Any]:
        """Return status, body as JSON, and headers."""
        connection = http.client.HTTPConnection(self.place, timeout=60)
        given = {"Authorization": f"Bearer {self.secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent
                connection.request(method, path, body, given)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()), answer.headers
        finally:
            connection.close()

    def post(self, body: Any, **headers: str) -> tuple[int, dict[str, Any], Any]:
        """Push a document."""
        return self.ask("POST", "/api/v1/documents", body, **headers)


@pytest.fixture
def station(tmp_path: Path, stack: dict[str, Any]) -> Iterator[Station]:
    station = Station(tmp_path, **stack, max_bytes=LIMIT, sources=(SOURCE,))
    yield station
    station.close()


@pytest.fixture
def client(station: Station) -> Iterator[Client]:
    with pushing(station) as (server, secret):
        yield Client(server, secret)


def test_a_new_document_is_taken_in_and_has_an_address(client: Client, station: Station) -> None:
    # When
    status, told, headers = client.post(
        b"report",
        X_Gouji_Name=quote("年报.txt"),
        X_Gouji_Url="http://example.gov.cn/%E5%B9%B4.txt",
        X_Gouji_Publisher=quote("某市水利局"),
        X_Gouji_Year="2023",
        X_Gouji_Fetched_At="2024-02-03T04:05:06Z",
    )
    # Then it is safe, on the queue, and can be asked for
    assert status == 202
    assert headers["Location"] == told["address"] == f"/api/v1/documents/{told['id']}"
    [document] = station.documents()
    assert station.archive.get(document.sha256) == b"report"
    assert (document.name, document.state) == ("年报.txt", "queued")
    assert station.queue.outstanding() == 1
    [arrival] = station.arrivals()
    assert (arrival.source, arrival.url) == ("push", "http://example.gov.cn/%E5%B9%B4.txt")
    assert arrival.hints == {"publisher": "某市水利局", "year": 2023}
    assert arrival.fetched_at is not None
    assert client.ask("GET", told["address"])[:2] == (200, told)
    assert told["sha256"] == document.sha256
    assert told["reason"] is None


def test_the_same_document_again_has_the_same_address(client: Client, station: Station) -> None:
    first = client.post(b"report", X_Gouji_Name="a.txt")
    again = client.post(b"report", X_Gouji_Name="a.txt")
    elsewhere = client.post(b"report", X_Gouji_Url="http://a/b.txt")

    assert [one[0] for one in (first, again, elsewhere)] == [202, 200, 200]
    assert len({one[2]["Location"] for one in (first, again, elsewhere)}) == 1
    assert station.states() == {"queued": 1, "accepted": 1, "duplicate": 1}


def test_a_correction_at_the_same_address_is_a_new_document(
    client: Client, station: Station
) -> None:
    first = client.post(b"first", X_Gouji_Url="http://a/b.txt")
    second = client.post(b"corrected", X_Gouji_Url="http://a/b.txt")

    assert (first[0], second[0]) == (202, 202)
    assert station.states() == {"queued": 2, "accepted": 2}


def test_a_form_with_a_file_and_fields(client: Client, station: Station) -> None:
    # Given what curl -F sends
    named = 'Content-Disposition: form-data; name="file"; filename="年报.pdf"'
    parts = [
        'Content-Disposition: form-data; name="url"\r\n\r\nhttp://a/b.pdf',
        'Content-Disposition: form-data; name="title"\r\n\r\n2023年报',
        f"{named}\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7",
    ]
    body = "".join(f"--xyz\r\n{part}\r\n" for part in parts) + "--xyz--\r\n"
    # When
    status, told, _ = client.post(body.encode(), Content_Type="multipart/form-data; boundary=xyz")
    # Then
    assert (status, told["name"], told["bytes"]) == (202, "年报.pdf", 8)
    [arrival] = station.arrivals()
    assert (arrival.url, arrival.hints) == ("http://a/b.pdf", {"title": "2023年报"})
    assert station.queue.backlog()["slow"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"--xyz\r\nContent-Disposition: form-data; name=url\r\n\r\na\r\n--xyz--\r\n", 400),
        (b"not a form", 400),
        (b"", 400),
    ],
)
def test_forms_without_a_file_are_refused(client: Client, body: bytes, status: int) -> None:
    found = client.post(body, Content_Type="multipart/form-data; boundary=xyz")
    assert found[0] == status


@pytest.mark.parametrize("secret", ["", "wrong", "gouji_" + "a" * 43])
def test_without_a_valid_token_nothing_is_taken(
    client: Client, station: Station, secret: str
) -> None:
    client.secret = secret
    assert client.post(b"report")[0] == 401
    assert client.ask("GET", "/api/v1/documents/1")[0] == 401
    assert station.states() == {}


def test_a_revoked_token_counts_no_longer(client: Client, station: Station) -> None:
    assert client.post(b"one")[0] == 202
    with station.database.transaction() as session:
        assert token.revoke(session, "crawler")
        assert not token.revoke(session, "crawler")
    assert client.post(b"two")[0] == 401
    # And its name is not given to another
    with station.database.transaction() as session, pytest.raises(token.NameTaken):
        token.issue(session, "crawler")


def test_the_token_itself_is_nowhere(client: Client, station: Station) -> None:
    if station.database.engine.dialect.name != "sqlite":
        pytest.skip("the files of the server are not ours")
    data = b"".join(
        path.read_bytes() for path in station.settings.data_dir.glob("gouji.db*") if path.is_file()
    )
    assert b"push_tokens" in data
    assert client.secret.encode() not in data


def test_too_large_is_said_while_it_comes(client: Client, station: Station) -> None:
    # Given a body whose length is told, and one that comes in chunks without telling
    assert client.post(b"x" * (LIMIT + 1))[0] == 413

    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 50 * LIMIT:
            sent += 100_000
            yield b"x" * 100_000

    # Then it is refused before most of it was sent
    assert client.post(endless())[0] == 413
    assert sent < 20 * LIMIT
    assert station.states() == {}
    assert client.post(b"x" * LIMIT)[0] == 202


def test_an_empty_document_and_unknown_addresses(client: Client) -> None:
    assert client.post(b"")[0] == 400
    assert client.ask("GET", "/api/v1/documents/7")[0] == 404
    assert client.ask("GET", "/elsewhere")[0] == 404
    assert client.ask("DELETE", "/api/v1/documents")[0] == 405


def test_an_archive_that_is_full_is_no_fault_of_the_document(
    client: Client, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def full(*_: Any, **__: Any) -> Any:
            raise ArchiveError("archive: cannot be written: No space left on device")

        patch.setattr(Archive, "put", full)
        status, _, headers = client.post(b"report")
        assert (status, headers["Retry-After"]) == (503, "30")
    assert station.states() == {}
    assert client.post(b"report")[0] == 202


def test_many_at_once_and_many_alike(client: Client, station: Station) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: client.post(b"%d" % (n % 10))[0], range(40)))

    assert sorted(found) == [200] * 30 + [202] * 10
    assert len(station.documents()) == 10


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"Content_Disposition": 'attachment; filename="a.pdf"'}, "a.pdf"),
        ({"Content_Disposition": "attachment; filename*=UTF-8''%E5%B9%B4.pdf"}, "年.pdf"),
        ({"X_Gouji_Name": "../../etc/passwd"}, "passwd"),
        ({"X_Gouji_Name": "C:\\a\\b.doc"}, "b.doc"),
        ({"X_Gouji_Url": "http://a/%E5%B9%B4.html?x=1"}, "年.html?x=1"),
        ({}, "document"),
    ],
)
def test_what_a_document_is_called(client: Client, given: dict[str, str], name: str) -> None:
    assert client.post(b"x", **given)[1]["name"] == name


CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_trace_of_the_caller_goes_on(client: Client, station: Station) -> None:
    # Given one who pushes within a trace, one whose header is malformed, and one without
    for number, headers in enumerate(({"traceparent": CALLER}, {"traceparent": CALLER + "-x"}, {})):
        client.post(f"report {number}".encode(), **headers)

    # Then the first arrival is a new span of that trace, and the others begin one each
    with station.database.reading() as session:
        kept = list(session.scalars(select(Arrival.traceparent).order_by(Arrival.id)))
        documents = list(session.scalars(select(Document.traceparent).order_by(Document.id)))
    found = [Trace.parsed(one) for one in kept]
    assert documents == kept
    caller = Trace.parsed(CALLER)
    assert caller is not None
    assert [one is not None and one.trace_id == caller.trace_id for one in found] == [
        True, False, False
    ]  # fmt: skip
    assert len({one.span_id for one in found if one is not None} - {caller.span_id}) == 3
