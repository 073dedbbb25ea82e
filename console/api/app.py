"""The ASGI application of the API: who asks, whether they may, and what they ask for.

Every answer is JSON, every error problem+json. What is asked for is read by the very shapes that
the OpenAPI document describes.
"""

import hashlib
import math
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from console.access import tokens
from console.access.principal import Principal
from console.api import openapi
from console.api.operation import Call, Operation
from console.api.operations import OPERATIONS
from console.api.problems import Problem, misshapen
from console.shapes import LARGEST, Misshapen, from_text, members, read
from models.event import EventName
from models.session import Database
from watcher.pace import Pace, network_of
from worker.desk.order import LONGEST_KEY
from worker.errors import Transient
from worker.logs import log
from worker.settings import Settings

Visitor = Callable[[Request], Principal | None]
"""Tells who comes by other means than a token, such as a session of the console."""

_LARGEST_BODY: Final = 1 << 20
_FAILURES_A_MINUTE: Final = 30
_JSON: Final = "application/json"
_OPTIONS: Final = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def nobody(_request: Request) -> Principal | None:
    """Let nobody in who has no token."""
    return None


def mounted(api: Starlette) -> Mount:
    """Return the API where it belongs, with every address below: those with a line feed too."""
    mount = Mount(openapi.ROOT, api, name="api")
    own = mount.path_regex  # its dot matches none
    mount.path_regex = re.compile(own.pattern, own.flags | re.DOTALL)
    return mount


def application(settings: Settings, database: Database, visitor: Visitor = nobody) -> Starlette:
    """Return the API of an installation, to be mounted at ``/api/v1``."""
    doors = _Doors(settings, database, visitor)
    described = orjson.dumps(openapi.document())

    async def document(_request: Request) -> Response:
        return Response(described, media_type=_JSON)

    return Starlette(
        routes=[Route("/openapi.json", document, methods=["GET"]), *doors.routes()],
        exception_handlers={HTTPException: _http},
    )


async def _http(_request: Request, error: Exception) -> Response:
    """Tell in our form what Starlette found wrong: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    codes = {404: "no_such_path", 405: "method_not_allowed"}
    code = codes.get(error.status_code, "http_error")
    return Problem(error.status_code, code, error.detail, error.headers).response()


class _Doors:
    """The endpoints, and what they share."""

    def __init__(self, settings: Settings, database: Database, visitor: Visitor) -> None:
        self._settings = settings
        self._database = database
        self._visitor = visitor
        self._failures = Pace(_FAILURES_A_MINUTE)
        # Digests of tokens that counted once: whose address is spoilt by others is still heard.
        self._known: set[bytes] = set()

    def routes(self) -> list[Route]:
        """Return one route for each path; what a path has no operation for is 405."""
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in OPERATIONS:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        return [
            Route(path, self._endpoint(methods), methods=list(methods))
            for path, methods in by_path.items()
        ]

    def _endpoint(self, methods: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            operation = methods["GET" if request.method == "HEAD" else request.method]
            try:
                return await self._answer(operation, request)
            except Problem as problem:
                return problem.response()
            except ClientDisconnect:
                return Problem(400, "cut_off", "the body ended before its time").response()
            except (SQLAlchemyError, Transient) as error:
                told = f"{type(error).__name__}: {getattr(error, 'orig', error)}"
                log(EventName.CONSOLE_FAILED, level="error", what="api", error=told)
                away = "something that is needed is away; try again later"
                return Problem(503, "unavailable", away, {"Retry-After": "10"}).response()
            # the outermost place: whatever else is a fault of ours, and is told as one
            except Exception as error:  # noqa: BLE001
                log(EventName.CONSOLE_FAILED, level="error", what="api", exc_info=error)
                return Problem(500, "fault", "this is a fault of the program").response()

        return endpoint

    async def _answer(self, operation: Operation, request: Request) -> Response:
        who = await self._principal(request)
        if not who.may(operation.role):
            detail = f"{operation.name} needs the role {operation.role}; yours is {who.role}"
            raise Problem(403, "role", detail)
        call = partial(
            Call,
            self._settings,
            self._database,
            who,
            _path(request),
            _query(operation, request),
            await _body(operation, request),
            _key(operation, request),
        )
        answer = await run_in_threadpool(lambda: operation.handler(call()))
        if isinstance(answer, Response):
            return answer
        body = orjson.dumps(answer, option=_OPTIONS, default=str)
        return Response(body, operation.success, media_type=_JSON)

    async def _principal(self, request: Request) -> Principal:
        """Return who asks; an address that failed too often is not even listened to."""
        header = request.headers.get("authorization")
        if header is None:
            found = await run_in_threadpool(self._visitor, request)
            if found is None:
                raise _unknown()
            return found
        scheme, _, given = header.partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
        client = network_of(request.client.host) if request.client else ""
        if (wait := self._failures.wait(client)) and digest not in self._known:
            headers = {"Retry-After": str(math.ceil(wait))}
            raise Problem(429, "too_often", "too many invalid tokens from here", headers)
        found = await run_in_threadpool(self._holder, given) if given else None
        if found is None:
            self._known.discard(digest)
            self._failures.come(client)
            raise _unknown()
        self._known.add(digest)
        return found

    def _holder(self, given: str) -> Principal | None:
        with self._database.reading() as session:
            return tokens.principal(session, given)


def _unknown() -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="gouji"'}
    return Problem(401, "unauthenticated", "a valid token is needed", headers)


def _path(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = dict(request.path_params)
    if "id" in found:
        number = from_text(int, found["id"])
        if not isinstance(number, int) or not 0 < number <= LARGEST:
            raise misshapen([("/id", f"is not a number from 1 to {LARGEST}")], "path")
        found["id"] = number
    return found


def _query(operation: Operation, request: Request) -> Any:
    given = request.query_params.multi_items()
    shape = operation.query
    kinds = {} if shape is None else {name: kind for name, kind, _ in members(shape)}
    values: dict[str, Any] = {}
    for name, text in given:
        if name in values:
            raise misshapen([(f"/{name}", "is given twice")], "query")
        values[name] = from_text(kinds.get(name, str), text)
    if unknown := [(f"/{name}", "is not known") for name in values if name not in kinds]:
        raise misshapen(unknown, "query")
    try:
        return None if shape is None else read(shape, values)
    except Misshapen as error:
        raise misshapen(error.faults, "query") from error


async def _body(operation: Operation, request: Request) -> Any:
    if operation.body is None:
        return None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise Problem(415, "media_type", f"{_JSON} is expected")
    text = bytearray()
    async for chunk in request.stream():
        text += chunk
        if len(text) > _LARGEST_BODY:
            raise Problem(413, "too_large", f"more than {_LARGEST_BODY} bytes")
    try:
        value = orjson.loads(bytes(text))
    except orjson.JSONDecodeError as error:
        raise Problem(400, "no_json", f"the body is not JSON: {error}") from error
    try:
        return read(operation.body, value)
    except Misshapen as error:
        raise misshapen(error.faults, "body") from error


def _key(operation: Operation, request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if not operation.keyed or key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not all("!" <= one <= "~" for one in key):
        fault = f"is not 1 to {LONGEST_KEY} printable characters without spaces"
        raise misshapen([("/Idempotency-Key", fault)], "header")
    return key
