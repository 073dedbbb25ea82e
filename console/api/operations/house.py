"""How things stand: status, sources, rules, events."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from console import labels
from console.api.answers import ListOf, PageOf, RuleTold, Status
from console.api.operation import Call, Number, Operation, Paged
from console.api.operations import paging
from console.api.problems import not_found
from console.queries import counts, history, keyset
from console.queries.counts import SourceRow
from console.queries.history import EventFilter, EventRow
from console.queries.keyset import Slice
from console.shapes import Limits
from worker.check.rules import RULES
from worker.errors import BrokerUnreachable
from worker.inbox import backlog_of
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class EventQuery(Paged):
    """Which events."""

    document: Annotated[Number | None, Limits("Of this document.")] = None
    event: Annotated[
        str | None, Limits("A name, or the part before a dot: `document`.", shortest=1, longest=48)
    ] = None
    level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, Limits("The least level.")
    ] = None
    since: Annotated[datetime | None, Limits("Not before this moment.")] = None


def _status(call: Call) -> Any:
    queue, notes = _queue(call.settings)
    return call.reading(
        lambda session: Status(
            counts.documents(session),
            counts.arrivals(session),
            queue,
            counts.sources(session),
            notes,
        )
    )


def _queue(settings: Settings) -> tuple[dict[str, int] | None, list[str]]:
    if not settings.broker_url and not settings.broker_socket.exists():
        return None, [labels.queue_away()]
    try:
        backlog = backlog_of(settings)
    except BrokerUnreachable as error:
        return None, [labels.queue_away(error)]
    return {**backlog, "outstanding": backlog.total}, []


def _sources(call: Call) -> Any:
    return {"items": call.reading(counts.sources)}


def _rules(_call: Call) -> Any:
    return {"items": [asdict(rule) for rule in RULES.values()]}


def _rule(call: Call) -> Any:
    rule = RULES.get(call.path["rule"])
    if rule is None:
        raise not_found("rule", call.path["rule"])
    return asdict(rule)


def _events(call: Call) -> Any:
    query: EventQuery = call.query
    place = keyset.decode(paging.after(query), 1)
    wanted = EventFilter(
        documents=None if query.document is None else [query.document],
        event=query.event,
        level=query.level,
        since=query.since,
    )
    before = place[0] if place else None
    found = call.reading(
        lambda session: history.page(session, wanted, before=before, limit=query.limit + 1)
    )
    more = len(found) > query.limit
    after = keyset.encode(found[query.limit - 1].id) if more else ""
    return paging.told(Slice(found[: query.limit], after))


OPERATIONS: Final = (
    Operation("GET", "/status", "getStatus", "现状 How things stand", _status, Status),
    Operation("GET", "/sources", "listSources", "来源 The sources", _sources, ListOf(SourceRow)),
    Operation("GET", "/rules", "listRules", "勾稽规则 The edits", _rules, ListOf(RuleTold)),
    Operation(
        "GET", "/rules/{rule}", "getRule", "一条规则 One edit", _rule, RuleTold, problems=(404,)
    ),
    Operation(
        "GET",
        "/events",
        "listEvents",
        "经过 Events, the latest first",
        _events,
        PageOf(EventRow),
        query=EventQuery,
    ),
)
"""Status, sources, rules, events."""
