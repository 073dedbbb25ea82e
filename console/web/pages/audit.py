"""Who decided what, when and why: about dead letters, and about versions of reports."""

from typing import Final

from starlette.responses import Response

from console.queries import audit
from console.web import parameters
from console.web.visit import Page, Visit
from models.dead_letter import Action

ACTIONS: Final = (*map(str, Action), audit.RESTORE)


def show(visit: Visit) -> Response:
    """Show the decisions, the latest first."""
    wanted = audit.AuditFilter(
        operator=parameters.words(visit.query, "operator"),
        action=parameters.one_of(visit.query, "action", ACTIONS),
    )
    with visit.reading() as session:
        found = audit.page(session, wanted, after=visit.query.get("after", ""))
    return visit.render("audit.html", wanted=wanted, found=found, actions=ACTIONS)


PAGES: Final = (Page("/audit", show),)
