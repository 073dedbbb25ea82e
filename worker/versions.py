"""Versions of a report: what is the same again, what is the next one, and which one stands.

The latest stands: a version with new figures takes the place of the one before, also of one that an
operator had put back, unless it is older than a version that is known. What is older is told by
when a crawler fetched the files, where that is known of both, else by the order in which they
arrived; so a document that waited as a dead letter, or on a slow queue, comes in where it
belongs. Figures that are known make a copy, and a copy never changes what stands.

Whoever changes the versions of a publisher and year holds a lock on them to the end of his
transaction: the whole database on SQLite, advisory locks on PostgreSQL. They are on the years
beside it as well, whose reports have findings that speak of this one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CompoundSelect,
    Row,
    Select,
    and_,
    bindparam,
    func,
    insert,
    select,
    text,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from models.disclosure.difference import fingerprint
from models.event import EventName
from models.filing import REPORTS, STANDS, Restoration, Subject, of_subject
from models.ledger import Arrival
from worker import neighbours, weighing
from worker.deciding import Conflict, DecisionError, NoteMissing
from worker.logs import record
from worker.rows import load


class UnknownReport(DecisionError):  # noqa: N818 - it says what is wrong
    """There is no report with such an id."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it is kept."""

    id: int
    version: int
    standing: bool
    document_id: int
    attempt_id: int | None
    figures: str | None = None


_OTHERS: Final = REPORTS.alias("others")
_VERSIONS: Final = (
    select(*(REPORTS.c[field.name] for field in fields(Version)))
    .where(of_subject(), REPORTS.c.same_as.is_(None))
    .order_by(REPORTS.c.version)
)
_STANDING: Final = _VERSIONS.where(STANDS)
_NEWEST: Final = select(func.max(_OTHERS.c.version)).where(
    of_subject(_OTHERS), _OTHERS.c.same_as.is_(None)
)
_ITSELF: Final = and_(of_subject(), REPORTS.c.same_as.is_(None))
# each by an index of its own: a misread publisher can have thousands of versions
_KNOWN: Final = (
    select(*(REPORTS.c[field.name] for field in fields(Version)))
    .where(
        REPORTS.c.id.in_(
            union(
                select(REPORTS.c.id).where(of_subject(), STANDS),
                select(REPORTS.c.id).where(_ITSELF, REPORTS.c.figures == bindparam("wanted")),
                select(REPORTS.c.id).where(_ITSELF, REPORTS.c.figures.is_(None)),
            )
        )
    )
    .order_by(REPORTS.c.version)
    .add_columns(_NEWEST.scalar_subquery().label("newest"))
)
_ROOT: Final = func.coalesce(REPORTS.c.same_as, REPORTS.c.id)
_AFTER: Final = select(_ROOT).where(of_subject(), REPORTS.c.document_id > bindparam("document_id"))
_FETCHED_AFTER: Final = (
    select(_ROOT)
    .join(Arrival, Arrival.document_id == REPORTS.c.document_id)
    .where(of_subject(), Arrival.fetched_at > bindparam("fetched_at"))
)


def _firsts(later: CompoundSelect[int] | Select[int]) -> Select[int, datetime | None]:
    """Ask for the first document and the first day of each version that has one that is later."""
    roots = later.cte("later")
    members = union_all(
        select(REPORTS.c.document_id, _ROOT.label("root")).where(REPORTS.c.id.in_(select(roots))),
        select(REPORTS.c.document_id, _ROOT).where(REPORTS.c.same_as.in_(select(roots))),
    ).subquery()
    return (
        select(func.min(members.c.document_id), func.min(Arrival.fetched_at))
        .select_from(members)
        .outerjoin(Arrival, Arrival.document_id == members.c.document_id)
        .group_by(members.c.root)
    )


_ANY: Final = select(REPORTS.c.id).where(REPORTS.c.publisher_key == bindparam("key")).limit(1)
_VERSION: Final = select(REPORTS.c.id).where(of_subject()).limit(1)
_LOCKS: Final = text("SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:locks AS bigint[])) AS k")
"""One after the other, in the order given."""
_FIRSTS: Final = _firsts(_AFTER)
_FIRSTS_FETCHED: Final = _firsts(union(_AFTER, _FETCHED_AFTER))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a report goes: its number, whether it will stand, the version it is a copy of.

    ``before`` is the version that stood until then; there is none where it is the first or a copy.
    """

    version: int
    standing: bool
    same_as: int | None = None
    before: Version | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """What of it is kept in the report's header."""
        return {"version": self.version, "standing": self.standing, "same_as": self.same_as}


def place(session: Session, subject: Subject | None, figures: str, document_id: int) -> Place:
    """Find the place of a document's figures among the versions, and make room for it.

    Where it will stand, nothing does when this returns: the caller inserts it in the same
    transaction.
    """
    if subject is None:
        return Place(1, standing=True)  # nobody knows what it would be a version of
    lock(session, subject)
    newest, known = _known(session, subject, figures)
    stands = next((one for one in known if one.standing), None)
    same = next((one for one in known if one.figures == figures), None)
    if same is not None:
        return Place(same.version, standing=False, same_as=same.id)
    standing = stands is None or not is_late(session, subject, document_id)
    if stands is not None and standing:
        _set_standing(session, stands.id, to=False)
    return Place(newest + 1, standing=standing, before=stands)


def tell_superseded(session: Session, old: Version, by: int, by_version: int, **data: Any) -> None:
    """Write into the history of a report that another one stands in its place now."""
    restored = _restoration(session, old.id)
    if restored is not None:
        data["put_back_by"] = restored.operator
    record(
        session,
        EventName.REPORT_SUPERSEDED,
        level="info" if restored is None else "warning",
        document_id=old.document_id,
        attempt_id=old.attempt_id,
        report_id=old.id,
        version=old.version,
        by=by,
        by_version=by_version,
        **data,
    )


@dataclass(frozen=True, slots=True)
class Restored:
    """What putting a version back did.

    ``replaced`` is the id of the report that stood instead, ``None`` where ``already`` tells that
    an operator had put it back before and it still stands.
    """

    report_id: int
    version: int
    replaced: int | None
    already: bool = False


def restore(
    session: Session,
    report_id: int,
    *,
    note: str,
    operator: str,
    instead_of: int | None = None,
) -> Restored:
    """Let an earlier version stand again, or the one whose figures a copy has.

    Repeating it has no second effect. A version with new figures that comes later will stand.

    Args:
        session: an open transaction.
        report_id: the version, or a copy of it.
        note: why; kept in the audit trail.
        operator: who.
        instead_of: the report that the operator saw standing; not checked where missing.

    Raises:
        NoteMissing: the note is blank.
        UnknownReport: there is no such report.
        Conflict: it stands without having been put back, or another one than ``instead_of`` does.
    """
    if not note.strip():
        raise NoteMissing("a decision needs a note that says why")
    chosen = _header(session, report_id)
    if chosen.same_as is not None:
        chosen = _header(session, chosen.same_as)
    subject = Subject.of(chosen.publisher, chosen.year)
    if subject is None:
        raise Conflict(f"report {report_id} stands: without publisher or year it has no versions")
    lock(session, subject)
    stands = _standing(session, subject)
    if stands.id == chosen.id:
        if _restoration(session, chosen.id) is None:
            raise Conflict(f"report {chosen.id} stands already; nobody had to put it back")
        return Restored(chosen.id, chosen.version, None, already=True)
    if instead_of not in (None, stands.id):
        raise Conflict(f"report {stands.id} stands now, not report {instead_of}")
    done = _put_back(session, chosen, stands, note=note, operator=operator)
    neighbours.forget(session, stands)
    neighbours.reassess(session, subject, by=chosen.id)
    weighing.weigh_beside(session, chosen.publisher, chosen.year)
    return done


def let_newest_stand(session: Session, report_id: int) -> int | None:
    """Let the newest version of a report's publisher and year stand, where none does.

    Returns:
        The id of the report that stands now; ``None`` where one stood already.

    Raises:
        UnknownReport: there is no such report.
    """
    header = _header(session, report_id)
    subject = Subject.of(header.publisher, header.year)
    if subject is None:
        return _let_stand(session, report_id)
    lock(session, subject)
    versions = [Version(*row) for row in session.connection().execute(_VERSIONS, subject.values)]
    if not versions or any(version.standing for version in versions):
        return None
    stands = _let_stand(session, versions[-1].id)
    neighbours.reassess(session, subject, by=stands)
    weighing.weigh_beside(session, header.publisher, header.year)
    return stands


def _let_stand(session: Session, report_id: int) -> int | None:
    lying = update(REPORTS).where(REPORTS.c.id == report_id, ~REPORTS.c.standing)
    return report_id if session.connection().execute(lying.values(standing=True)).rowcount else None


def _put_back(
    session: Session, chosen: Row[*tuple[Any, ...]], stands: Version, *, note: str, operator: str
) -> Restored:
    _set_standing(session, stands.id, to=False)
    _set_standing(session, chosen.id, to=True)
    session.execute(
        insert(Restoration).values(
            report_id=chosen.id, replaced_id=stands.id, operator=operator, note=note
        )
    )
    tell_superseded(session, stands, chosen.id, chosen.version, operator=operator)
    record(
        session,
        EventName.REPORT_RESTORED,
        document_id=chosen.document_id,
        attempt_id=chosen.attempt_id,
        report_id=chosen.id,
        version=chosen.version,
        replaced=stands.id,
        replaced_version=stands.version,
        operator=operator,
        note=note,
    )
    return Restored(chosen.id, chosen.version, stands.id)


def lock(session: Session, subject: Subject) -> None:
    """Wait until nobody else changes these versions, nor those of the years beside.

    SQLite's transactions do so by themselves. Whoever locks years of a publisher locks the
    earlier ones first, so that no two wait for each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        locks = (func.pg_advisory_xact_lock(one.lock) for one in subject.around(1))
        session.execute(select(*locks))


def lock_all(session: Session, subjects: Iterable[Subject]) -> None:
    """Do what :func:`lock` does for many: publisher by publisher, the earlier years first."""
    if session.get_bind().dialect.name == "postgresql":
        near = {beside for subject in subjects for beside in subject.around(1)}
        ordered = sorted(near, key=lambda one: (one.publisher_key, one.year))
        session.connection().execute(_LOCKS, {"locks": [one.lock for one in ordered]})


def is_late(session: Session, subject: Subject, document_id: int) -> bool:
    """Tell whether a version is known that is newer than what a document brings.

    A version is as old as the first document with its figures.
    """
    fetched = session.scalar(
        select(func.min(Arrival.fetched_at)).where(Arrival.document_id == document_id)
    )
    asked = {"document_id": document_id, "fetched_at": fetched} | subject.values
    firsts = session.connection().execute(_FIRSTS if fetched is None else _FIRSTS_FETCHED, asked)
    return any(_older((document_id, fetched), (first, seen)) for first, seen in firsts)


def publishers(session: Session, keys: Collection[str]) -> set[str]:
    """Return those of some publishers, by key, of whom there is a report.

    One look into an index for each: a misread publisher has thousands of reports.
    """
    connection = session.connection()
    return {key for key in keys if connection.execute(_ANY, {"key": key}).first() is not None}


def versioned(session: Session, subjects: Iterable[Subject]) -> set[Subject]:
    """Return those of some subjects of which there is a version; one look into an index each."""
    connection = session.connection()
    return {one for one in subjects if connection.execute(_VERSION, one.values).first() is not None}


def _known(session: Session, subject: Subject, figures: str) -> tuple[int, list[Version]]:
    """Return the newest number, and of the versions the standing one and those with the figures."""
    found = session.connection().execute(_KNOWN, {"wanted": figures} | subject.values).all()
    known = [_measured(session, Version(*row[:-1])) for row in found]
    return (found[0].newest if found else 0), known


def _measured(session: Session, version: Version) -> Version:
    """Return the version with its fingerprint, made now where it has not been needed before."""
    if version.figures is not None:
        return version
    figures = fingerprint(load(session, version.id))
    session.execute(update(REPORTS).where(REPORTS.c.id == version.id).values(figures=figures))
    return replace(version, figures=figures)


def _standing(session: Session, subject: Subject) -> Version:
    return Version(*session.connection().execute(_STANDING, subject.values).one())


def _set_standing(session: Session, report_id: int, *, to: bool) -> None:
    session.execute(update(REPORTS).where(REPORTS.c.id == report_id).values(standing=to))


def _older(one: tuple[int, datetime | None], other: tuple[int, datetime | None]) -> bool:
    if one[1] is not None and other[1] is not None and one[1] != other[1]:
        return one[1] < other[1]
    return one[0] < other[0]  # documents are numbered as they arrive


def _header(session: Session, report_id: int) -> Row[*tuple[Any, ...]]:
    columns = ("id", "version", "same_as", "publisher", "year", "document_id", "attempt_id")
    query = select(*(REPORTS.c[name] for name in columns)).where(REPORTS.c.id == report_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise UnknownReport(f"there is no report {report_id}")
    return found


def _restoration(session: Session, report_id: int) -> Restoration | None:
    query = select(Restoration).where(Restoration.report_id == report_id)
    return session.scalars(query.order_by(Restoration.id.desc()).limit(1)).one_or_none()
