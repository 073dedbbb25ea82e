"""The ASGI application of the console: its routes, and what each asks of whoever comes."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from console.access.principal import Principal
from console.api.app import application as api
from console.api.app import mounted
from console.web import probes
from console.web.guard import Guard
from console.web.identity import visit_of
from console.web.messages import told
from console.web.site import Site
from console.web.visit import Page, Visit
from models.event import EventName
from models.session import Database
from worker.errors import Transient
from worker.logs import log
from worker.settings import Settings

STATIC: Final = Path(__file__).with_name("static")
_PAGES: Final = (
    "login",
    "overview",
    "live",
    "reports",
    "export",
    "report",
    "restore",
    "remarks",
    "letters",
    "letter",
    "desk",
    "bulk",
    "original",
    "machinery",
    "history",
    "audit",
    "reference",
)
_LARGEST_FORM: Final = 1 << 20
_MOST_FIELDS: Final = 12_000
_URLENCODED: Final = "application/x-www-form-urlencoded"


def application(settings: Settings, database: Database) -> Starlette:
    """Return the console of an installation."""
    site = Site.of(settings, database)
    return Starlette(
        routes=[*_routes(site)],
        middleware=[Middleware(Guard, hosts=site.hosts, open_to_any=probes.PATHS)],
        exception_handlers={
            HTTPException: _telling(site),
            SQLAlchemyError: _away,
            Transient: _away,
            Exception: _failed,
        },
    )


def pages() -> Iterator[Page]:
    """Yield every page there is."""
    for name in _PAGES:
        yield from import_module(f"console.web.pages.{name}").PAGES


def _routes(site: Site) -> Iterator[BaseRoute]:
    for page in pages():
        methods = ["POST"] if page.posted else ["GET"]
        yield Route(page.path, _endpoint(site, page), methods=methods)
    yield mounted(api(site.settings, site.database, _visitor(site)))
    yield from probes.routes(site)
    yield Mount("/static", _Static(directory=STATIC), name="static")


def _visitor(site: Site) -> Callable[[Request], Principal | None]:
    """Let the API know whoever the pages know, by session or because they sit at this machine."""

    def visitor(request: Request) -> Principal | None:
        who = visit_of(request, site).who
        return None if who is None else who.principal

    return visitor


class _Static(StaticFiles):
    """Files of ours, which a browser may keep for a while."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=300"
        return response


def _endpoint(site: Site, page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = await _form(request) if page.posted else FormData()
        return await run_in_threadpool(_answer, site, page, request, form)

    endpoint.page = page  # type: ignore[attr-defined]  # for whoever goes through the routes
    return endpoint


def _answer(site: Site, page: Page, request: Request, form: FormData) -> Response:
    visit = visit_of(request, site)
    visit.form = form
    if page.role is not None:
        if visit.who is None:
            return _login(visit)
        if not visit.who.principal.may(page.role):
            raise HTTPException(403, visit.text("Your role does not allow this."))
    if page.posted:
        visit.demand_token()
    return page.handler(visit)


def _login(visit: Visit) -> Response:
    """Send a browser to the page where one logs in; a script is told where it should go."""
    request = visit.request
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = "/login?" + urlencode({"next": here if request.method == "GET" else "/"})
    if visit.is_partial:
        return Response(status_code=401, headers={"HX-Redirect": address})
    return visit.redirect(address)


async def _form(request: Request) -> FormData:
    """Read a form that is no larger than any of ours; no files come this way."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != _URLENCODED:
        raise HTTPException(415, "a form is expected")
    size = 0
    chunks: list[bytes] = []
    async for chunk in request.stream():
        size += len(chunk)
        if size > _LARGEST_FORM:
            raise HTTPException(413, "the form is too large")
        chunks.append(chunk)
    whole = Request(request.scope, _receiving(b"".join(chunks)))
    try:
        return await whole.form(max_fields=_MOST_FIELDS)
    except MultiPartException as error:
        raise HTTPException(400, error.message) from error


def _receiving(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _telling(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return what tells of an error as a page."""

    async def tell(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
        return await run_in_threadpool(_told, site, request, error)

    return tell


def _told(site: Site, request: Request, error: HTTPException) -> Response:
    """Tell it as a page; a script, which puts it into a dialog, is given the sentence alone."""
    visit = visit_of(request, site)
    no_more = HTTPStatus(error.status_code).phrase  # what Starlette says by itself, in English
    response = visit.render(
        "error_part.html" if visit.is_partial else "error.html",
        error.status_code,
        status=error.status_code,
        detail="" if error.detail == no_more else told(error.detail, visit.language),
        letter_id=visit.path.get("letter_id"),
    )
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _away(request: Request, error: Exception) -> Response:
    log(EventName.CONSOLE_FAILED, level="error", error=f"{type(error).__name__}: {error}")
    text = "数据库或存档暂时连不上 the database or the archive cannot be reached; try again later"
    return _plain(request, text, 503, {"Retry-After": "10"})


async def _failed(request: Request, error: Exception) -> Response:
    log(EventName.CONSOLE_FAILED, level="error", exc_info=error)
    return _plain(request, "控制台出错，详见日志 the console failed; its log says how", 500)


def _plain(
    request: Request, text: str, code: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Tell it without a template; a script shows elements only."""
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(f'<p class="alert" role="alert">{text}</p>', code, headers)
    return PlainTextResponse(f"{text}\n", code, headers)
