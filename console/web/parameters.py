"""What stands in the address of a page, read with care: anybody can write anything there."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

_LONGEST: Final = 200
_LARGEST: Final = 2**53


def words(query: Mapping[str, str], name: str) -> str | None:
    """Return a text, ``None`` where it is empty."""
    text = query.get(name, "").strip()[:_LONGEST]
    return text.encode("utf-8", "replace").decode().replace("\0", "") or None


def number(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole number, full-width too; ``None`` where no database could hold it."""
    text = query.get(name, "").strip()
    if not text.isdecimal() or len(text) > len(str(_LARGEST)):
        return None
    return int(text)


def one_of(query: Mapping[str, str], name: str, known: Collection[str]) -> str | None:
    """Return a value that is known, ``None`` for any other."""
    text = query.get(name, "")
    return text if text in known else None


def moment(query: Mapping[str, str], name: str) -> datetime | None:
    """Return a point in time; one without a zone is local to the server."""
    try:
        return datetime.fromisoformat(query.get(name, "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
