"""What rows, columns and scopes are called, in the words of the form."""

import re
from typing import Final

from models.disclosure.form import RESULTS_GROUP, TABLES, Row, column_of

_ROW_RULES: Final = {"T3.APPLICANTS": "applications", "T4.RESULTS": "review"}
_COLUMN_RULES: Final = {"T3.FLOW": "applications", "T3.OUTCOMES": "applications"}
_BETWEEN_YEARS: Final = {"YEAR.CARRIED": "T3.FLOW", "YEAR.STOCK": "YEAR"}
"""Rules whose scope begins with two years; the rest is that of another rule."""
_LONG: Final = 14
_SCOPED: Final = re.compile(
    r"\b([A-Z][A-Z0-9]*\.[A-Z]+) ((?:\d{4}-\d{4}\.)?[a-z_]+(?:\.[a-z_]+)*): "
)


def worded(message: str) -> str:
    """Return a message with the scopes of its findings in the words of the form."""
    return _SCOPED.sub(lambda found: f"{found[1]} {scope(found[1], found[2])}: ", message)


def numbered(row: Row) -> str:
    """Return a row's label with its numbering as the notice prints it."""
    if not row.number:
        return row.label
    if not row.group:
        return f"{row.number}、{row.label}"
    if row.group == RESULTS_GROUP:
        return f"（{row.number}）{row.label}"
    return f"{row.number}.{row.label}"


def full(row: Row) -> str:
    """Return a row's label with the group it stands in, which tells one 其他 from another."""
    if not row.group or row.group == RESULTS_GROUP:
        return numbered(row)
    return f"{row.group} {numbered(row)}"


def brief(row: Row) -> str:
    """Return a row's label without numbering; of a long one the part that says it."""
    label = row.label
    for mark in "（、":
        if len(label) > _LONG:
            label = label.partition(mark)[0]
    return label


def scope(rule: str, key: str) -> str:
    """Return what a finding's scope is called; a scope the form does not know stays itself."""
    if rule in _BETWEEN_YEARS:
        years, _, rest = key.partition(".")
        return f"{years} {scope(_BETWEEN_YEARS[rule], rest)}"
    if rule in _COLUMN_RULES:
        row = next(iter(TABLES[_COLUMN_RULES[rule]].rows.values()))
        return next((column.label for column in row.columns if column.key == key), key)
    if rule in _ROW_RULES:
        found = TABLES[_ROW_RULES[rule]].rows.get(key)
        return full(found) if found else key
    if key in TABLES:
        return TABLES[key].title
    if key.count(".") == 2:
        return cell(key)
    return next((full(t.rows[key]) for t in TABLES.values() if key in t.rows), key)


def cell(address: str) -> str:
    """Return what a cell is called: its row and its column."""
    table, row, _ = address.split(".")
    try:
        return f"{full(TABLES[table].rows[row])} · {column_of(address).label}"
    except KeyError:
        return address


def row_of(address: str) -> Row:
    """Return the row a cell stands in."""
    table, row, _ = address.split(".")
    return TABLES[table].rows[row]
