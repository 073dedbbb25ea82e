"""Reports, findings and candidates, back from an inspection's JSON (``gouji.inspection/1``)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from models.disclosure.evidence import Claim, Source
from models.disclosure.finding import Finding, Severity
from models.disclosure.form import LAYOUTS, TABLES, Edition, Kind, column_of
from models.disclosure.localisation import (
    Block,
    Candidate,
    Change,
    Localisation,
    Mechanism,
    Origin,
    Search,
    Status,
    Witness,
)
from models.disclosure.report import Cell, Period, Place, Printed, ReadTable, Report, Section
from models.divisions.division import NOWHERE, Located
from models.divisions.gazetteer import division


def report_of(inspection: Mapping[str, Any]) -> Report | None:
    """Return the report of an inspection, ``None`` where nothing was recognised.

    Which divisions a publisher may belong to, where that is not certain, is left out; what an
    inspection of an older release does not tell is empty.
    """
    header = inspection.get("report")
    if header is None:
        return None
    edition, layouts = header.get("edition"), header.get("layouts", {})
    return Report(
        publisher=header.get("publisher"),
        year=header.get("year"),
        edition=Edition(edition) if edition else None,
        title=header.get("title"),
        tables={key: _table(layouts[key], inspection) for key in TABLES if key in layouts},
        sections=tuple(
            Section(section["key"], section["heading"], section["text"])
            for section in header.get("sections", ())
        ),
        period=_period(header.get("period")),
        signature=header.get("signature"),
        signed_on=_day(header.get("signed_on")),
        hinted=tuple(header.get("hinted", ())),
        evidence=tuple(claim(told) for told in header.get("evidence", ())),
        located=_located(header.get("division")),
    )


def findings_of(inspection: Mapping[str, Any]) -> list[Finding]:
    """Return the findings of an inspection."""
    return [
        Finding(
            rule=found["rule"],
            severity=Severity(found["severity"]),
            scope=found["scope"],
            message=found["message"],
            cells=tuple(found.get("cells", ())),
            left=found.get("left"),
            right=found.get("right"),
            difference=found.get("difference"),
            blanks=tuple(found.get("blanks") or ()),
            evidence=found.get("evidence") or "",
        )
        for found in inspection.get("findings", ())
    ]


def tells_what_was_left_over(inspection: Mapping[str, Any]) -> bool:
    """Tell whether checking its report anew finds all that was found; older ones lack a part."""
    return "reading" in (inspection.get("report") or {})


def localisation_of(inspection: Mapping[str, Any]) -> Localisation | None:
    """Return what would make the report balance; ``None`` where no edit fails, or nobody looked.

    Inspections of earlier releases have none.
    """
    found = inspection.get("localisation")
    if found is None:
        return None
    candidates = [_candidate(one) for one in inspection.get("candidates", ())]
    return Localisation(tuple(_block(block, candidates) for block in found["blocks"]))


def second_of(inspection: Mapping[str, Any]) -> dict[str, int]:
    """Return what a second extraction of the file reads, by cell; empty where there was none.

    Inspections of earlier releases have none.
    """
    return {
        f"{table}.{row}.{column}": value
        for table, rows in (inspection.get("second_extraction") or {}).items()
        for row, columns in rows.items()
        for column, value in columns.items()
    }


def _block(block: Mapping[str, Any], candidates: Sequence[Candidate]) -> Block:
    return Block(
        block["block"],
        block["table"],
        tuple(block["edits"]),
        Status(block["status"]),
        Search(**block["search"]),
        tuple(one for one in candidates if one.block == block["block"]),
        block["cut"],
    )


def _candidate(one: Mapping[str, Any]) -> Candidate:
    return Candidate(
        block=one["block"],
        rank=one["rank"],
        tie_group=one["tie_group"],
        changes=tuple(
            Change(change["cell"], change["raw"], change["read"], change["proposed"])
            for change in one["changes"]
        ),
        mechanism=Mechanism(one["mechanism"]),
        cost=one["cost"],
        cost_parts=one["cost_parts"],
        resolves=tuple(one["resolves"]),
        evidence=tuple(Witness(**witness) for witness in one["evidence"]),
        origin=Origin(one["origin"]),
    )


def _table(layout: str, inspection: Mapping[str, Any]) -> ReadTable:
    form = LAYOUTS[layout]
    rows = inspection.get("tables", {}).get(form.table, {})
    cells = {
        found["cell"]: _cell(found, rows)
        for found in inspection.get("cells", ())
        if found["cell"].partition(".")[0] == form.table
    }
    there = {address.split(".")[1] for address in cells}
    missing = tuple(key for key in form.row_keys if key not in there)
    left = inspection["report"].get("reading", {}).get(form.table, {})
    return ReadTable(layout, cells, missing, **{name: tuple(lines) for name, lines in left.items()})


def _cell(found: Mapping[str, Any], rows: Mapping[str, Any]) -> Cell:
    _, row, column = found["cell"].split(".")
    value = rows.get(row, {}).get(column)
    if value is not None and column_of(found["cell"]).kind is Kind.AMOUNT:
        value = Decimal(value)
    place = found.get("place")
    return Cell(
        value,
        found["raw"],
        Printed(found["printed"]),
        None if place is None else Place.from_dict(place),
        note=found.get("note", ""),
        chosen=found.get("chosen", False),
        confidence=found.get("confidence"),
    )


def claim(told: Mapping[str, Any]) -> Claim:
    """Return what a witness says, as :meth:`Claim.as_dict` told it."""
    place = told.get("place")
    return Claim(
        told["field"],
        told["value"],
        Source(told["source"]),
        told["raw"],
        None if place is None else Place.from_dict(place),
    )


def _located(told: Mapping[str, Any] | None) -> Located:
    return NOWHERE if told is None else Located(division(told["code"]))


def _period(told: Mapping[str, Any] | None) -> Period | None:
    if told is None:
        return None
    return Period(date.fromisoformat(told["start"]), date.fromisoformat(told["end"]))


def _day(told: str | None) -> date | None:
    return None if told is None else date.fromisoformat(told)
