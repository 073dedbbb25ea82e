"""Comments on dead letters, documents and reports."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from console.access.roles import Role
from console.api.answers import ListOf
from console.api.operation import Call, Operation
from console.api.problems import of_decision
from console.desk.comments import comment
from console.queries import comments, filings, letters
from console.queries.comments import CommentRow
from console.shapes import Limits
from models.ledger import Document
from worker.deciding import DecisionError
from worker.desk.order import Given
from worker.desk.remark import About, Kind


@dataclass(frozen=True, slots=True)
class CommentBody:
    """What is to be kept in mind."""

    note: Annotated[str, Limits("It stays with the document.", shortest=1, longest=10_000)]


def _listing(kind: Kind) -> Callable[[Call], Any]:
    def handler(call: Call) -> Any:
        number = call.path["id"]
        with call.database.reading() as session:
            if kind == "document":
                document = session.get(Document, number)
                document_id = None if document is None else document.id
            elif kind == "report":
                report = filings.report(session, number)
                document_id = None if report is None else report.document_id
            else:
                letter = letters.letter(session, number)
                document_id = None if letter is None else letter.document_id
            if document_id is None:
                call.missing(kind.replace("_", " "))
            return {"items": comments.comments(session, document_id)}

    return handler


def _writing(kind: Kind) -> Callable[[Call], Any]:
    def handler(call: Call) -> Any:
        given = Given(call.who.operator, call.body.note, call.key)
        try:
            return comment(call.database, About(kind, call.path["id"]), given)
        except DecisionError as error:
            raise of_decision(error) from error

    return handler


_KINDS: Final[tuple[tuple[Kind, str, str], ...]] = (
    ("dead_letter", "dead-letters", "DeadLetter"),
    ("document", "documents", "Document"),
    ("report", "reports", "Report"),
)


def _operations() -> Iterator[Operation]:
    for kind, path, name in _KINDS:
        yield Operation(
            "GET",
            f"/{path}/{{id}}/comments",
            f"list{name}Comments",
            "批注 Every comment on its document, first to last",
            _listing(kind),
            ListOf(CommentRow),
            problems=(404,),
        )
        yield Operation(
            "POST",
            f"/{path}/{{id}}/comments",
            f"comment{name}",
            "写批注 Write a comment",
            _writing(kind),
            CommentRow,
            role=Role.OPERATOR,
            body=CommentBody,
            keyed=True,
            problems=(404, 409),
            created=True,
        )


OPERATIONS: Final = tuple(_operations())
"""Comments."""
