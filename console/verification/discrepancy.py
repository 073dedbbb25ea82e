"""What a verification finds, and what it could not look at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.verification.catalogue import RULES
from console.verification.rule import Rule, Severity


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Two places that do not say the same.

    Attributes:
        code: the rule that is broken, a key of :data:`console.verification.catalogue.RULES`.
        severity: that of the rule, or less where it mends itself once gouji runs.
        about: ids and names of what it concerns: ``document``, ``sha256``, ``arrival``,
            ``attempt``, ``letter``, ``report``, ``source``, ``path``, ``message``, ...
        detail: what was found, for people.
    """

    code: str
    severity: Severity
    about: Mapping[str, Any]
    detail: str = ""

    @property
    def rule(self) -> Rule:
        """The rule that is broken."""
        return RULES[self.code]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "repairable": bool(self.rule.mending),
            "about": dict(self.about),
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Unseen:
    """Rules that were not looked at, and why.

    ``failed`` tells that something could not be reached; what was left out by wish, or cannot be
    known by its nature, did not fail.
    """

    area: str
    codes: tuple[str, ...]
    why: str
    failed: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "area": self.area,
            "codes": list(self.codes),
            "why": self.why,
            "failed": self.failed,
        }


@dataclass(slots=True)
class Verification:
    """What a verification came to.

    Of each code at most so many discrepancies are kept as were asked for; ``counts`` has all.
    ``looked_at`` counts documents, contents of the archive, messages and files that were seen.
    """

    discrepancies: list[Discrepancy] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    severities: Counter[Severity] = field(default_factory=Counter)
    unseen: list[Unseen] = field(default_factory=list)
    looked_at: Counter[str] = field(default_factory=Counter)

    @property
    def sound(self) -> bool:
        """Whether nothing was found that is more than worth knowing."""
        return not (self.severities[Severity.ERROR] or self.severities[Severity.WARNING])

    @property
    def complete(self) -> bool:
        """Whether everything that was to be looked at could be."""
        return not any(part.failed for part in self.unseen)

    def note(self, found: Discrepancy, most: int) -> None:
        """Count a discrepancy, and keep it unless there are ``most`` of its code already."""
        self.counts[found.code] += 1
        self.severities[found.severity] += 1
        if self.counts[found.code] <= most:
            self.discrepancies.append(found)

    def of(self, codes: Sequence[str]) -> list[Discrepancy]:
        """Return what was kept of some codes."""
        return [one for one in self.discrepancies if one.code in codes]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data (schema ``gouji.verification/1``)."""
        return {
            "schema": "gouji.verification/1",
            "sound": self.sound,
            "complete": self.complete,
            "counts": dict(sorted(self.counts.items())),
            "discrepancies": [one.as_json() for one in self.discrepancies],
            "unseen": [part.as_json() for part in self.unseen],
            "looked_at": dict(sorted(self.looked_at.items())),
        }
