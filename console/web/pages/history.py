"""What happened: the events of the timeline, the log files, and the story of one document."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.log_files import LEVELS as LOG_LEVELS
from console.log_files import LogFilter
from console.queries import comments, documents, history, letters
from console.queries.history import LEVELS, EventFilter
from console.web import log_tail, parameters
from console.web.visit import Page, Visit
from models.disclosure.finding import Reason
from models.event import EventName
from models.ledger import Document
from models.trace import trace_id_of

_ROWS: Final = 100
_NEVER: Final = 2**62
_TIMELINE: Final = 500
_FAMILIES: Final = tuple(dict.fromkeys(name.partition(".")[0] for name in EventName))


def events(visit: Visit) -> Response:
    """Show the events that match, the latest first."""
    query = visit.query
    name = parameters.one_of(query, "name", [*EventName, *_FAMILIES])
    number = parameters.number(query, "document")
    since, until = parameters.moment(query, "since"), parameters.moment(query, "until")
    wanted = EventFilter(
        documents=None if number is None else [number],
        event=name,
        level=parameters.one_of(query, "level", LEVELS),
        reason=parameters.one_of(query, "reason", list(Reason)),
        trace=trace_id_of(query.get("trace", "")),
    )
    before = parameters.number(query, "before")
    with visit.reading() as session:
        if until is not None and before is None:
            before = history.first_since(session, until)
        first = None if since is None else history.first_since(session, since) or _NEVER
        found = history.page(session, wanted, first=first, before=before, limit=_ROWS + 1)
    return visit.render(
        "events.html",
        wanted=wanted,
        document=number,
        until=until,
        events=found[:_ROWS],
        before=found[_ROWS - 1].id if len(found) > _ROWS else None,
        names=[*_FAMILIES, *map(str, EventName)],
        levels=LEVELS,
        reasons=[str(reason) for reason in Reason],
    )


def logs(visit: Visit) -> Response:
    """Show the last lines of the log files that match, the latest first."""
    query = visit.query
    folder = visit.site.settings.data_dir / "logs"
    known = log_tail.parts(folder)
    part = parameters.one_of(query, "part", known)
    wanted = LogFilter(
        level=parameters.one_of(query, "level", LOG_LEVELS),
        event=parameters.words(query, "name"),
        document=parameters.number(query, "document"),
        since=parameters.moment(query, "since"),
    )
    entries = log_tail.last(folder, wanted, part)
    return visit.render(
        "logs.html", wanted=wanted, part=part, parts=known, entries=entries, levels=LOG_LEVELS
    )


def document(visit: Visit) -> Response:
    """Show the story of one document, and where it led to."""
    number = visit.path["document_id"]
    with visit.reading() as session:
        found = session.get(Document, number) if number < 2**63 else None
        if found is None:
            raise HTTPException(404, visit.text("There is no such document."))
        wanted = EventFilter(documents=[number])
        return visit.render(
            "document.html",
            document=found,
            report_id=documents.report_of(session, number),
            letters=letters.of_document(session, number),
            events=history.latest(session, wanted, limit=_TIMELINE),
            attempts=documents.attempts(session, number),
            arrivals=documents.arrivals(session, number),
            comments=comments.comments(session, number),
        )


PAGES: Final = (
    Page("/events", events),
    Page("/logs", logs),
    Page("/documents/{document_id:int}", document),
)
