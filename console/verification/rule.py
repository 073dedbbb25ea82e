"""What a rule of the house is: how bad it is when broken, and what to do then."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How bad a discrepancy is.

    An ``error`` breaks the promise: something is lost, done twice, or will never end. A
    ``warning`` wants a look, and ``info`` is only worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        code: its name.
        severity: how bad it is where the rule is broken.
        chinese: what is wrong, in a few words.
        english: the same.
        advice: what to do.
        mending: what ``--repair`` does; empty where it does nothing.
        idle: whether it mends itself once gouji runs, so that it is only worth knowing meanwhile.
    """

    code: str
    severity: Severity
    chinese: str
    english: str
    advice: str
    mending: str = ""
    idle: bool = False

    @property
    def title(self) -> str:
        """What is wrong, in both languages."""
        return f"{self.chinese} {self.english}"


ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
RESTORE: Final = "restore the database from a backup"
TELL: Final = "keep the database as it is and report it: this is a fault of the program"
START: Final = "gouji up"
REPAIR: Final = "gouji verify --repair"
