"""The overview: is everything well, what waits, what was done, what is covered, what happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from console.queries import activity, counts, history, report_pages
from console.queries.counts import SourceRow
from console.queries.history import EventFilter
from console.queries.letters import LetterFilter
from console.report_filter import UNKNOWN, ReportFilter
from console.web import charts
from console.web.pages.letters import groups
from console.web.pages.reports import tally
from console.web.queue import Answer
from console.web.visit import Page, Visit
from models.base import now

_HOURS: Final = 48
_LABEL_EVERY: Final = 6
_OUTCOMES: Final = ("stored", "unpacked", "dead", "retry", "lost")
_EVENTS: Final = 20
_SILENT: Final = timedelta(minutes=5)
_WAITED_LONG: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something an operator should know: what, how grave, and where more of it is said."""

    kind: str
    grave: bool
    about: str = ""
    address: str = ""


def show(visit: Visit) -> Response:
    """Show everything."""
    return visit.render("overview.html", **_figures(visit), **_coverage(visit), **_latest(visit))


def figures(visit: Visit) -> Response:
    """Show the figures alone, as often as something happens."""
    return visit.render("overview_figures.html", **_figures(visit))


def _figures(visit: Visit) -> dict[str, Any]:
    answer = visit.site.queue.backlog()
    at = now()
    with visit.reading() as session:
        documents = counts.documents_by_state(session)
        sources = counts.sources(session)
        oldest = activity.oldest_waiting(session)
        reasons = groups(visit, session, LetterFilter(), "reason")
        hourly = visit.site.kept.get(
            session, ("hourly", activity.hours(at, 1)[0]), partial(_hourly, session, at)
        )
    return {
        "documents": documents,
        "queue": answer,
        "oldest": oldest,
        "reasons": reasons,
        "most": max((group["count"] for group in reasons), default=0),
        "share": charts.share,
        "chart": charts.stacked(hourly, _OUTCOMES, label_every=_LABEL_EVERY),
        "hourly": [(name, found) for name, found in hourly if found],
        "outcomes": _OUTCOMES,
        "concerns": _concerns(answer, sources, oldest, documents, at),
    }


def _hourly(session: Session, at: datetime) -> list[tuple[str, Mapping[str, int]]]:
    hours = activity.hours(at, _HOURS)
    found = activity.by_hour(session, hours[0])
    return [(f"{hour.astimezone():%m-%d %H:%M}", found.get(hour, {})) for hour in hours]


def _concerns(
    answer: Answer,
    sources: list[SourceRow],
    oldest: datetime | None,
    documents: Mapping[str, int],
    at: datetime,
) -> list[Concern]:
    found = []
    if answer.backlog is None:
        found.append(Concern("queue", grave=True, about=answer.problem, address="/workers"))
    for source in sources:
        if source.problem:
            about = f"{source.source}: {source.problem}"
            found.append(Concern("source", grave=True, about=about, address="/sources"))
        elif source.heartbeat_at < at - _SILENT:
            found.append(Concern("silent", grave=True, about=source.source, address="/sources"))
    if oldest is not None and oldest < at - _WAITED_LONG:
        found.append(Concern("waiting", grave=False, address="/workers"))
    if documents["dead"]:
        found.append(Concern("dead", grave=False, about=str(documents["dead"]), address="/dead"))
    return found


def _coverage(visit: Visit) -> dict[str, Any]:
    with visit.reading() as session:
        found = report_pages.facets(tally(visit, session, ReportFilter()), ReportFilter())
        unknown = tally(visit, session, ReportFilter(unidentified=True))
    years = sorted(found.years, key=lambda year: (year is None, year))
    provinces = sorted(found.provinces, key=lambda code: (code == UNKNOWN, code))
    return {
        "years": years,
        "provinces": provinces,
        "coverage": found.coverage,
        "most_covered": max(found.coverage.values(), default=0),
        "reports": found.total,
        "unidentified": sum(count for *_kind, count in unknown),
    }


def _latest(visit: Visit) -> dict[str, Any]:
    with visit.reading() as session:
        found = history.latest(session, EventFilter(), limit=_EVENTS)
    return {"events": found[::-1], "last_event": found[-1].id if found else 0}


PAGES: Final = (Page("/", show), Page("/overview/figures", figures))
