"""Dead letters: lists, groups, one of them, and checking one anew."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, cast

from sqlalchemy.orm import Session

from console.api.answers import Checked, Group, LetterTold, ListOf, PageOf
from console.api.operation import Call, Operation, Paged, Year
from console.api.operations import paging
from console.api.problems import of_decision
from console.desk.recheck import recheck
from console.queries import comments, filings, letter_pages, letters, standing
from console.queries.letters import LetterFilter, LetterRow
from console.shapes import Limits
from models.disclosure.finding import Reason
from worker.check.rules import RULES
from worker.deciding import DecisionError
from worker.desk.order import Changes, Identity
from worker.inspected import findings_of, report_of
from worker.inspection import PARSER_VERSION, finding_json

Figure = Annotated[str, Limits(longest=40)] | int | None
"""What a cell is set to; null or an empty string makes it blank."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which dead letters; everything given must match."""

    reason: Annotated[Reason | None, Limits("Why they were given up.")] = None
    rule: Annotated[
        str | None,
        Limits("With a finding of this edit.", choices=tuple(RULES)),
    ] = None
    publisher: Annotated[
        str | None, Limits("A part of the publisher's name.", shortest=1, longest=255)
    ] = None
    year: Year | None = None
    name: Annotated[str | None, Limits("A part of the file's name.", shortest=1, longest=255)] = (
        None
    )
    parser_version: Annotated[
        str | None, Limits("Refused by this parser.", shortest=1, longest=32)
    ] = None
    older_parser: Annotated[bool, Limits("Refused by an older parser.")] = False

    def filter(self, *, only_open: bool = True) -> LetterFilter:
        """Return it as the queries have it."""
        return LetterFilter(
            reason=self.reason,
            rule=self.rule,
            publisher=self.publisher,
            year=self.year,
            name=self.name,
            only_open=only_open,
            parser_version=self.parser_version,
            not_version=PARSER_VERSION if self.older_parser else None,
        )


@dataclass(frozen=True, slots=True)
class GroupQuery(Criteria):
    """Which dead letters, and by what they are counted."""

    by: Annotated[
        Literal["reason", "rule", "publisher", "parser_version"], Limits("Counted by this.")
    ] = "reason"
    resolved: Annotated[bool, Limits("Those already decided about too.")] = False


@dataclass(frozen=True, slots=True)
class LetterQuery(Criteria):
    """Which dead letters, and which part of the list."""

    resolved: Annotated[bool, Limits("Those already decided about too.")] = False
    limit: Annotated[int, Limits("How many at most.", minimum=1, maximum=200)] = 50
    cursor: Annotated[str | None, Limits("`next` of the page before.", longest=500, shortest=1)] = (
        None
    )


@dataclass(frozen=True, slots=True)
class ChangesBody:
    """What is to be changed in a report."""

    cells: Annotated[
        dict[str, Figure], Limits("Values by address, such as applications.granted.total.")
    ] = field(default_factory=dict)
    candidate: Annotated[
        str | None, Limits("A candidate by its id, or one of each block: 1.1,2.1.", longest=64)
    ] = None
    publisher: Annotated[
        str | None, Limits("The publisher is this one.", shortest=1, longest=255)
    ] = None
    year: Year | None = None

    def changes(self) -> Changes:
        """Return them as the desk takes them."""
        cells = {cell: "" if value is None else str(value) for cell, value in self.cells.items()}
        return Changes(cells, self.candidate, Identity(self.publisher, self.year))


def _list(call: Call) -> Any:
    query: LetterQuery = call.query
    wanted = query.filter(only_open=not query.resolved)
    after = paging.after(Paged(query.limit, query.cursor))
    return paging.told(
        call.reading(
            lambda session: letter_pages.page(session, wanted, after=after, limit=query.limit)
        )
    )


def _groups(call: Call) -> Any:
    query: GroupQuery = call.query
    wanted, by = query.filter(only_open=not query.resolved), query.by
    found = call.reading(lambda session: letters.grouped(session, wanted, by))
    return {"items": [Group(one[by], one.get("severity"), one["count"]) for one in found]}


def _one(call: Call) -> Any:
    number = call.path["id"]
    with call.database.reading() as session:
        letter = letters.letter(session, number)
        if letter is None:
            call.missing("dead letter")
        inspection, attempt = letters.details(session, number)
        found = filings.findings(session, attempt) or findings_of(inspection or {})
        every = letters.of_document(session, letter.document_id)
        return LetterTold(
            letter,
            inspection,
            [finding_json(finding) for finding in found],
            every,
            letters.decisions(session, [one.id for one in every]),
            comments.comments(session, letter.document_id),
            _met(session, letter, inspection),
        )


def _met(
    session: Session, letter: LetterRow, inspection: dict[str, Any] | None
) -> standing.Met | None:
    if letter.resolution is not None or not inspection:
        return None
    return standing.met(session, report_of(inspection), letter.document_id)


def _recheck(call: Call) -> Any:
    number, body = call.path["id"], cast("ChangesBody", call.body)
    with call.database.reading() as session:
        if letters.letter(session, number) is None:
            call.missing("dead letter")
        inspection, _ = letters.details(session, number)
    try:
        told = recheck(inspection, body.changes()).as_json()
    except DecisionError as error:
        raise of_decision(error) from error
    return Checked(**told)


OPERATIONS: Final = (
    Operation(
        "GET",
        "/dead-letters",
        "listDeadLetters",
        "死信 Dead letters, the latest first",
        _list,
        PageOf(LetterRow),
        query=LetterQuery,
    ),
    Operation(
        "GET",
        "/dead-letters/groups",
        "groupDeadLetters",
        "死信分组 How many dead letters have something in common, most first",
        _groups,
        ListOf(Group),
        query=GroupQuery,
    ),
    Operation(
        "GET",
        "/dead-letters/{id}",
        "getDeadLetter",
        "一封死信 One dead letter: what was recognised, findings, earlier letters, decisions",
        _one,
        LetterTold,
        problems=(404,),
    ),
    Operation(
        "POST",
        "/dead-letters/{id}/recheck",
        "recheckDeadLetter",
        "试核对 Check it anew with changes; nothing is written",
        _recheck,
        Checked,
        body=ChangesBody,
        problems=(404,),
    ),
)
"""Dead letters."""
