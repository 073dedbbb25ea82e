"""Errors as ``application/problem+json`` (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.responses import Response

from models.disclosure.finding import Finding
from worker.deciding import Conflict, DecisionError, NoteMissing, UnknownLetter
from worker.desk.errors import CountChanged, StillWrong, UnfitChanges, UnknownSubject
from worker.inspection import finding_json

MEDIA_TYPE: Final = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the name RFC 9457 gives it
    """What is told in place of an answer.

    Attributes:
        status: of HTTP.
        code: a short name for programs; the type is ``urn:gouji:problem:`` and this.
        detail: what happened, for people.
        more: further members.
        headers: of the response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.more = more
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return it as a response."""
        told = {
            "type": f"urn:gouji:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        return Response(orjson.dumps(told), self.status, self.headers, MEDIA_TYPE)


def not_found(what: str, number: object) -> Problem:
    """Return that there is no such thing."""
    return Problem(404, "not_found", f"there is no {what} {number}")


def misshapen(faults: Sequence[tuple[str, str]], place: str) -> Problem:
    """Return that a request is not of its shape; ``place`` is ``body`` or ``query``."""
    errors = [{"in": place, "pointer": where, "detail": what} for where, what in faults]
    detail = "; ".join(f"{where or place}: {what}" for where, what in faults[:3])
    return Problem(422, "invalid_request", detail, errors=errors)


def of_decision(error: DecisionError) -> Problem:
    """Return why a decision was not taken."""
    detail = str(error)
    if isinstance(error, UnknownLetter | UnknownSubject):
        return Problem(404, "not_found", detail)
    if isinstance(error, CountChanged):
        return Problem(409, "count_changed", detail, expected=error.expected, found=error.found)
    if isinstance(error, Conflict):
        return Problem(409, "conflict", detail)
    if isinstance(error, NoteMissing):
        return Problem(422, "note_missing", detail)
    if isinstance(error, UnfitChanges):
        return Problem(422, "unfit_changes", detail, problems=error.problems)
    if isinstance(error, StillWrong):
        return Problem(422, "still_wrong", detail, findings=_told(error.findings))
    return Problem(422, "unacceptable", detail)


def _told(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [finding_json(finding) for finding in findings]
