"""Deciding about one dead letter: checked as one types, asked for a note, done once."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.access.roles import Role
from console.desk import decisions, sending
from console.desk.outcome import Outcome
from console.queries import standing
from console.queries.standing import Met
from console.web import form_table, wording
from console.web.judgement import Judgement, judged
from console.web.messages import told
from console.web.pages import letter
from console.web.pages.letter import Shown
from console.web.visit import Page, Visit
from models.dead_letter import Action
from worker.deciding import Conflict, DecisionError, UnknownLetter
from worker.desk.order import Changes, Given, Identity
from worker.errors import BrokerUnreachable

_CELL: Final = "cell:"
_MOST_KEY: Final = 128
_LARGEST: Final = 2**63
_IDS: Final = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,6}){0,40}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A decision as its form has it; ``cells`` and ``candidate`` are of a correction."""

    action: Action
    cells: Mapping[str, str]
    candidate: str | None
    identity: Identity

    @property
    def changes(self) -> Changes:
        return Changes(self.cells, self.candidate, self.identity)


def recheck(visit: Visit) -> Response:
    """Check what was typed; a script is given the judgement alone, a browser the whole page."""
    shown = _open(visit)
    judgement = judged(shown.inspection, _asked(visit, shown).changes)
    if visit.is_partial:
        return visit.render(
            "judgement.html", judgement=judgement, letter=shown.letter, editing=True
        )
    return letter.page(visit, shown, judgement, editing=True, **letter.context_of(visit, shown))


def prepare(visit: Visit) -> Response:
    """Ask for the note of a correction that was typed."""
    shown = _open(visit)
    return _confirm(visit, shown, _asked(visit, shown))


def ask(visit: Visit) -> Response:
    """Ask for the note of a decision that a link stands for."""
    shown = _open(visit)
    return _confirm(visit, shown, _linked(visit))


def decide(visit: Visit) -> Response:
    """Decide; then show the report that was stored, or the letter."""
    shown = _letter(visit)
    asked = _asked(visit, shown)
    key = visit.field("key")[:_MOST_KEY] or None
    given = Given(visit.operator, visit.field("note"), key)
    try:
        outcome = _decided(visit, shown, asked, given)
    except UnknownLetter as error:
        raise HTTPException(404, str(error)) from error
    except DecisionError as error:
        code = 409 if isinstance(error, Conflict) else 422
        return _confirm(
            visit, _letter(visit), asked, code=code, problem=told(str(error), visit.language)
        )
    send(visit, outcome)
    for report_id in outcome.reports.values():
        return visit.redirect(f"/reports/{report_id}")
    return visit.redirect(f"/dead/{shown.letter.id}")


def send(visit: Visit, outcome: Outcome) -> None:
    """Send what is to be processed again; what the queue does not take now, the sweeper sends."""
    try:
        sending.send(visit.site.settings, visit.site.database, outcome)
    except BrokerUnreachable:
        return


def new_key() -> str:
    """Return an idempotency key: a form that is sent twice decides once."""
    return secrets.token_hex(16)


def _decided(visit: Visit, shown: Shown, asked: _Asked, given: Given) -> Outcome:
    number, version = shown.letter.id, _version(visit)
    database = visit.site.database
    if asked.action is Action.CORRECT:
        return decisions.correct(database, number, given, asked.changes, version=version)
    looked = {number: version}
    if asked.action is Action.ACCEPT:
        return decisions.accept(database, looked, given, asked.identity)
    act = decisions.retry if asked.action is Action.RETRY else decisions.discard
    return act(database, looked, given)


def _letter(visit: Visit) -> Shown:
    with visit.reading() as session:
        return letter.found(session, visit)


def _open(visit: Visit) -> Shown:
    shown = _letter(visit)
    if shown.letter.resolution is not None:
        what = wording.words(visit.language)["action_name"](shown.letter.resolution)
        text = visit.text("This dead letter has been decided about in between: %(what)s.")
        raise HTTPException(409, text % {"what": what})
    return shown


def _version(visit: Visit) -> int | None:
    text = visit.field("version")
    return int(text) if text.isascii() and text.isdecimal() and int(text) < _LARGEST else None


def _linked(visit: Visit) -> _Asked:
    action = visit.query.get("action", "")
    if action not in list(Action):
        raise HTTPException(404, visit.text("There is no such decision."))
    return _Asked(Action(action), {}, _named(visit.query.get("candidate", "")), Identity())


def _asked(visit: Visit, shown: Shown) -> _Asked:
    action = visit.field("action")
    return _Asked(
        Action(action) if action in list(Action) else Action.CORRECT,
        _cells(visit, shown),
        _named(visit.field("candidate")),
        _identity(visit, shown),
    )


def _cells(visit: Visit, shown: Shown) -> dict[str, str]:
    """Return the cells in which another thing stands than was read."""
    known = judged(shown.inspection).report if shown.report is not None else None
    typed: dict[str, str] = {}
    for name, value in visit.form.items():
        if not name.startswith(_CELL) or not isinstance(value, str):
            continue
        address = name.removeprefix(_CELL)
        before = form_table.standing(known, address)
        if value.strip() != before:
            typed[address] = value.strip()
    return typed


def _identity(visit: Visit, shown: Shown) -> Identity:
    publisher, year = visit.field("publisher"), visit.field("year")
    number = int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else None
    return Identity(
        publisher if publisher and publisher != shown.letter.publisher else None,
        number if number != shown.letter.year else None,
    )


def _confirm(
    visit: Visit, shown: Shown, asked: _Asked, *, code: int = 200, problem: str = ""
) -> Response:
    context: dict[str, Any] = {
        "met": None,
        "letter": shown.letter,
        "asked": asked,
        "problem": problem,
        "key": new_key(),
    }
    if asked.action in (Action.CORRECT, Action.ACCEPT) and shown.report is not None:
        context["judgement"] = judged(shown.inspection, asked.changes)
        context["met"] = _met(visit, shown, context["judgement"])
    template = "decide_form.html" if visit.is_partial else "decide.html"
    return visit.render(template, code, **context)


def _met(visit: Visit, shown: Shown, judgement: Judgement) -> Met | None:
    """Return the report that would be replaced, by publisher and year as they are given now."""
    with visit.reading() as session:
        return standing.met(session, judgement.report, shown.letter.document_id)


def _named(candidate: str) -> str | None:
    """Return the ids of candidates, ``None`` for what names none."""
    return candidate if _IDS.fullmatch(candidate) else None


PAGES: Final = (
    Page("/dead/{letter_id:int}/decide", ask, role=Role.OPERATOR),
    Page("/dead/{letter_id:int}/decide", decide, role=Role.OPERATOR, posted=True),
    Page("/dead/{letter_id:int}/recheck", recheck, role=Role.OPERATOR, posted=True),
    Page("/dead/{letter_id:int}/prepare", prepare, role=Role.OPERATOR, posted=True),
)
