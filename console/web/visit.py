"""One request as a page sees it: who asks, in which language, with which form."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access.principal import Principal
from console.access.roles import Role
from console.web import languages
from console.web.site import Site

SESSION: Final = "gouji_session"
VISITOR: Final = "gouji_visitor"
LANGUAGE: Final = "gouji_language"
THEME: Final = "gouji_theme"
TOKEN: Final = "csrf"  # noqa: S105 - the name of a field
THEMES: Final = ("auto", "light", "dark")
_YEAR: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who asks. ``local`` is whoever sits at this machine while there is no user at all."""

    principal: Principal
    local: bool = False


@dataclass(slots=True)
class Visit:
    """One request. ``secret`` is what the browser keeps, of a session or of a mere visitor.

    ``fresh`` tells that the browser does not have it yet.
    """

    request: Request
    site: Site
    who: Somebody | None
    secret: str
    fresh: bool
    form: FormData = field(default_factory=FormData)

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address, the last of each name."""
        return self.request.query_params

    @property
    def path(self) -> Mapping[str, Any]:
        """The parameters in the path."""
        return self.request.path_params

    @property
    def language(self) -> str:
        """The language chosen, or the one the browser asks for."""
        chosen = self.request.cookies.get(LANGUAGE, "")
        if chosen in languages.LANGUAGES:
            return chosen
        return languages.wanted(self.request.headers.get("accept-language", ""))

    @property
    def theme(self) -> str:
        """``light``, ``dark``, or ``auto``: as the system has it."""
        chosen = self.request.cookies.get(THEME, "")
        return chosen if chosen in THEMES else THEMES[0]

    @property
    def is_partial(self) -> bool:
        """Whether a script of the page asks, for a part of it."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def operator(self) -> str:
        """The name that stands in the audit trail."""
        if self.who is None:
            raise HTTPException(401)
        return self.who.principal.operator

    @property
    def token(self) -> str:
        """What a form has to bring back; only a page of ours can know it."""
        return hashlib.sha256(f"csrf:{self.secret}".encode()).hexdigest()

    def may(self, role: str) -> bool:
        """Tell whether whoever asks may do what needs a role."""
        return self.who is not None and self.who.principal.may(Role(role))

    def demand_token(self) -> None:
        """Refuse a form that no page of ours has sent.

        Raises:
            HTTPException: 403.
        """
        given = self.form.get(TOKEN, "")
        if not isinstance(given, str) or not hmac.compare_digest(
            given.encode(), self.token.encode()
        ):
            raise HTTPException(403, self.text("This form has expired. Load the page again."))

    def text(self, message: str) -> str:
        """Return a message of the program in the language of the reader."""
        return languages.translations(self.language).gettext(message)

    def field(self, name: str) -> str:
        """Return a field of the form, without spaces around it; empty where it is not there."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def reading(self) -> AbstractContextManager[Session]:
        """Open a consistent view of the database."""
        return self.site.database.reading()

    def narrowed(self, **changes: object) -> str:
        """Return the parameters of this address with others; ``None`` takes one away."""
        kept = [(k, v) for k, v in self.request.query_params.multi_items() if k not in changes]
        fresh = [(k, str(v)) for k, v in changes.items() if v is not None]
        return urlencode(kept + fresh)

    def address(self, **changes: object) -> str:
        """Return this address with other parameters; ``None`` takes one away."""
        query = self.narrowed(**changes)
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    def render(self, template: str, code: int = 200, **context: Any) -> Response:
        """Return a page."""
        environment = self.site.environments[self.language]
        context |= {
            "visit": self,
            "language": self.language,
            "languages": languages.LANGUAGES,
            "csrf": Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN, self.token),
        }
        text = environment.get_template(template).render(context)
        return self.keep(HTMLResponse(text, code, {"vary": "Accept-Language, Cookie"}))

    def redirect(self, address: str) -> Response:
        """Send the browser to another page of ours, by GET."""
        return self.keep(RedirectResponse(address, 303))

    def keep(self, response: Response) -> Response:
        """Give the browser its secret where it has none yet."""
        if self.fresh:
            self.set_cookie(response, VISITOR, self.secret)
        return response

    def set_cookie(self, response: Response, name: str, value: str, age: int = _YEAR) -> None:
        """Let the browser keep something that no script and no other site gets at."""
        response.set_cookie(
            name,
            value,
            max_age=age,
            httponly=True,
            samesite="lax",
            secure=self.site.is_encrypted,
        )


def new_secret() -> str:
    """Return what a browser keeps: 256 random bits."""
    return secrets.token_urlsafe(32)


def within(address: str) -> str:
    """Return an address that leads to a page of ours, ``/`` for any other."""
    parts = urlsplit(address.replace("\\", "/"))
    ours = address.startswith("/") and not parts.netloc and not parts.scheme
    return address if ours and not address.startswith(("//", "/\\")) else "/"


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """An address, and what answers it.

    ``role`` is what whoever asks has to be, ``None`` where nobody needs to log in. ``posted``
    takes forms. ``live`` pages are not counted as answered quickly: they go on.
    """

    path: str
    handler: Handler
    role: Role | None = Role.VIEWER
    posted: bool = False
