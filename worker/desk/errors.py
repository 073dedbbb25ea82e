"""Why the desk cannot do what an operator asks for.

::

    DecisionError (worker.deciding)
    ├── NoteMissing, UnknownLetter
    ├── Conflict         somebody else was there before
    │   ├── CountChanged another number of letters matches by now
    │   ├── KeyReused    the idempotency key was used for something else
    │   └── TooMany      more than can be decided about at once
    ├── UnfitChanges     cells that there are not, values that cannot be
    ├── Unacceptable     there is no report that could be stored
    ├── StillWrong       hard edits fail after the correction
    └── UnknownSubject   there is nothing with such an id
"""

from collections.abc import Mapping

from models.disclosure.finding import Finding
from worker.deciding import Conflict, DecisionError


class CountChanged(Conflict):
    """Another number of dead letters matches than the operator has seen."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"{found} dead letters match, not {expected}; nothing was decided")
        self.expected = expected
        self.found = found


class KeyReused(Conflict):
    """An idempotency key stands for one request, and this is another."""


class TooMany(Conflict):
    """So many cannot be stored in one transaction."""


class UnfitChanges(DecisionError):  # noqa: N818 - it says what is wrong
    """Cells that the report does not have, or values that they cannot hold."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


class Unacceptable(DecisionError):  # noqa: N818 - it says what is wrong
    """There is no report to store, or nobody knows whose and on which year.

    ``letters`` are those of several that cannot be accepted.
    """

    def __init__(self, message: str, *, letters: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.letters = letters


class StillWrong(DecisionError):  # noqa: N818 - it says what is wrong
    """Hard edits fail after the correction; nothing was changed."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        told = "; ".join(f"{f.rule} {f.scope}: {f.message}" for f in findings[:3])
        more = f" (and {len(findings) - 3} more)" if len(findings) > 3 else ""
        super().__init__(f"it does not hold yet: {told}{more}")
        self.findings = findings


class UnknownSubject(DecisionError):  # noqa: N818 - it says what is wrong
    """There is no such dead letter, document or report."""
