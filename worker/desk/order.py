"""What an operator asks the desk for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

LONGEST_KEY: Final = 128
"""Characters of an idempotency key."""


@dataclass(frozen=True, slots=True)
class Given:
    """Who decides, and why; ``key`` makes the request one that may be repeated safely."""

    operator: str
    note: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What the operator says of publisher and year; ``None`` leaves what was recognised."""

    publisher: str | None = None
    year: int | None = None

    def __bool__(self) -> bool:
        return self.publisher is not None or self.year is not None


UNSAID: Final = Identity()


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be changed in a report.

    ``cells`` maps addresses to what was typed. ``candidate`` names what the inspection proposes: a
    candidate by its id (``1.2``), one of each block with commas between (``1.2,2.1``), or its rank
    where only one block fails. Cells that are set count for more than what is proposed.
    """

    cells: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    candidate: int | str | None = None
    identity: Identity = UNSAID

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "cells": dict(self.cells),
            "candidate": self.candidate,
            "publisher": self.identity.publisher,
            "year": self.identity.year,
        }


UNCHANGED: Final = Changes()
