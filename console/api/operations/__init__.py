"""Every operation of the API: one table, from which routes and document are made."""

from typing import Final

from console.api.operation import Operation
from console.api.operations import comments, decisions, documents, exports, house, letters, reports

OPERATIONS: Final[tuple[Operation, ...]] = (
    *house.OPERATIONS,
    *documents.OPERATIONS,
    *reports.OPERATIONS,
    *exports.OPERATIONS,
    *letters.OPERATIONS,
    *decisions.OPERATIONS,
    *comments.OPERATIONS,
)
"""Paths without parameters come before those that would take them for one."""
