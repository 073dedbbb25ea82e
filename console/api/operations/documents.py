"""Documents: what came in, and what became of each."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

from console.api.answers import DocumentTold, PageOf
from console.api.operation import Call, Operation, Paged
from console.api.operations import paging
from console.queries import comments, document_pages, documents, letters
from console.queries.document_pages import DocumentFilter, DocumentRow
from console.shapes import Limits
from models.ledger import Document, State


@dataclass(frozen=True, slots=True)
class DocumentQuery(Paged):
    """Which documents."""

    state: Annotated[State | None, Limits("In this state.")] = None
    name: Annotated[str | None, Limits("A part of the file's name.", shortest=1, longest=255)] = (
        None
    )
    sha256: Annotated[str | None, Limits("Of this content.", shortest=64, longest=64)] = None


def _list(call: Call) -> Any:
    query: DocumentQuery = call.query
    wanted = DocumentFilter(query.state, query.name, query.sha256)
    after = paging.after(query)
    return paging.told(
        call.reading(
            lambda session: document_pages.page(session, wanted, after=after, limit=query.limit)
        )
    )


def _one(call: Call) -> Any:
    number = call.path["id"]
    with call.database.reading() as session:
        document = session.get(Document, number)
        if document is None:
            call.missing("document")
        told = asdict(document_pages.row_of(document))
        told["arrivals"] = documents.arrivals(session, number)
        told["attempts"] = documents.attempts(session, number)
        told["letters"] = letters.of_document(session, number)
        told["comments"] = comments.comments(session, number)
    return DocumentTold(**told)


OPERATIONS: Final = (
    Operation(
        "GET",
        "/documents",
        "listDocuments",
        "文档 Documents, the latest first",
        _list,
        PageOf(DocumentRow),
        query=DocumentQuery,
    ),
    Operation(
        "GET",
        "/documents/{id}",
        "getDocument",
        "一份文档 One document with its arrivals, attempts, dead letters and comments",
        _one,
        DocumentTold,
        problems=(404,),
    ),
)
"""Documents."""
