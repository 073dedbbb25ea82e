"""What sources say about a document, in the many ways they say it, as one kind of hints."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy.orm import Session

from models.disclosure.hints import Hints, kept
from models.event import EventName
from models.ledger import Arrival
from worker.logs import record
from worker.secrecy import without_user

_LONGEST: Final = 500
_LONGEST_URL: Final = 8192
_YEARS: Final = range(1990, 2200)
"""In which anything can have been fetched from the web; others stand for "unknown" or are slips."""
_YEAR: Final = re.compile(r"(20\d\d) ?(?:年度?)?", re.ASCII)


def hints_of(said: Mapping[str, Any]) -> Hints:
    """Return what a mapping says under the names of hints; what is not usable is left out.

    ``url`` is text; a user and password in it are left out. ``fetched_at`` is ISO 8601 (without a
    zone it is UTC), RFC 2822 or seconds since 1970. ``publisher`` and ``title`` are text. ``year``
    is a number, or text such as ``2023年``.
    """
    return Hints(
        url=_url(said.get("url")),
        fetched_at=_moment(said.get("fetched_at")),
        publisher=_text(said.get("publisher")),
        title=_text(said.get("title")),
        year=_year(said.get("year")),
    )


def complete(session: Session, arrival: Arrival, hints: Hints) -> bool:
    """Write into an arrival what is newly said about it; tell whether anything was.

    When it was fetched is told by whoever says it first: it is the same version ever since.
    """
    before = arrival.said
    fetched_at = before.fetched_at or hints.fetched_at
    after = replace(hints.filled(before), fetched_at=fetched_at)
    if after == before:
        return False
    arrival.url, arrival.fetched_at, arrival.hints = after.url, fetched_at, kept(after)
    record(
        session,
        EventName.ARRIVAL_COMPLETED,
        document_id=arrival.document_id,
        arrival_id=arrival.id,
        source=arrival.source,
        file=arrival.name,
        url=after.url,
        hints=kept(after),
    )
    return True


def file_name(url: str) -> str:
    """Return what to call a document from a URL: its last part and query, else its host."""
    try:
        parts = urlsplit(url)
    except ValueError:  # half an IPv6 address
        return url[:_LONGEST]
    last = unquote(parts.path).rstrip("/").rpartition("/")[2]
    query = f"?{unquote(parts.query)}" if parts.query else ""
    # what is quoted may be anything, also what no database takes
    return ((last + query).replace("\0", "") or parts.netloc or url)[:_LONGEST]


def _text(value: Any, longest: int = _LONGEST) -> str | None:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]  # Scrapy's loaders leave lists of one
    if not isinstance(value, str):
        return None
    # A database takes neither NUL nor lone surrogates.
    plain = value.encode("utf-8", "replace").decode().replace("\0", "")
    return " ".join(plain.split())[:longest] or None


def _url(value: Any) -> str | None:
    url = _text(value, _LONGEST_URL)
    return None if url is None else without_user(url)


def _moment(value: Any) -> datetime | None:
    found = _parsed(value)
    return found if found is not None and found.year in _YEARS else None


def _parsed(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(value, UTC)
        return None
    text = _text(value)
    if text is None:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, OverflowError):
            found = parse(text)
            aware = found if found.tzinfo else found.replace(tzinfo=UTC)
            return aware.astimezone(UTC)
    return None


def _year(value: Any) -> int | None:
    text = str(value) if isinstance(value, int) else _text(value)
    if text is None:
        return None
    found = _YEAR.fullmatch(text)
    return int(found[1]) if found else None
