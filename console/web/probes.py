"""What machines ask: is it alive, is it ready, how do things stand.

Probes come by address or by any name, without a login, and are told nothing that is secret. The
metrics name sources and count everything; they are for whoever is on this machine, a token with a
role, or a user who is logged in.
"""

import shutil
from collections.abc import Awaitable, Callable
from typing import Final

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from console.access import tokens
from console.access.roles import Role
from console.metrics.collector import registry
from console.web.identity import is_here, visit_of
from console.web.readiness import Readiness
from console.web.site import Site
from worker.archive import Archive

PATHS: Final = ("/livez", "/readyz", "/metrics")
_WHO: Final = {"WWW-Authenticate": "Bearer"}


def routes(site: Site) -> list[Route]:
    """Return the routes; they are no pages."""
    readiness = Readiness.of(site.settings, site.database, site.archive)
    metrics = registry(
        site.database, lambda: site.queue.backlog().backlog, lambda: room(site.archive)
    )
    return [
        Route("/livez", _live, methods=["GET"]),
        Route("/readyz", _ready(readiness), methods=["GET"]),
        Route("/metrics", _scraped(site, metrics), methods=["GET"]),
    ]


def room(archive: Archive) -> float | None:
    """Return the bytes free where an archive is; ``None`` for an object store, or one that is away.

    That one is away is told by ``/readyz``.
    """
    if not archive.is_directory:
        return None
    try:
        existing = next(one for one in (archive.root, *archive.root.parents) if one.exists())
        return float(shutil.disk_usage(existing).free)
    except OSError:
        return None


async def _live(_request: Request) -> Response:
    """Answer, without looking at anything: who cannot do that is to be started again."""
    return JSONResponse({"status": "alive"})


def _ready(readiness: Readiness) -> Callable[[Request], Awaitable[Response]]:
    async def ready(_request: Request) -> Response:
        found = await run_in_threadpool(readiness.look)
        well = not any(check.problem for check in found.values())
        told = {name: check.as_json() for name, check in found.items()}
        answer = {"status": "ready" if well else "not ready", "checks": told}
        return JSONResponse(answer, 200 if well else 503)

    return ready


def _scraped(site: Site, metrics: CollectorRegistry) -> Callable[[Request], Awaitable[Response]]:
    def scrape(request: Request) -> Response:
        if not _may_see(request, site):
            text = "a token with a role is needed: gouji token create\n"
            return PlainTextResponse(text, 401, _WHO)
        encoder, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encoder(metrics), media_type=media_type)

    async def scraped(request: Request) -> Response:
        return await run_in_threadpool(scrape, request)

    return scraped


def _may_see(request: Request, site: Site) -> bool:
    if is_here(request, site):
        return True
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        with site.database.reading() as session:
            holder = tokens.principal(session, given.strip())
        return holder is not None and holder.may(Role.VIEWER)
    who = visit_of(request, site).who
    return who is not None and who.principal.may(Role.VIEWER)
