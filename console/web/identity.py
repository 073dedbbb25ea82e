"""Who asks: somebody logged in, whoever sits at this machine while there is no user, or nobody."""

import getpass
from functools import cache
from ipaddress import ip_address

from starlette.requests import Request

from console.access.principal import Principal
from console.access.roles import Role
from console.accounts import sessions, users
from console.web.exposure import LOCAL
from console.web.guard import host_of
from console.web.site import Site
from console.web.visit import SESSION, VISITOR, Somebody, Visit, new_secret

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def visit_of(request: Request, site: Site) -> Visit:
    """Return a request as pages see it; asks the database who it is."""
    if kept := request.cookies.get(SESSION, ""):
        found = sessions.holder(site.database, kept)
        if found is not None:
            return Visit(
                request,
                site,
                Somebody(Principal(found.name, found.role, "user")),
                kept,
                fresh=False,
            )
    kept = request.cookies.get(VISITOR, "")
    who = _local(request, site)
    return Visit(request, site, who, kept or new_secret(), fresh=not kept)


def is_here(request: Request, site: Site) -> bool:
    """Tell whether a request comes from this machine itself.

    A proxy on this machine speaks for others, so that one who says that he is one is not believed,
    and nobody is where ``console_url`` names one. Neither is a page of a stranger, whose name
    points at this machine.
    """
    if site.settings.console_url or any(name in request.headers for name in _FORWARDED):
        return False
    return host_of(request.headers.get("host", "")) in LOCAL and _is_loopback(request)


def _local(request: Request, site: Site) -> Somebody | None:
    """Return whoever sits at this machine, where nobody else can reach the console.

    As long as there is no user.
    """
    if not site.is_local or not is_here(request, site):
        return None
    with site.database.reading() as session:
        if users.any_there(session):
            return None
    return Somebody(Principal(_login_name(), Role.ADMIN, "user"), local=True)


def _is_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


@cache
def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user of the system without a name
        return "local"
