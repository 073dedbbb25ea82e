"""The list of dead letters, page by page."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.queries import keyset
from console.queries.keyset import Slice
from console.queries.letters import LetterFilter, LetterRow, row_of, rows
from models.dead_letter import DeadLetter

GROUPS: Final = ("reason", "rule")


def page(
    session: Session, wanted: LetterFilter, *, after: str = "", limit: int = keyset.ROWS
) -> Slice[LetterRow]:
    """Return dead letters that match, the latest first, those after the place ``after``."""
    chosen = select(DeadLetter.id).where(*wanted.conditions())
    found = keyset.decode(after, 1)
    if found:
        chosen = chosen.where(DeadLetter.id < found[0])
    # first which, from indexes alone: rows hold whole reports
    chosen = chosen.order_by(DeadLetter.id.desc()).limit(limit + 1)
    query = rows().where(DeadLetter.id.in_(list(session.scalars(chosen))))
    shown = [row_of(row) for row in session.execute(query.order_by(DeadLetter.id.desc()))]
    more = len(shown) > limit
    return Slice(shown[:limit], keyset.encode(shown[limit - 1].id) if more else "")
