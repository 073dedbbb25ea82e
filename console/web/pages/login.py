"""Logging in and out, and what a reader prefers."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.accounts import sessions
from console.web import languages
from console.web.visit import LANGUAGE, SESSION, THEME, THEMES, Page, Visit, within
from models.event import EventName
from watcher.pace import network_of
from worker.logs import log

_LONGEST: Final = 1024


def show(visit: Visit) -> Response:
    """Ask for name and password; whoever is in already goes on."""
    if visit.who is not None:
        return visit.redirect(within(visit.query.get("next", "/")))
    goal = within(visit.query.get("next", "/"))
    return visit.render("login.html", next=goal, name="", wrong=False)


def log_in(visit: Visit) -> Response:
    """Take name and password; the answer never says which of them is wrong."""
    name, password = visit.field("name")[:_LONGEST], visit.form.get("password", "")
    client = network_of(visit.request.client.host) if visit.request.client else ""
    site = visit.site
    if wait := max(site.logins.wait(client), site.names.wait(name)):
        raise HTTPException(
            429,
            visit.text("Too many attempts. Try again in a minute."),
            {"Retry-After": str(int(wait) + 1)},
        )
    token = sessions.log_in(site.database, name, password if isinstance(password, str) else "")
    goal = within(visit.field("next"))
    if token is None:
        site.logins.come(client)
        site.names.come(name)
        log(EventName.USER_REFUSED, level="warning", client=client)
        return visit.render("login.html", 401, next=goal, name=name, wrong=True)
    response = visit.redirect(goal)
    visit.set_cookie(response, SESSION, token, int(sessions.LASTS.total_seconds()))
    return response


def log_out(visit: Visit) -> Response:
    """End the session, here and in the database."""
    with visit.site.database.transaction() as session:
        sessions.log_out(session, visit.secret)
    response = visit.redirect("/login")
    response.delete_cookie(SESSION)
    return response


def prefer(visit: Visit) -> Response:
    """Keep the language and the colours that a reader chose."""
    response = visit.redirect(within(visit.field("next")))
    if (language := visit.field("language")) in languages.LANGUAGES:
        visit.set_cookie(response, LANGUAGE, language)
    if (theme := visit.field("theme")) in THEMES:
        visit.set_cookie(response, THEME, theme)
    return response


PAGES: Final = (
    Page("/login", show, role=None),
    Page("/login", log_in, role=None, posted=True),
    Page("/logout", log_out, role=None, posted=True),
    Page("/preferences", prefer, role=None, posted=True),
)
