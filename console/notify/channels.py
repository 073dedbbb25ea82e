"""Where messages go: a webhook that takes JSON, or anything that Apprise reaches.

The webhook is signed as Standard Webhooks has it: ``webhook-id``, ``webhook-timestamp``, and
``webhook-signature: v1,`` with the Base64 of HMAC-SHA256 over ``id.timestamp.body``.
Source: github.com/standard-webhooks, specification 1.0, "Webhook Headers", "Signature scheme".
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import orjson

from console.notify import message
from console.notify.errors import Undelivered
from worker.errors import SettingsError
from worker.settings import Settings

_TIMEOUT: Final = 10.0
_PREFIX: Final = "whsec_"
_TAKEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message on its way: ``id`` stays the same however often it is sent."""

    id: str
    created_at: str
    data: Mapping[str, Any]


class Channel(Protocol):
    """One place that messages go to."""

    @property
    def name(self) -> str:
        """What it is remembered by; tells nothing of its address."""

    def send(self, envelope: Envelope) -> None:
        """Deliver a message.

        Raises:
            Undelivered: it was not taken.
        """


class Webhook:
    """A URL that JSON is posted to; redirects are refused, since they would carry the message on.

    Args:
        url: ``http`` or ``https``.
        secret: what the body is signed with; empty: it is not signed.
    """

    def __init__(self, url: str, secret: str = "") -> None:
        self.name = _name("webhook", url)
        self._url = url
        self._key = _key(secret)
        self._opener = urllib.request.build_opener(_Staying)

    def send(self, envelope: Envelope) -> None:
        """Post it."""
        told = {"type": message.TYPE, "timestamp": envelope.created_at, "data": envelope.data}
        body = orjson.dumps(told, option=orjson.OPT_UTC_Z)
        request = urllib.request.Request(  # noqa: S310 - the settings allow http and https only
            self._url, body, self._headers(envelope.id, body), method="POST"
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                status: int = answer.status
        except HTTPError as error:
            with error:
                status = error.code
        except (OSError, URLError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None)
            raise Undelivered(f"{type(reason or error).__name__}") from error
        if status not in _TAKEN:
            raise Undelivered(f"HTTP {status}")

    def _headers(self, message_id: str, body: bytes) -> dict[str, str]:
        moment = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "gouji",
            "webhook-id": message_id,
            "webhook-timestamp": moment,
        }
        if self._key:
            signed = f"{message_id}.{moment}.".encode() + body
            digest = hmac.digest(self._key, signed, hashlib.sha256)
            headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
        return headers


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nowhere."""


class Apprise:
    """A URL of Apprise's: ``dingtalk://…``, ``wecombot://…``, ``lark://…``, ``mailto://…``.

    Raises:
        SettingsError: ``gouji[notify]`` is not installed, or Apprise does not know such a URL.
    """

    def __init__(self, url: str) -> None:
        try:
            import apprise
        except ImportError as error:
            raise SettingsError("notify_apprise: needs gouji[notify], see gouji doctor") from error
        self.name = _name("apprise", url)
        self._to = apprise.Apprise()
        if not self._to.add(url):
            raise SettingsError(f"notify_apprise: {urlsplit(url).scheme}://… is not understood")

    def send(self, envelope: Envelope) -> None:
        """Hand it to the service."""
        title, body = message.title(envelope.data), message.text(envelope.data)
        if not self._to.notify(title=title, body=f"{body}\n\n{envelope.id}"):
            raise Undelivered("the service did not take it")


def channels(settings: Settings) -> list[Channel]:
    """Return where the settings say that is to be told; nowhere: an empty list.

    Raises:
        SettingsError: an address cannot be used.
    """
    found: list[Channel] = []
    for url in settings.notify_webhook.split():
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise SettingsError("notify_webhook: not an http or https URL")
        found.append(Webhook(url, settings.notify_secret))
    found += [Apprise(url) for url in settings.notify_apprise.split()]
    return found


def _name(kind: str, url: str) -> str:
    return f"{kind}:{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise SettingsError("notify_secret: behind whsec_ stands no Base64") from error
