"""``name.ext.json`` beside ``name.ext``: what a crawler wrote down about a file it saved.

A sidecar is never a document. It is read when its file is taken in; one that comes to rest later,
or is written anew, completes the arrival of its file.
"""

import json
import os
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.disclosure.hints import NONE, Hints
from models.ledger import Arrival, ArrivalState, Handover
from watcher import ignore
from watcher.filesystem import look, open_file, readable
from watcher.hints import complete, hints_of
from watcher.register import Origin
from watcher.settle import Settled

SUFFIX: Final = b".json"
_LARGEST: Final = 1 << 20


class Unreadable(ValueError):  # noqa: N818 - it is what was found
    """The sidecar is not a JSON object of reasonable size."""


class Lot(StrEnum):
    """What became of a sidecar that came to rest."""

    ATTACHED = "attached"
    EARLY = "early"
    ORPHAN = "orphan"
    UNREADABLE = "unreadable"


class Companion(NamedTuple):
    """A sidecar or done marker that came to rest, and the path of the file it speaks of."""

    item: Settled
    base: bytes


def base_of(root: bytes, path: bytes) -> bytes | None:
    """Return the path of the file that a sidecar or done marker speaks of, ``None`` for neither.

    ``a.pdf.json`` is a sidecar whether or not ``a.pdf`` is there yet; ``a.json`` only beside a
    file ``a``.
    """
    marked = ignore.marked(path)
    if marked is not None:
        return marked
    base = path.removesuffix(SUFFIX)
    name = os.path.basename(base)  # noqa: PTH119 - pathlib does not take bytes
    if base == path or not name or ignore.why(path) is not None:
        return None
    return base if b"." in name[1:] or look(root, base) is not None else None


def read(root: bytes, path: bytes) -> Hints:
    """Read a sidecar.

    Raises:
        Unreadable: it is not a JSON object.
        OSError: it cannot be read; ``FileNotFoundError`` when there is none.
    """
    with open_file(root, path) as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise Unreadable(f"sidecar: more than {_LARGEST} bytes")
    try:
        said = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"sidecar: not JSON: {error}") from error
    if not isinstance(said, dict):
        raise Unreadable("sidecar: not a JSON object")
    return hints_of(said)


def beside(root: bytes, path: bytes) -> Hints:
    """Return what the sidecar of a file says; nothing where there is none that can be read yet."""
    try:
        return read(root, path + SUFFIX)
    except (OSError, Unreadable):
        return NONE


def attach(
    session: Session, origin: Origin, companions: Sequence[Companion]
) -> list[tuple[Companion, Lot, str]]:
    """Complete the arrivals that sidecars speak of, and write the sidecars themselves down.

    Returns:
        What became of each, and why. ``EARLY`` when its file is there but has not arrived yet,
        ``ORPHAN`` when there is no such file; these and ``UNREADABLE`` are not written.
    """
    found = _newest(session, origin, [companion.base for companion in companions])
    return [_attach(session, origin, one, found.get(one.base)) for one in companions]


def _newest(session: Session, origin: Origin, bases: Sequence[bytes]) -> dict[bytes, Arrival]:
    rows = session.scalars(
        select(Arrival)
        .where(
            Arrival.source == origin.name,
            Arrival.path.in_(bases),
            Arrival.state != ArrivalState.SIDECAR,
        )
        .order_by(Arrival.id)
    )
    return {row.path: row for row in rows}


def _attach(
    session: Session, origin: Origin, companion: Companion, arrival: Arrival | None
) -> tuple[Companion, Lot, str]:
    if look(origin.root, companion.base) is None:
        return companion, Lot.ORPHAN, f"without its file: {readable(companion.base)}"
    if arrival is None:
        return companion, Lot.EARLY, ""
    if ignore.marked(companion.item.path) is None:
        try:
            hints = read(origin.root, companion.item.path)
        except FileNotFoundError:
            return companion, Lot.EARLY, ""
        except (OSError, Unreadable) as error:
            return companion, Lot.UNREADABLE, str(error)
        complete(session, arrival, hints)
    _write(session, origin, companion.item)
    return companion, Lot.ATTACHED, ""


def _write(session: Session, origin: Origin, item: Settled) -> None:
    version = item.signature._asdict()
    same = select(Arrival).filter_by(source=origin.name, path=item.path, **version)
    known = session.scalars(same).one_or_none()
    if known is not None:
        known.state, known.why = ArrivalState.SIDECAR, None
        return
    session.add(
        Arrival(
            source=origin.name,
            path=item.path,
            name=readable(item.path),
            state=ArrivalState.SIDECAR,
            handover=Handover.NONE,
            **version,
        )
    )
