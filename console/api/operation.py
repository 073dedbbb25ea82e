"""An operation of the API as a row of a table: what it asks for, what it answers, who may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn

from sqlalchemy.orm import Session

from console.access.principal import Principal
from console.access.roles import Role
from console.api.problems import Problem, not_found
from console.shapes import LARGEST, Limits
from models.session import Database
from worker.settings import Settings

Method = Literal["GET", "POST"]
Number = Annotated[int, Limits(minimum=1, maximum=LARGEST)]
"""The id of something; one that nothing has is not found."""
Year = Annotated[int, Limits("The year reported on.", minimum=1900, maximum=9999)]


@dataclass(frozen=True, slots=True)
class Paged:
    """Which part of a list is wanted."""

    limit: Annotated[int, Limits("How many at most.", minimum=1, maximum=200)] = 50
    cursor: Annotated[str | None, Limits("`next` of the page before.", longest=500, shortest=1)] = (
        None
    )


@dataclass(frozen=True, slots=True)
class Call:
    """One request that is well-formed and allowed.

    ``path`` are the parameters of the path, ``query`` and ``body`` instances of the operation's
    shapes. ``key`` is the header ``Idempotency-Key``.
    """

    settings: Settings
    database: Database
    who: Principal
    path: Mapping[str, Any]
    query: Any = None
    body: Any = None
    key: str | None = None

    def reading(self, answer: Callable[[Session], Any]) -> Any:
        """Return what a snapshot of the database says."""
        with self.database.reading() as session:
            return answer(session)

    def missing(self, what: str) -> NoReturn:
        """Tell that there is nothing with the id of the path."""
        raise not_found(what, self.path["id"])


@dataclass(frozen=True, slots=True)
class Bytes:
    """An answer that is no JSON: of which media types it may be."""

    media_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        method: of HTTP.
        path: below ``/api/v1``, with parameters in braces; ``{id}`` is a number, others are words.
        name: ``operationId``.
        summary: what it does, in both languages.
        handler: does it.
        answer: the shape of the answer; a schema where there is no dataclass. Where it is
            :class:`Bytes` the handler returns the response itself.
        role: the least that may.
        query: the shape of the parameters in the address, if it has any.
        body: the shape of the body, if it has one.
        keyed: whether it heeds ``Idempotency-Key``.
        problems: the further statuses that it may answer with.
        created: whether success is 201.
    """

    method: Method
    path: str
    name: str
    summary: str
    handler: Callable[[Call], Any]
    answer: Any
    role: Role = Role.VIEWER
    query: Any = None
    body: Any = None
    keyed: bool = False
    problems: tuple[int, ...] = ()
    created: bool = False

    @property
    def tag(self) -> str:
        """What it is about: the first part of its path."""
        return self.path.split("/")[1]

    @property
    def success(self) -> int:
        """The status of an answer."""
        return 201 if self.created else 200


def bad_cursor() -> Problem:
    """Return that a cursor is none that a page gave."""
    return Problem(422, "invalid_cursor", "the cursor is not one that a page of this list gave")
