"""Pages of lists as answers."""

from typing import Any

from console.api.operation import Paged, bad_cursor
from console.queries import keyset
from console.queries.keyset import Slice


def after(query: Paged, length: int = 1) -> str:
    """Return the place that a cursor stands for; empty for the first page.

    Raises:
        Problem: it is no cursor of such a list.
    """
    if query.cursor is None:
        return ""
    place = keyset.decode(query.cursor, length)
    if place is None or not -(2**63) <= place[-1] < 2**63:
        raise bad_cursor()
    return query.cursor


def told(page: Slice[Any]) -> dict[str, Any]:
    """Return a page as it is answered."""
    return {"items": list(page.rows), "next": page.after or None}
