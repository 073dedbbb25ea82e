"""The rules, with how often each was hit."""

from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.queries import rule_hits
from console.queries.rule_hits import Hits
from console.reference import edits
from console.web.languages import CHINESE
from console.web.visit import Page, Visit
from worker.check.rules import RULES


def rules(visit: Visit) -> Response:
    """Show every rule with its findings."""
    return visit.render("rules.html", rules=list(RULES.values()), found=_hits(visit))


def rule(visit: Visit) -> Response:
    """Show one rule: equation, source, what counts and what does not."""
    one = RULES.get(visit.path["rule"])
    if one is None:
        raise HTTPException(404, visit.text("There is no such rule."))
    words = edits.words(one, chinese=visit.language == CHINESE)
    return visit.render("rule.html", rule=one, words=words, found=_hits(visit))


def _hits(visit: Visit) -> Hits:
    with visit.reading() as session:
        return visit.site.kept.get(session, "hits", partial(rule_hits.hits, session))


PAGES: Final = (Page("/rules", rules), Page("/rules/{rule}", rule))
