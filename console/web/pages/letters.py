"""The dead letters: grouped, then row by row; decisions about some, or about all that match."""

from functools import partial
from typing import Any, Final, get_args

from sqlalchemy.orm import Session
from starlette.responses import Response

from console.queries import documents, letter_pages, letters
from console.queries.letters import Group, LetterFilter
from console.web import parameters
from console.web.visit import Page, Visit
from models.disclosure.finding import Reason
from worker.check.rules import RULES

GROUPS: Final[tuple[Group, ...]] = get_args(Group)
_MOST_GROUPS: Final = 40
FIELDS: Final = ("reason", "rule", "q", "year", "name", "state")


def filter_of(given: Any) -> LetterFilter:
    """Return what an address, or the fields of a form, narrow the dead letters down by."""
    return LetterFilter(
        reason=parameters.one_of(given, "reason", list(Reason)),
        rule=parameters.one_of(given, "rule", list(RULES)),
        publisher=parameters.words(given, "q"),
        year=parameters.number(given, "year"),
        name=parameters.words(given, "name"),
        only_open=given.get("state") != "all",
    )


def unread(given: Any) -> list[str]:
    """Return the fields that say something but narrow nothing down: it cannot be read."""
    wanted = filter_of(given)
    found = {"reason": wanted.reason, "rule": wanted.rule, "year": wanted.year}
    return [name for name in found if found[name] is None and parameters.words(given, name)]


def show(visit: Visit) -> Response:
    """Show how many there are by a group, and a page of them."""
    wanted = filter_of(visit.query)
    by = next((one for one in GROUPS if one == visit.query.get("by")), GROUPS[0])
    with visit.reading() as session:
        found_groups = groups(visit, session, wanted, by)
        found = letter_pages.page(session, wanted, after=visit.query.get("after", ""))
        places = documents.places(session, [row.document_id for row in found.rows])
        total = visit.site.kept.get(
            session, ("letters", wanted), partial(letters.count, session, wanted)
        )
    return visit.render(
        "letters.html",
        wanted=wanted,
        unread=unread(visit.query),
        by=by,
        by_all=GROUPS,
        groups=found_groups,
        found=found,
        total=total,
        places=places,
        reasons=[str(reason) for reason in Reason],
        rules=list(RULES),
        filters={name: visit.query[name] for name in FIELDS if visit.query.get(name)},
    )


def groups(visit: Visit, session: Session, wanted: LetterFilter, by: Group) -> list[dict[str, Any]]:
    """Return the largest groups, as counted when something last happened."""
    count = partial(letters.grouped, session, wanted, by, limit=_MOST_GROUPS)
    return visit.site.kept.get(session, ("groups", wanted, by), count)


PAGES: Final = (Page("/dead", show),)
