"""A filter of reports as conditions of a query."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, or_

from console.report_filter import UNKNOWN, ReportFilter
from models.filing import REPORTS

_REPORT: Final = REPORTS.c
Condition = ColumnElement[bool] | None
"""``None`` leaves nothing out."""


def conditions(wanted: ReportFilter) -> list[ColumnElement[bool]]:
    """Return a filter as conditions on the table of reports."""
    found = (of(getattr(wanted, name)) for name, of in CONDITIONS.items())
    return [one for one in found if one is not None]


def _publisher(part: str | None) -> Condition:
    return None if part is None else _REPORT.publisher.contains(part, autoescape=True)


def _year(year: int | str | None) -> Condition:
    if year is None:
        return None
    return _REPORT.year.is_(None) if year == UNKNOWN else _REPORT.year == year


def _edition(edition: str | None) -> Condition:
    return None if edition is None else _REPORT.edition == edition


def _division(code: str | None) -> Condition:
    if code is None:
        return None
    if code == UNKNOWN:
        return _REPORT.division_code.is_(None)
    return _REPORT.division_code.startswith(code, autoescape=True)


def _soft(has_some: bool | None) -> Condition:
    if has_some is None:
        return None
    return _REPORT.soft > 0 if has_some else _REPORT.soft == 0


def _all_versions(everything: bool) -> Condition:
    return None if everything else _REPORT.standing.is_(True)


def _unidentified(only: bool) -> Condition:
    if not only:
        return None
    # the key is there with the publisher, and has an index
    return or_(_REPORT.publisher_key.is_(None), _REPORT.year.is_(None))


CONDITIONS: Final[Mapping[str, Callable[[Any], Condition]]] = {
    "all_versions": _all_versions,
    "publisher": _publisher,
    "year": _year,
    "edition": _edition,
    "division": _division,
    "soft": _soft,
    "unidentified": _unidentified,
}
"""What each field of a filter becomes, by its name."""
