"""Queues behind TLS, which is what one wants between hosts: the certificate counts."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from dramatiq.errors import ConnectionClosed

from tests.servers import RabbitServer, RedisServer, free_port
from tests.tools import need
from tests.worker.house import until
from worker.errors import BrokerUnreachable
from worker.inbox import Inbox, make_broker
from worker.settings import Settings

pytestmark = pytest.mark.process


class Certificate(NamedTuple):
    """A certificate that vouches for itself, as that of 127.0.0.1, and its key."""

    certificate: Path
    key: Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    place = tmp_path_factory.mktemp("tls")
    made = Certificate(place / "certificate.pem", place / "key.pem")
    subprocess.run(
        [
            *(need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", made.key, "-out", made.certificate, "-subj", "/CN=gouji"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture(params=[pytest.param("rabbitmq", marks=pytest.mark.soak), "redis"])
def url(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[str]:
    """Return the URL of a server that is spoken to by TLS."""
    port, (held, key) = free_port(), certificate
    if request.param == "rabbitmq":
        kind: type[RabbitServer | RedisServer] = RabbitServer
        address = f"amqps://guest:guest@127.0.0.1:{port}/%2F"
        options = [
            f"listeners.ssl.default = 127.0.0.1:{port}",
            f"ssl_options.certfile = {held}",
            f"ssl_options.keyfile = {key}",
            "ssl_options.verify = verify_none",
        ]
    else:
        kind, address = RedisServer, f"rediss://127.0.0.1:{port}/0"
        options = [
            *("--tls-port", str(port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", str(held), "--tls-key-file", str(key)),
            *("--tls-ca-cert-file", str(held)),
        ]
    if not kind.available() and not os.environ.get("CI"):
        pytest.skip(f"{request.param} is not installed")
    with kind(options=options):
        until(lambda: _listens(port))  # RabbitMQ begins to listen there last
        yield address


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def test_messages_go_by_tls(
    url: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server whose certificate is among those that are trusted here
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    inbox = Inbox(Settings(broker_url=url))

    # When messages are sent
    inbox.send([(number, "fast") for number in range(600)])
    assert inbox.outstanding() == 600

    # Then a worker gets them, one after another
    broker = make_broker(url)
    broker.declare_queue("fast")
    consumer = broker.consume("fast", prefetch=600, timeout=100)
    got = []
    for message in consumer:
        if message is not None:
            got.append(message.args[0])
            consumer.ack(message)
        if len(got) == 600:
            break
    assert sorted(got) == list(range(600))
    with suppress(ConnectionClosed):
        consumer.close()
    broker.close()
    assert inbox.outstanding() == 0
    inbox.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(url: str) -> None:
    # Given the same server where its certificate is not trusted
    inbox = Inbox(Settings(broker_url=url))

    # When something is to be sent, then nothing is, and the error says why
    with pytest.raises(BrokerUnreachable, match="certificate verify failed"):
        inbox.send([(1, "fast")])
    inbox.close()
