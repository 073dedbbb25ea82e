"""How often each rule was hit."""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.queries import letters
from console.queries.letters import LetterFilter
from models.filing import StoredFinding
from models.ledger import Document, State


@dataclass(frozen=True, slots=True)
class Hits:
    """Findings by (rule, severity), open dead letters by rule, and documents that were checked."""

    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    documents: int = 0


def hits(session: Session) -> Hits:
    """Count them."""
    found = Hits(documents=_checked(session))
    query = select(StoredFinding.rule, StoredFinding.severity, func.count())
    for rule, severity, count in session.execute(
        query.group_by(StoredFinding.rule, StoredFinding.severity)
    ):
        found.findings[rule, severity] = count
    for group in letters.grouped(session, LetterFilter(), "rule"):
        if group["severity"] == "hard":
            found.letters[group["rule"]] = group["count"]
    return found


def _checked(session: Session) -> int:
    ended = (State.STORED, State.DEAD, State.DISCARDED)
    query = select(func.count()).select_from(Document).where(Document.state.in_(ended))
    return session.scalar(query) or 0
