"""Events as they happen, as server-sent events: rows of the table, ready to be put before it.

Source: HTML Living Standard, 9.2 Server-sent events.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from console.queries import history
from console.web import parameters
from console.web.visit import Page, Visit

_LOOK_EVERY: Final = 1.0
_LOOKS: Final = 600
"""Looks after which a listener has to come again, and is asked again who they are."""
_STILL_THERE: Final = 15
"""Looks after which a listener is told that somebody is there: proxies hang up on silence."""
_MOST: Final = 20
_MOST_LISTENERS: Final = 50

_listeners: set[object] = set()


def show(visit: Visit) -> Response:
    """Send events from now on, or from the last one that the listener has seen."""
    if len(_listeners) >= _MOST_LISTENERS:
        raise HTTPException(503, visit.text("Too many listen already."))
    seen = visit.request.headers.get("last-event-id", "")
    after = int(seen) if seen.isdecimal() else parameters.number(visit.query, "after")
    stream = _events(visit, after)
    unbuffered = {"x-accel-buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=unbuffered)


async def _events(visit: Visit, after: int | None) -> AsyncIterator[bytes]:
    me = object()
    _listeners.add(me)
    last, silent = after, 0
    try:
        yield b"retry: 3000\n\n"
        for _ in range(_LOOKS):
            if await visit.request.is_disconnected():
                return
            last, told = await run_in_threadpool(_fresh, visit, last)
            silent = 0 if told else silent + 1
            if told:
                yield told
            elif silent % _STILL_THERE == 0:
                yield b": still there\n\n"
            await asyncio.sleep(_LOOK_EVERY)
    finally:
        _listeners.discard(me)


def _fresh(visit: Visit, last: int | None) -> tuple[int | None, bytes]:
    """Return the last event there is, and what to send of those that came since."""
    try:
        with visit.reading() as session:
            found = history.newest(session, last or 0, limit=_MOST)
    except SQLAlchemyError:  # it is away for now; the page says so by itself
        return last, b""
    if not found:
        return last or 0, b""
    if last is None:  # nobody has seen anything: only what is still to come
        return found[-1].id, b""
    template = visit.site.environments[visit.language].get_template("event_rows.html")
    rows = template.render(events=found[::-1])
    lines = "".join(f"data: {line}\n" for line in rows.splitlines())
    return found[-1].id, f"id: {found[-1].id}\nevent: events\n{lines}\n".encode()


PAGES: Final = (Page("/live", show),)
