"""What no log may tell."""

import io

import pytest
import structlog

from models.disclosure.hints import Hints
from watcher.hints import hints_of
from worker import logs, secrecy
from worker.secrecy import cleaned, without_secrets

TOKEN = "gouji_" + "aB3_-" * 8 + "xyz"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("redis://user:pa:ss@host:1/0 is away", "redis://***@host:1/0 is away"),
        ("postgresql+psycopg://u:p@ss@host/db", "postgresql+psycopg://***@host/db"),
        ("see 'http://u:p@a/b', http://c/d", "see 'http://***@a/b', http://c/d"),
        ("http://a/b?id=7&token=secret&x=1#y", "http://a/b?id=7&token=***&x=1#y"),
        ("http://a/b;jsessionid=12AB?x=1", "http://a/b;jsessionid=***"),
        ("http://a/b?access_token=s", "http://a/b?access_token=***"),
        ("http://a/b?X-Amz-Signature=s", "http://a/b?X-Amz-Signature=***"),
        ("http://a/down.jsp?f=年报.pdf&author=b", "http://a/down.jsp?f=年报.pdf&author=b"),
        ("http://a?mail=b@c", "http://a?mail=b@c"),
        (f"Authorization: Bearer {TOKEN}!", "Authorization: Bearer ***!"),
        (f"it was {TOKEN}, he said", "it was ***, he said"),
        ("gouji_test_0", "gouji_test_0"),
        ("a=b", "a=b"),
    ],
)
def test_what_is_left_of_text(text: str, told: str) -> None:
    assert without_secrets(text) == told


def test_whatever_is_inside_of_what() -> None:
    url = "redis://:p@h"
    assert cleaned({"a": [url, {"b": (url, 7, None)}]}) == {
        "a": ["redis://***@h", {"b": ["redis://***@h", 7, None]}]
    }


@pytest.mark.parametrize("form", ["json", "console"])
def test_tracebacks_have_no_secrets_either(form: str) -> None:
    # Given logs of both forms
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="utf-8", write_through=True)
    logs.configure("work", form=form, level="debug", stream=stream)
    # When an error that names a URL is logged
    error = ConnectionError("cannot reach redis://:CANARY@host")
    structlog.get_logger().error("failed", exc_info=error, url="http://u:CANARY@host/")
    # Then it says where, and no password
    text = written.getvalue().decode()
    assert "redis://***@host" in text
    assert "CANARY" not in text


def test_nobody_s_password_is_provenance() -> None:
    assert hints_of({"url": "http://user:pw@a/b?x=1"}) == Hints("http://a/b?x=1")


def test_what_is_kept_is_told_in_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given the address of a webhook
    monkeypatch.setattr(secrecy, "_kept", set())
    secrecy.keep("https://host.example.org/hook/AAAABBBBCCCC?x=12", "")

    # Then neither it nor what is secret in it is told
    assert without_secrets("POST https://host.example.org/hook/AAAABBBBCCCC?x=12") == "POST ***"
    assert without_secrets("path /hook/AAAABBBBCCCC not found") == "path /hook/*** not found"
