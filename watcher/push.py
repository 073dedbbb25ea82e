"""``POST /api/v1/documents``: documents pushed over HTTP by whoever holds a token.

A body is spooled while it is counted, taken in as any file is, and answered when it is safe: in
the archive and in the ledger. The same content again is answered with the same address.
"""

import asyncio
import hashlib
import math
import os
from collections.abc import AsyncGenerator
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, NamedTuple, cast

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models import token
from models.dead_letter import DeadLetter
from models.event import EventName
from models.ledger import Document
from models.session import Database
from models.trace import Trace
from watcher.fileless import fileless
from watcher.filesystem import readable
from watcher.hints import file_name, hints_of
from watcher.intake import Intake
from watcher.pace import Pace, network_of
from watcher.pushed_hints import said_by_form, said_by_headers
from watcher.register import Origin, Outcome, Taken
from worker.errors import Transient
from worker.faults import reach
from worker.logs import log
from worker.source import Source

ROOT: Final = "/api/v1/documents"
_IN_MEMORY: Final = 1 << 20
_AT_ONCE: Final = 4
_FORM: Final = 1 << 16
_LONGEST_NAME: Final = 255
_CLOSE: Final = {"Connection": "close"}  # what is still to come of the body is not wanted
_RETRY_AFTER: Final = "30"
_SLOWEST: Final = 10_000
"""Bytes a second; what comes more slowly than that for long is given up."""


class Received(NamedTuple):
    """A body: where it was spooled, its SHA-256 and size, and what was said about it."""

    stream: BinaryIO
    digest: bytes
    size: int
    said: dict[str, str]
    trace: Trace | None = None


class Door:
    """The endpoints of one push source.

    Args:
        source: its name, and how often and how slowly one may come.
        limit: the most bytes of a document.
        database: the ledger and the tokens.
        intake: the way in.
    """

    def __init__(self, source: Source, limit: int, database: Database, intake: Intake) -> None:
        self._origin = Origin(source.name, b"/", ours=False)
        self._limit = limit
        self._timeout = source.timeout
        self._comings = Pace(source.rate)
        self._failures = Pace(source.failures)
        # Digests of tokens that counted once: whose address is spoilt by others is still heard.
        self._known: set[bytes] = set()
        self._database = database
        self._intake = intake
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def application(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route(ROOT, self.post, methods=["POST"]),
            Route(ROOT + "/{document_id:int}", self.get, methods=["GET"]),
        ]
        errors: dict[Any, Any] = {HTTPException: _refused, SQLAlchemyError: _away, Transient: _away}
        return Starlette(routes=routes, exception_handlers=errors)

    async def post(self, request: Request) -> Response:
        """Take a document in: 202 where it is new, 200 where it is known already."""
        who = await self._holder(request)
        received = (await self._receive(request))._replace(trace=_trace(request))
        with received.stream:
            if received.size == 0:
                raise HTTPException(400, "the document is empty")
            async with self._turns:
                taken = await run_in_threadpool(self._take, received)
        if taken.document_id is None:
            log(EventName.PUSH_REFUSED, level="warning", by=who, why=taken.why)
            raise HTTPException(503, taken.why, {"Retry-After": _RETRY_AFTER})
        document = await run_in_threadpool(self._document, taken.document_id)
        new = taken.outcome is Outcome.ACCEPTED
        address = f"{ROOT}/{taken.document_id}"
        return JSONResponse(document, 202 if new else 200, {"Location": address})

    async def get(self, request: Request) -> Response:
        """Tell how a document stands."""
        await self._holder(request)
        document = await run_in_threadpool(self._document, request.path_params["document_id"])
        if document is None:
            raise HTTPException(404, "there is no such document")
        return JSONResponse(document)

    async def _holder(self, request: Request) -> str:
        """Return who it is, and count that they came.

        An address from which no valid token came too often is not even listened to; the answer
        never says whether a token is unknown or was revoked.
        """
        client = network_of(request.client.host) if request.client else ""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
        wait = self._failures.wait(client)
        if wait and digest not in self._known:
            raise _too_often(wait)
        name = await run_in_threadpool(self._name_of, given) if given else None
        if name is None:
            self._known.discard(digest)
            self._failures.come(client)
            log(EventName.PUSH_REFUSED, level="warning", client=client, why="token")
            raise HTTPException(
                401, "a valid token is needed", _CLOSE | {"WWW-Authenticate": "Bearer"}
            )
        self._known.add(digest)
        if wait := self._comings.come(name):
            raise _too_often(wait)
        return name

    def _name_of(self, given: str) -> str | None:
        with self._database.reading() as session:
            return token.holder(session, given)

    async def _receive(self, request: Request) -> Received:
        counted = _Counted(request, self._limit, self._timeout)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media == "multipart/form-data":
            return await _from_form(counted)
        stream = cast("BinaryIO", SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - handed on
        digest, size = hashlib.sha256(), 0
        try:
            async for chunk in counted.stream():
                digest.update(chunk)
                size += len(chunk)
                stream.write(chunk)
        except BaseException:
            stream.close()
            raise
        return Received(stream, digest.digest(), size, said_by_headers(request.headers))

    def _take(self, received: Received) -> Taken:
        hints = hints_of(received.said)
        name = received.said.get("name") or (file_name(hints.url) if hints.url else "")
        name = readable(os.fsencode(name.replace("\\", "/").rpartition("/")[2]))[:_LONGEST_NAME]
        name = name or "document"
        item = fileless(
            received.stream,
            received.digest,
            received.size,
            place=hints.url or name,
            name=name,
            hints=hints,
        )
        [taken] = self._intake.take(self._origin, [item._replace(trace=received.trace)])
        reach("push.taken")
        return taken

    def _document(self, document_id: int) -> dict[str, Any] | None:
        with self._database.reading() as session:
            document = session.get(Document, document_id)
            if document is None:
                return None
            reason = session.scalar(
                select(DeadLetter.reason)
                .where(DeadLetter.document_id == document_id, DeadLetter.resolution.is_(None))
                .order_by(DeadLetter.id.desc())
            )
        return {
            "id": document.id,
            "address": f"{ROOT}/{document.id}",
            "name": document.name,
            "sha256": document.sha256,
            "bytes": document.size,
            "state": document.state,
            "reason": reason,
        }


class _Counted(Request):
    """A request whose body ends with 413 as soon as it is too large, and with 408 if too slow."""

    def __init__(self, request: Request, limit: int, timeout: float) -> None:
        super().__init__(request.scope, request.receive)
        self._limit = limit
        self._timeout = timeout

    async def stream(self) -> AsyncGenerator[bytes, None]:
        declared = self.headers.get("content-length", "")
        allowance = _FORM if "multipart" in self.headers.get("content-type", "") else 0
        if declared.isdecimal() and int(declared) > self._limit + allowance:
            raise self._too_large()
        size = 0
        async for chunk in self._in_time(super().stream()):
            size += len(chunk)
            if size > self._limit + allowance:
                raise self._too_large()
            yield chunk

    async def _in_time(self, body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        deadline = asyncio.get_running_loop().time() + self._timeout
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    chunk = await anext(body)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise HTTPException(408, "it comes too slowly", _CLOSE) from None
            deadline += len(chunk) / _SLOWEST
            yield chunk

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"more than {self._limit} bytes", _CLOSE)


async def _from_form(request: _Counted) -> Received:
    try:
        form = await request.form(max_files=1, max_fields=20, max_part_size=_FORM)
    except MultiPartException as error:
        raise HTTPException(400, error.message) from error
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    if not files:
        raise HTTPException(400, "the form holds no file")
    stream = files[0].file
    digest = await run_in_threadpool(_digest, stream)
    fields = {key: value for key, value in form.items() if isinstance(value, str)}
    said = said_by_headers(request.headers) | said_by_form(fields, files[0].filename)
    return Received(stream, digest, files[0].size or 0, said)


def _digest(stream: BinaryIO) -> bytes:
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(_IN_MEMORY):
        digest.update(chunk)
    return digest.digest()


def _trace(request: Request) -> Trace | None:
    """Return the span of the caller; what is malformed, or there twice, is left aside."""
    told = request.headers.getlist("traceparent")
    return Trace.parsed(told[0]) if len(told) == 1 else None


def _too_often(wait: float) -> HTTPException:
    headers = _CLOSE | {"Retry-After": str(math.ceil(wait))}
    return HTTPException(429, "too many requests; try again later", headers)


def _refused(_request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _away(_request: Request, error: Exception) -> Response:
    log(EventName.INTAKE_FAILED, level="error", what="push", error=str(error))
    told = {"error": "cannot be taken in now; try again later"}
    return JSONResponse(told, 503, {"Retry-After": _RETRY_AFTER})
