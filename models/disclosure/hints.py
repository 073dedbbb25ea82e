"""What somebody else said about a document: a crawler, a sidecar, whoever pushed it."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Hints:
    """Witnesses from outside the file; weaker than its title and text, stronger than its name.

    ``fetched_at`` is an aware time; ``title`` is the title of the page or link that led to it.
    """

    url: str | None = None
    fetched_at: datetime | None = None
    publisher: str | None = None
    title: str | None = None
    year: int | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    def filled(self, other: Self) -> Self:
        """Return these hints, with what they do not say taken from others."""
        missing = {
            field.name: getattr(other, field.name)
            for field in fields(self)
            if getattr(self, field.name) is None
        }
        return replace(self, **missing)


def kept(hints: Hints) -> dict[str, Any] | None:
    """Return what an arrival keeps as ``hints``; ``None`` when that is nothing."""
    said = {"publisher": hints.publisher, "title": hints.title, "year": hints.year}
    return {key: value for key, value in said.items() if value is not None} or None


NONE = Hints()
