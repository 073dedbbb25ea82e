"""An item pipeline for Scrapy that pushes what a spider fetched to ``gouji push``.

In the project's settings, after the files pipeline::

    ITEM_PIPELINES = {
        "scrapy.pipelines.files.FilesPipeline": 1,
        "watcher.scrapy.GoujiPipeline": 800,
    }
    PUSH_GOUJI_URL = "http://127.0.0.1:8350"
    PUSH_GOUJI_TOKEN = "..."  # gouji token create NAME

It needs nothing but Scrapy and the standard library: this file may be copied into a project that
does not have gouji installed.
"""

import http.client
import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPHandler, ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from scrapy.crawler import Crawler  # type: ignore[import-not-found, unused-ignore]

_ENDPOINT: Final = "/api/v1/documents"
_SAID: Final = ("fetched_at", "publisher", "title", "year")
_TRIES: Final = 5
_TIMEOUT: Final = 120
_TOO_OFTEN: Final = 429
_LONGEST_WAIT: Final = 60.0
_PASSING: Final = (408, 429, 500, 502, 503, 504)
_FOREIGN: Final = re.compile(r"<(?:meta|\?xml)\b[^>]*\b(?:charset|encoding)\b", re.IGNORECASE)
_LOG: Final = logging.getLogger(__name__)
_Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One document to be pushed: its bytes or where they are, and what is known about it."""

    data: bytes | Path
    name: str | None
    said: Mapping[str, str]

    def headers(self) -> dict[str, str]:
        """Return the hints as headers; text is percent-encoded UTF-8."""
        hints = {"name": self.name} | dict(self.said)
        return {
            f"X-Gouji-{key.replace('_', '-')}": value if key == "url" else quote(value)
            for key, value in hints.items()
            if value
        }


class _Connection(http.client.HTTPConnection):
    """Hears what a server says that refuses a document, and hangs up, before all of it was sent."""

    def send(self, data: Any) -> None:
        try:
            super().send(data)
        except (BrokenPipeError, ConnectionResetError):
            if self.sock is None:
                raise


class _Handler(HTTPHandler):
    def http_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, req)


class Pusher:
    """Pushes parcels to one endpoint, and tries again while it is away.

    Args:
        url: the root of the server, such as ``http://127.0.0.1:8350``.
        token: as made by ``gouji token create``.
        sleep: waits for so many seconds.
    """

    def __init__(self, url: str, token: str, sleep: _Sleep = time.sleep) -> None:
        self._endpoint = url.rstrip("/") + _ENDPOINT
        self._token = token
        self._sleep = sleep
        # A proxy that is meant for the crawl is not meant for this.
        self._opener = build_opener(ProxyHandler({}), _Handler)

    def push(self, parcel: Parcel) -> dict[str, Any]:
        """Push a parcel and return what the server says of the document; waits while it pushes.

        Raises:
            HTTPError: the server refuses it.
            OSError: the server cannot be reached, or the file cannot be read.
        """
        data = parcel.data if isinstance(parcel.data, bytes) else parcel.data.read_bytes()
        headers = {"Authorization": f"Bearer {self._token}"} | parcel.headers()
        headers["Content-Type"] = "application/octet-stream"
        for left in reversed(range(_TRIES)):
            request = Request(self._endpoint, data, headers)  # noqa: S310 - configured by the user
            try:
                with self._opener.open(request, timeout=_TIMEOUT) as answer:
                    told: dict[str, Any] = json.load(answer)
                    return told
            except HTTPError as error:
                asked = error.headers.get("Retry-After", "")
                error.close()
                if error.code not in _PASSING or not left:
                    raise
                if error.code == _TOO_OFTEN and asked.isdecimal():
                    self._sleep(min(float(asked), _LONGEST_WAIT))
                    continue
            except (URLError, ConnectionError, TimeoutError, http.client.HTTPException) as error:
                if not left:
                    raise ConnectionError(f"{self._endpoint}: {error}") from error
            self._sleep(2.0 ** (_TRIES - left))
        raise AssertionError("not reached")


class GoujiPipeline:
    """Pushes the files of each item, and the page it holds as ``html`` or ``text``.

    The addresses of the documents go into the item's field ``gouji`` if it has one. What cannot
    be pushed is logged, counted as ``gouji/failed``, and does not stop the item.

    Args:
        pusher: the way to the server.
        store: the directory of the files pipeline (``FILES_STORE``).
        count: adds one to a statistic.
    """

    def __init__(self, pusher: Pusher, store: Path, count: Callable[[str], None]) -> None:
        self._pusher = pusher
        self._store = store
        self._count = count

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "GoujiPipeline":
        """Make the pipeline from the settings of a project."""
        from scrapy.exceptions import NotConfigured  # type: ignore[import-not-found, unused-ignore]

        url = crawler.settings.get("PUSH_GOUJI_URL")
        token = crawler.settings.get("PUSH_GOUJI_TOKEN")
        if not url or not token:
            raise NotConfigured("PUSH_GOUJI_URL and PUSH_GOUJI_TOKEN are wanted")
        store = Path(crawler.settings.get("FILES_STORE") or ".")

        def count(name: str) -> None:
            if crawler.stats is not None:
                crawler.stats.inc_value(name)

        return cls(Pusher(url, token), store, count)

    async def process_item(self, item: Any, spider: Any = None) -> Any:  # noqa: ARG002 - Scrapy's signature
        """Push what an item brings, in a thread of its own, and pass the item on."""
        from scrapy.utils.defer import (  # type: ignore[import-not-found, unused-ignore]
            maybe_deferred_to_future,
        )
        from twisted.internet.threads import (  # type: ignore[import-not-found, unused-ignore]
            deferToThread,
        )

        return await maybe_deferred_to_future(deferToThread(self.deliver, item))

    def deliver(self, item: Any) -> Any:
        """Push what an item brings and return the item; waits while it pushes."""
        addresses = []
        for parcel in parcels(item, self._store):
            try:
                _demand_inside(parcel, self._store)
                addresses.append(self._pusher.push(parcel)["address"])
                self._count("gouji/pushed")
            except (OSError, ValueError, KeyError) as error:
                self._count("gouji/failed")
                _LOG.error("gouji: %s was not pushed: %s", parcel.said.get("url"), error)
        with suppress(KeyError, TypeError, AttributeError):
            item["gouji"] = addresses
        return item


def _demand_inside(parcel: Parcel, store: Path) -> None:
    """Demand that a file lies in the store: what an item says may come from a page.

    Raises:
        PermissionError: it does not, or leads out of it.
    """
    if isinstance(parcel.data, Path) and not parcel.data.resolve().is_relative_to(store.resolve()):
        raise PermissionError(f"{parcel.data} is not in {store}")


def parcels(item: Any, store: Path) -> Iterator[Parcel]:
    """Yield what an item brings: each file it names, and the page it holds."""
    said = {key: value for key in _SAID if (value := _text(_field(item, key)))}
    own = {"url": url} if (url := _text(_field(item, "url"))) else {}
    for file in _field(item, "files") or ():
        url = file.get("url") or own.get("url", "")
        path = store / os.fspath(file["path"])
        yield Parcel(path, _name(url, path.name), said | {"url": url})
    for key in ("html", "text"):
        page = _field(item, key)
        if isinstance(page, str) and page:
            # The page was decoded already: the mark overrules the encoding it still declares.
            mark = b"\xef\xbb\xbf" if _FOREIGN.search(page[:4096]) else b""
            yield Parcel(mark + page.encode("utf-8", "replace"), None, said | own)
            return


def _field(item: Any, key: str) -> Any:
    try:
        return item[key]
    except (KeyError, TypeError):
        return getattr(item, key, None)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = value[0] if len(value) == 1 else None
    if value is None:
        return ""
    return " ".join((value.isoformat() if hasattr(value, "isoformat") else str(value)).split())


def _name(url: str, stored: str) -> str | None:
    """Return the stored name, or none where it is only a digest and the URL names the file."""
    stem = stored.partition(".")[0]
    try:
        named = urlsplit(url).path.strip("/")
    except ValueError:  # half an IPv6 address
        named = ""
    return None if len(stem) == 40 and named else stored
