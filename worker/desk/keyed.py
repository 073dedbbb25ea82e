"""Requests that may be repeated: the same key with the same request gives the same answer."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.answer import Answer
from models.session import Database
from worker.desk.errors import KeyReused
from worker.desk.order import LONGEST_KEY, Given

Work = Callable[[Session], dict[str, Any]]
_OPEN: Final[Mapping[str, Any]] = {}


def once(
    database: Database, given: Given, asked: Mapping[str, Any], work: Work
) -> tuple[dict[str, Any], bool]:
    """Do one unit of work, unless its key tells that it was done before.

    Of two that come at once with one key the second waits for the first, and gets its answer. A
    request that failed has left nothing behind, its key included.

    Args:
        database: where both are kept, in one transaction.
        given: who asks, and under which key; without one the work is done in any case.
        asked: what is asked for, as JSON; with operator and note it is what the key stands for.
        work: does it, and returns the answer as JSON.

    Returns:
        The answer, and whether it was given before.

    Raises:
        KeyReused: the key stands for another request, or cannot be a key.
    """
    if given.key is None:
        return database.unit(work), False
    if not given.key.strip() or len(given.key) > LONGEST_KEY:
        raise KeyReused(f"an idempotency key has 1 to {LONGEST_KEY} characters")
    request = _digest(given, asked)
    key = given.key

    def keyed(session: Session) -> tuple[dict[str, Any], bool]:
        before = session.get(Answer, key)
        if before is not None:
            if before.request != request:
                raise KeyReused("this idempotency key was used for another request")
            return before.answer, True
        row = Answer(key=key, request=request, answer=dict(_OPEN))
        session.add(row)
        session.flush()  # who has the same key waits here
        row.answer = work(session)
        return row.answer, False

    try:
        return database.unit(keyed)
    except IntegrityError:
        return database.unit(keyed)  # somebody was faster; what they were answered is there now


def _digest(given: Given, asked: Mapping[str, Any]) -> str:
    request = {"operator": given.operator, "note": given.note, **asked}
    written = orjson.dumps(request, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(written).hexdigest()
