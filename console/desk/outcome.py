"""What came of a decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision did, or would do on a dry run.

    ``letters`` were decided now, ``already`` had been decided just so before. ``reports`` are the
    reports stored, by letter. ``to_send`` lists (document id, queue) of documents that wait to be
    sent (:mod:`console.desk.sending`). ``repeated`` tells that the idempotency key was seen before
    and this is what was answered then.
    """

    action: str
    letters: tuple[int, ...] = ()
    already: tuple[int, ...] = ()
    reports: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    to_send: tuple[tuple[int, str], ...] = ()
    repeated: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what is told of it, and kept as the answer to its key."""
        return {
            "action": self.action,
            "letters": list(self.letters),
            "already": list(self.already),
            "reports": {str(letter): report for letter, report in self.reports.items()},
        }

    @classmethod
    def told_before(cls, answer: Mapping[str, Any]) -> Self:
        """Return what was answered before; what was to be sent has long been sent."""
        reports = {int(letter): report for letter, report in answer["reports"].items()}
        return cls(
            answer["action"],
            tuple(answer["letters"]),
            tuple(answer["already"]),
            reports,
            repeated=True,
        )
