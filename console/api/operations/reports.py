"""Stored reports: lists, one with its tables, versions, differences; putting one back."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, Literal

from sqlalchemy.orm import Session

from console import report_diff, report_story
from console.access.roles import Role
from console.api.answers import Difference, ListOf, PageOf, ReportTold, Restored
from console.api.operation import Call, Number, Operation, Paged
from console.api.operations import paging
from console.api.problems import Problem, not_found
from console.queries import filings, report_pages, versions
from console.queries.filings import ReportRow
from console.queries.versions import VersionRow
from console.report_filter import ReportFilter
from console.shapes import Limits
from models.disclosure.difference import compare
from worker import versions as keeping
from worker.deciding import Conflict
from worker.inspection import cells_json, finding_json
from worker.rows import load


@dataclass(frozen=True)
class ReportQuery(Paged, ReportFilter):
    """Which reports, and in which order."""

    sort: Annotated[
        Literal["stored", "publisher", "year", "soft"], Limits("By what they are sorted.")
    ] = "stored"


@dataclass(frozen=True, slots=True)
class DifferenceQuery:
    """With what a report is compared."""

    other: Annotated[Number | None, Limits("A report; else the version before.")] = None


@dataclass(frozen=True, slots=True)
class RestoreBody:
    """Why a version is to stand again."""

    note: Annotated[str, Limits("Why; kept for ever.", shortest=1, longest=10_000)]
    instead_of: Annotated[Number | None, Limits("The report that stood when you looked.")] = None


def _list(call: Call) -> Any:
    query: ReportQuery = call.query
    wanted = ReportFilter.of(query)
    after = paging.after(query, 1 if query.sort == "stored" else 2)
    return paging.told(
        call.reading(
            lambda session: report_pages.page(
                session, wanted, sort=query.sort, after=after, limit=query.limit
            )
        )
    )


def _row(call: Call, session: Session) -> ReportRow:
    row = filings.report(session, call.path["id"])
    if row is None:
        call.missing("report")
    return row


def _one(call: Call) -> Any:
    with call.database.reading() as session:
        return report_story.as_dict(report_story.story(session, _row(call, session)))


def _findings(call: Call) -> Any:
    with call.database.reading() as session:
        attempt = filings.attempt_of(session, _row(call, session).id)
        found = filings.findings(session, attempt)
    return {"items": [finding_json(finding) for finding in found]}


def _cells(call: Call) -> Any:
    with call.database.reading() as session:
        return {"items": cells_json(load(session, _row(call, session).id))}


def _versions(call: Call) -> Any:
    with call.database.reading() as session:
        return {"items": versions.versions(session, _row(call, session))}


def _difference(call: Call) -> Any:
    with call.database.reading() as session:
        after = _row(call, session)
        other = call.query.other or versions.before(session, after)
        if other is None:
            detail = f"report {after.id} is the first version: say which to compare it with"
            raise Problem(404, "not_found", detail)
        before = filings.report(session, other)
        if before is None:
            raise not_found("report", other)
        found = compare(load(session, before.id), load(session, after.id))
    return report_diff.as_dict(before, after, found)


def _restore(call: Call) -> Any:
    body: RestoreBody = call.body
    try:
        with call.database.transaction() as session:
            done = keeping.restore(
                session,
                call.path["id"],
                note=body.note,
                operator=call.who.operator,
                instead_of=body.instead_of,
            )
    except keeping.UnknownReport:
        call.missing("report")
    except Conflict as error:
        raise Problem(409, "conflict", str(error)) from error
    return asdict(done)


OPERATIONS: Final = (
    Operation(
        "GET",
        "/reports",
        "listReports",
        "入库报告 Stored reports",
        _list,
        PageOf(ReportRow),
        query=ReportQuery,
    ),
    Operation(
        "GET",
        "/reports/{id}",
        "getReport",
        "一份报告 One report: tables, cells as published and as corrected, findings, versions",
        _one,
        ReportTold,
        problems=(404,),
    ),
    Operation(
        "GET",
        "/reports/{id}/findings",
        "listFindings",
        "发现 Its findings",
        _findings,
        ListOf(dict[str, Any]),
        problems=(404,),
    ),
    Operation(
        "GET",
        "/reports/{id}/cells",
        "listCells",
        "单元格 Its cells",
        _cells,
        ListOf(dict[str, Any]),
        problems=(404,),
    ),
    Operation(
        "GET",
        "/reports/{id}/versions",
        "listVersions",
        "各版 Its versions and copies",
        _versions,
        ListOf(VersionRow),
        problems=(404,),
    ),
    Operation(
        "GET",
        "/reports/{id}/difference",
        "getDifference",
        "版次差别 What changed from another report, or the version before",
        _difference,
        Difference,
        query=DifferenceQuery,
        problems=(404,),
    ),
    Operation(
        "POST",
        "/reports/{id}/restore",
        "restoreReport",
        "放回 Let an earlier version stand again",
        _restore,
        Restored,
        role=Role.OPERATOR,
        body=RestoreBody,
        problems=(404, 409),
    ),
)
"""Reports."""
