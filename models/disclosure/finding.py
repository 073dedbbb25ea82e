"""What a check has to say: findings, and why a document is refused."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Hard findings dead-letter a report; soft ones are stored with it and shown."""

    HARD = "hard"
    SOFT = "soft"


class Reason(StrEnum):
    """Why a document is given up on; a closed set that operators filter by."""

    UNSUPPORTED_TYPE = "unsupported_type"
    UNSUPPORTED_EDITION = "unsupported_edition"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    NOT_A_REPORT = "not_a_report"
    INCOMPLETE = "incomplete"
    INVALID_VALUE = "invalid_value"
    IMBALANCED = "imbalanced"
    PUBLISHER_CONFLICT = "publisher_conflict"
    TIMEOUT = "timeout"
    CRASH_LOOP = "crash_loop"
    STORAGE_ERROR = "storage_error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One edit that does not hold, or one thing worth a look.

    ``scope`` is the row or column the edit was applied to. ``left``, ``right`` and
    ``difference`` (= left - right) are set for balance edits; amounts come as decimal strings.
    ``cells`` are the addresses that take part; ``blanks`` those of them that counted as 0
    because they are blank, slash, dash or absent.
    """

    rule: str
    severity: Severity
    scope: str
    message: str
    cells: tuple[str, ...] = ()
    left: int | str | None = None
    right: int | str | None = None
    difference: int | str | None = None
    blanks: tuple[str, ...] = ()
    evidence: str = ""
