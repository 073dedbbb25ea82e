"""Deciding about dead letters, one or many."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from console.access.roles import Role
from console.api.answers import Decided
from console.api.operation import Call, Number, Operation, Year
from console.api.operations.letters import ChangesBody, Criteria
from console.api.problems import misshapen, of_decision
from console.desk import bulk, decisions, sending
from console.desk.outcome import Outcome
from console.shapes import Limits
from worker.deciding import DecisionError
from worker.desk.order import Given, Identity

Note = Annotated[str, Limits("Why; kept for ever.", shortest=1, longest=10_000)]
Version = Annotated[int | None, Limits("Refused when the letter has another by now.", minimum=1)]
DryRun = Annotated[bool, Limits("Only say what would be done.")]
Publisher = Annotated[str | None, Limits("The publisher is this one.", shortest=1, longest=255)]
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class DecisionBody:
    """Why; and which version of the letter was looked at."""

    note: Note
    version: Version = None
    dry_run: DryRun = False


@dataclass(frozen=True, slots=True)
class AcceptBody:
    """Why; and publisher and year where they were not recognised."""

    note: Note
    version: Version = None
    dry_run: DryRun = False
    publisher: Publisher = None
    year: Year | None = None


@dataclass(frozen=True, slots=True)
class CorrectBody:
    """Why, and what is to be changed."""

    note: Note
    changes: ChangesBody
    version: Version = None
    dry_run: DryRun = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """A letter, and the version of it that was looked at."""

    id: Number
    version: Version = None


@dataclass(frozen=True, slots=True)
class ManyBody:
    """A decision about the ``letters`` named, or about all open ones that match ``filter``.

    With a filter ``expect`` is the number that was seen; it is needed unless it is a dry run.
    """

    action: Literal["retry", "accept", "discard"]
    note: Note
    letters: list[Chosen] | None = None
    filter: Criteria | None = None
    expect: Annotated[int | None, Limits("How many match.", minimum=0)] = None
    dry_run: DryRun = False
    publisher: Publisher = None
    year: Year | None = None


def _one(action: Literal["retry", "discard"]) -> Callable[[Call], Any]:
    decide = decisions.retry if action == "retry" else decisions.discard

    def handler(call: Call) -> Any:
        body: DecisionBody = call.body
        looked = {call.path["id"]: body.version}
        return _told(
            call, lambda: decide(call.database, looked, _given(call), dry_run=body.dry_run)
        )

    return handler


def _accept(call: Call) -> Any:
    body: AcceptBody = call.body
    looked, identity = {call.path["id"]: body.version}, Identity(body.publisher, body.year)
    return _told(
        call,
        lambda: decisions.accept(
            call.database, looked, _given(call), identity, dry_run=body.dry_run
        ),
    )


def _correct(call: Call) -> Any:
    body: CorrectBody = call.body
    return _told(
        call,
        lambda: decisions.correct(
            call.database,
            call.path["id"],
            _given(call),
            body.changes.changes(),
            version=body.version,
            dry_run=body.dry_run,
        ),
    )


def _many(call: Call) -> Any:
    body: ManyBody = call.body
    if (body.letters is None) == (body.filter is None):
        raise misshapen([("", "needs either letters or filter")], "body")
    if body.letters is not None:
        return _told(call, lambda: _named(call, body, body.letters or []))
    if body.expect is None and not body.dry_run:
        raise misshapen([("/expect", "is missing: how many match?")], "body")
    return _told(call, lambda: _matching(call, body, body.filter or Criteria()))


def _named(call: Call, body: ManyBody, letters: list[Chosen]) -> Outcome:
    looked = {one.id: one.version for one in letters}
    options: dict[str, Any] = {"dry_run": body.dry_run}
    if body.action == "accept":
        options["identity"] = Identity(body.publisher, body.year)
    decide: dict[str, Callable[..., Outcome]] = {
        "retry": decisions.retry,
        "accept": decisions.accept,
        "discard": decisions.discard,
    }
    return decide[body.action](call.database, looked, _given(call), **options)


def _matching(call: Call, body: ManyBody, criteria: Criteria) -> Outcome:
    return bulk.decide(
        call.database,
        body.action,
        criteria.filter(),
        _given(call),
        Identity(body.publisher, body.year),
        expect=body.expect,
        dry_run=body.dry_run,
    )


def _given(call: Call) -> Given:
    return Given(call.who.operator, call.body.note, call.key)


def _told(call: Call, decide: Callable[[], Outcome]) -> Any:
    """Decide, send what is to be processed again, and tell what was done."""
    try:
        outcome = decide()
    except DecisionError as error:
        raise of_decision(error) from error
    dry_run: bool = call.body.dry_run
    sent = 0 if dry_run else sending.send(call.settings, call.database, outcome)
    return Decided(
        str(outcome.action),
        dry_run,
        list(outcome.letters),
        list(outcome.already),
        {str(letter): report for letter, report in outcome.reports.items()},
        outcome.repeated,
        sent,
    )


def _deciding(path: str, name: str, summary: str, handler: Any, body: Any) -> Operation:
    return Operation(
        "POST",
        path,
        name,
        summary,
        handler,
        Decided,
        role=Role.OPERATOR,
        body=body,
        keyed=True,
        problems=(404, 409),
    )


OPERATIONS: Final = (
    _deciding(
        "/dead-letters/decisions",
        "decideMany",
        "批量处置 Decide about many, all in one transaction or none",
        _many,
        ManyBody,
    ),
    _deciding(
        "/dead-letters/{id}/retry",
        "retryDeadLetter",
        "重新处理 Process it again from the start",
        _one("retry"),
        DecisionBody,
    ),
    _deciding(
        "/dead-letters/{id}/correct",
        "correctDeadLetter",
        "更正 Store its report with corrected cells, if no hard edit fails then",
        _correct,
        CorrectBody,
    ),
    _deciding(
        "/dead-letters/{id}/accept",
        "acceptDeadLetter",
        "照原样接受 Store its report as published, with its hard findings",
        _accept,
        AcceptBody,
    ),
    _deciding(
        "/dead-letters/{id}/discard",
        "discardDeadLetter",
        "弃置 Give it up for good",
        _one("discard"),
        DecisionBody,
    ),
)
"""Decisions."""
