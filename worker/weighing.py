"""Open dead letters beside a year: their candidates are weighed anew when that year comes to stand.

What the year before carried out, and the next one carried in, is evidence about the figures of a
year. A report that does not balance may have been refused before either was there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from models.dead_letter import DeadLetter
from models.disclosure.finding import Reason
from models.event import EventName
from models.filing import Subject
from worker import neighbours
from worker.candidates import candidates_json, localisation_json
from worker.check.locate import locate
from worker.inspected import report_of, second_of
from worker.logs import record

_BESIDE: Final = (
    select(
        DeadLetter.id,
        DeadLetter.document_id,
        DeadLetter.publisher,
        DeadLetter.year,
        DeadLetter.version,
        DeadLetter.inspection,
    )
    .where(
        DeadLetter.resolution.is_(None),
        DeadLetter.reason == Reason.IMBALANCED,
        DeadLetter.year.in_(bindparam("years", expanding=True)),
        DeadLetter.publisher == bindparam("publisher"),
    )
    # one that somebody decides about in this moment needs it no more, and is not waited for
    .with_for_update(skip_locked=True)
)


_PUBLISHERS: Final = select(DeadLetter.publisher).where(
    DeadLetter.resolution.is_(None),
    DeadLetter.reason == Reason.IMBALANCED,
    DeadLetter.year.in_(bindparam("years", expanding=True)),
    DeadLetter.publisher.in_(bindparam("publishers", expanding=True)),
)


def weigh_beside_all(session: Session, subjects: Iterable[tuple[str | None, int | None]]) -> None:
    """Do what :func:`weigh_beside` does for many publishers and years; most have no letter."""
    known = {one for one in subjects if None not in one}
    years = {year + step for _, year in known if year is not None for step in (-1, 1)}
    asked = {"publishers": sorted({str(publisher) for publisher, _ in known}), "years": list(years)}
    concerned = set(session.connection().execute(_PUBLISHERS, asked).scalars())
    for publisher, year in sorted(known, key=str):
        if publisher in concerned:
            weigh_beside(session, publisher, year)


def weigh_beside(session: Session, publisher: str | None, year: int | None) -> int:
    """Weigh the candidates of open dead letters on the years beside one anew.

    A letter whose candidates change gets another version: who had looked at the old ones must look
    again before they decide. Nothing else about it changes.

    Args:
        session: the transaction in which the year came to stand.
        publisher: whose report, as it is printed.
        year: on which year.

    Returns:
        How many letters have other candidates now.
    """
    if publisher is None or year is None:
        return 0
    asked = {"publisher": publisher, "years": [year - 1, year + 1]}
    changed = 0
    for letter in session.execute(_BESIDE, asked).all():
        told = _weighed(session, letter.publisher, letter.year, letter.inspection or {})
        if told is None:
            continue
        values = {"inspection": letter.inspection | told, "version": letter.version + 1}
        session.execute(update(DeadLetter).where(DeadLetter.id == letter.id).values(values))
        about = {"document_id": letter.document_id, "dead_letter_id": letter.id}
        record(session, EventName.DOCUMENT_REWEIGHED, **about, year=letter.year, by_year=year)
        changed += 1
    return changed


def _weighed(
    session: Session, publisher: str, year: int, inspection: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the parts of an inspection that are others now; ``None`` where none is."""
    if inspection.get("localisation") is None:
        return None  # an earlier release, which located nothing, or nothing that can be located
    report, subject = report_of(inspection), Subject.of(publisher, year)
    if report is None or subject is None:
        return None
    media_type = inspection.get("file", {}).get("media_type")
    known = neighbours.context(session, subject, media_type)
    found = locate(report, replace(known, second=second_of(inspection)))
    told = {"candidates": candidates_json(found), "localisation": localisation_json(found)}
    return None if _same(told, inspection) else told


def _same(told: Mapping[str, Any], inspection: Mapping[str, Any]) -> bool:
    before = {name: inspection.get(name) for name in told}
    sorted_keys = orjson.OPT_SORT_KEYS
    return orjson.dumps(told, option=sorted_keys) == orjson.dumps(before, option=sorted_keys)
