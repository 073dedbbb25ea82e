"""Comments: free notes that stay with a document, whatever is done with it."""

from typing import Any

from sqlalchemy.orm import Session

from console.queries.comments import CommentRow, one
from models.session import Database
from worker.desk.keyed import once
from worker.desk.order import Given
from worker.desk.remark import About, remark


def comment(database: Database, about: About, given: Given) -> CommentRow:
    """Write a comment; the same key with the same words gives the same comment.

    Raises:
        NoteMissing: it is blank.
        UnknownSubject: there is nothing with such an id.
        KeyReused: the key stands for another request.
    """
    asked = {"action": "comment", "kind": about.kind, "id": about.id}

    def work(session: Session) -> dict[str, Any]:
        return {"comment": remark(session, about, given).id}

    answer, _repeated = once(database, given, asked, work)
    with database.reading() as session:
        return one(session, answer["comment"])
