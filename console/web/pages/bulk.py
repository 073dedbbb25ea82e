"""Deciding about several dead letters: those selected, or all that match, counted again."""

from typing import Any, Final, get_args

from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.access.roles import Role
from console.desk import bulk, decisions
from console.desk.bulk import Deed, Preview
from console.desk.outcome import Outcome
from console.queries import documents, letters
from console.web import parameters
from console.web.messages import told
from console.web.pages.desk import new_key, send
from console.web.pages.letters import FIELDS, filter_of, unread
from console.web.visit import Page, Visit
from worker.deciding import Conflict, DecisionError, UnknownLetter
from worker.desk.order import Given

_DEEDS: Final[tuple[Deed, ...]] = get_args(Deed)
_MOST: Final = 500
_MOST_KEY: Final = 128


def ask(visit: Visit) -> Response:
    """Show what would be decided about, and ask for a note."""
    action, every = _asked(visit, visit.query)
    chosen = [] if every else _ids(visit, visit.request.query_params.getlist("id"))
    return _confirm(visit, action, every=every, chosen=chosen, given=visit.query)


def decide(visit: Visit) -> Response:
    """Decide, if still as many match as were confirmed."""
    action, every = _asked(visit, visit.form)
    chosen = [] if every else _ids(visit, [str(one) for one in visit.form.getlist("id")])
    given = Given(visit.operator, visit.field("note"), visit.field("key")[:_MOST_KEY] or None)
    try:
        outcome = _decided(visit, action, chosen, given, every=every)
    except UnknownLetter as error:
        raise HTTPException(404, str(error)) from error
    except DecisionError as error:
        code = 409 if isinstance(error, Conflict) else 422
        return _confirm(
            visit,
            action,
            every=every,
            chosen=chosen,
            given=visit.form,
            code=code,
            problem=told(str(error), visit.language),
        )
    send(visit, outcome)
    return visit.render(
        "decided.html", action=action, decided=len(outcome.letters), already=len(outcome.already)
    )


def _decided(
    visit: Visit, action: Deed, chosen: list[int], given: Given, *, every: bool
) -> Outcome:
    database = visit.site.database
    if every:
        expect = parameters.number({"n": visit.field("expect")}, "n")
        return bulk.decide(database, action, filter_of(visit.form), given, expect=expect or 0)
    looked: dict[int, int | None] = dict.fromkeys(chosen)
    if action == "accept":
        return decisions.accept(database, looked, given)
    act = decisions.retry if action == "retry" else decisions.discard
    return act(database, looked, given)


def _asked(visit: Visit, given: Any) -> tuple[Deed, bool]:
    """Return what is to be decided, and whether about all that match."""
    for name, every in (("all", True), ("action", False)):
        for deed in _DEEDS:
            if given.get(name) == deed:
                if every and unread(given):  # else it would be about more than was meant
                    raise HTTPException(422, visit.text("A filter cannot be read."))
                return deed, every
    raise HTTPException(404, visit.text("There is no such decision."))


def _ids(visit: Visit, texts: list[str]) -> list[int]:
    found = [parameters.number({"id": text}, "id") for text in texts]
    numbers = list(dict.fromkeys(number for number in found if number is not None))
    if len(numbers) > _MOST:
        raise HTTPException(422, visit.text("Too many are selected; decide about all that match."))
    return numbers


def _confirm(
    visit: Visit,
    action: Deed,
    *,
    every: bool,
    chosen: list[int],
    given: Any,
    code: int = 200,
    problem: str = "",
) -> Response:
    with visit.reading() as session:
        if every:
            shown = bulk.preview(session, filter_of(given))
        else:
            rows = [letters.letter(session, number) for number in chosen]
            first = [row for row in rows if row is not None and row.resolution is None]
            shown = Preview(len(first), [], first)
        places = documents.places(session, [row.document_id for row in shown.first])
    return visit.render(
        "bulk.html",
        code,
        places=places,
        action=action,
        every=every,
        chosen=[row.id for row in shown.first] if not every else [],
        shown=shown,
        problem=problem,
        key=new_key(),
        filters={name: given[name] for name in FIELDS if given.get(name)},
    )


PAGES: Final = (
    Page("/dead/decide", ask, role=Role.OPERATOR),
    Page("/dead/decide", decide, role=Role.OPERATOR, posted=True),
)
