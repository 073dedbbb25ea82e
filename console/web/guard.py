"""What every request passes and every answer carries: the host, the origin, the security headers.

The rules for scripts, styles and frames are those of the Content Security Policy, level 3; what is
asked of the host keeps a page of a stranger, whose name points at this machine, away.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing but what this host serves as a file; no script and no style in the page itself."""

SANDBOX: Final = "sandbox; default-src 'none'; frame-ancestors 'self'"
"""For what strangers wrote: no script, no form, no request, an origin of its own."""

_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_TELL: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


class Guard:
    """Middleware around the whole application.

    Args:
        application: what is guarded.
        hosts: the names by which the console may be called, without ports.
        open_to_any: paths that may be asked for by any name: orchestrators know addresses alone.
    """

    def __init__(
        self, application: ASGIApp, hosts: Iterable[str], open_to_any: Iterable[str] = ()
    ) -> None:
        self._application = application
        self._hosts = frozenset(hosts)
        self._open_to_any = frozenset(open_to_any)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _TELL.items():
                    headers.setdefault(name, value)
            await send(message)

        why = self._refusal(scope)
        if why is None:
            await self._application(scope, receive, sending)
        else:
            await PlainTextResponse(why[1], why[0])(scope, receive, sending)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        known = host_of(headers.get("host", "")) in self._hosts
        if not known and scope["path"] not in self._open_to_any:
            return 421, "this console is not known by that name"
        if scope["method"] not in _SAFE and not _from_here(headers):
            return 403, "the request comes from another site"
        return None


def _from_here(headers: Headers) -> bool:
    """Tell whether a browser says that a page of ours sent it; what is no browser says nothing.

    Source: W3C, Fetch Metadata Request Headers; RFC 6454, 7.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def host_of(netloc: str) -> str:
    """Return the host of ``host:port``, in small letters; of ``[::1]:80`` it is ``::1``."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""
