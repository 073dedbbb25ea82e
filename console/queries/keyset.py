"""Pages of long lists by keyset: after the last row shown, however many stand before it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import orjson
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

ROWS: Final = 50

Row = TypeVar("Row")
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """Some rows of a list; ``after`` is where the next begin, empty at the end."""

    rows: Sequence[Row]
    after: str


def encode(*values: int | str | None) -> str:
    """Return where a row stands, to be put into an address."""
    return urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decode(text: str, length: int) -> list[Any] | None:
    """Return what :func:`encode` was given; ``None`` for what it never made."""
    try:
        found = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    whole = isinstance(found, list) and len(found) == length
    plain = whole and all(isinstance(value, str | int | None) for value in found)
    return found if plain and isinstance(found[-1], int) else None


def beyond(
    key: Column, identity: Column, values: Sequence[Any], *, descending: bool
) -> ColumnElement[bool]:
    """Return the condition that a row comes after another, by a key and then by its id.

    Unknown keys come last, in either direction; ids always fall.
    """
    value, number = values
    if value is None:
        return and_(key.is_(None), identity < number)
    further = key < value if descending else key > value
    return or_(further, and_(key == value, identity < number), key.is_(None))


def ordered(query: Select[Any], key: Column, identity: Column, *, descending: bool) -> Select[Any]:
    """Return a query in that order."""
    direction = key.desc() if descending else key.asc()
    return query.order_by(direction.nulls_last(), identity.desc())
