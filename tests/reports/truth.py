"""Random balanced reports, and reports with one cell broken on purpose.

Nothing here knows how the project reads or checks a report: the edits are taken from FORM.md.
"""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from models.disclosure.form import Edition, Kind, column_of
from models.disclosure.report import Period, Printed
from tests.reports.balanced import Value, balanced_values
from tests.reports.cells import TruthCell, TruthReport, Wording, as_json
from tests.reports.mess import MESS, make_messy
from tests.reports.publishers import random_publisher
from tests.reports.wording import plain_wording

__all__ = [
    "MESS",
    "TruthCell",
    "TruthReport",
    "Wording",
    "as_json",
    "break_cell",
    "broken_edits",
    "make_messy",
    "random_report",
    "violations",
]

_FLOW_IN = ("new_requests", "carried_in")
_FLOW_OUT = ("processed_total", "carried_out")
_STATED = {
    "received": ("applications.new_requests.total",),
    "carried_in": ("applications.carried_in.total",),
    "processed": ("applications.processed_total.total",),
    "carried_out": ("applications.carried_out.total",),
    "reconsideration": ("review.reconsideration.total",),
    "litigation": (
        "review.litigation_direct.total",
        "review.litigation_after_reconsideration.total",
    ),
}


def random_report(
    rng: random.Random,
    *,
    edition: Edition | str | None = None,
    undivided: bool | None = None,
    messy: bool | Mapping[str, bool | float] = False,
) -> TruthReport:
    """Return a balanced report.

    Args:
        rng: the only source of chance: equal seeds give equal reports.
        edition: the edition of the form; either at random where not given.
        undivided: whether a report of edition 2021 prints （六）其他处理 as one row.
        messy: ``True`` for a random choice of all options, or option → whether, or option →
            share of the cells it touches.
    """
    edition = Edition(edition) if edition else rng.choice((Edition.TRIAL, *[Edition.CURRENT] * 3))
    layouts = _layouts(edition, undivided, rng)
    values = balanced_values(layouts, rng)
    year = rng.randint(2019, 2020) if edition is Edition.TRIAL else rng.randint(2021, 2025)
    report = TruthReport(
        publisher=random_publisher(rng),
        year=year,
        edition=edition,
        layouts=layouts,
        cells={key: _printed(key, value, rng) for key, value in values.items()},
        wording=plain_wording(layouts),
        facts=_facts(values, edition, rng),
        period=Period(date(year, 1, 1), date(year, 12, 31)),
        signed_on=date(year + 1, 1, rng.randint(2, 31)),
    )
    return make_messy(report, rng, _shares(messy, rng))


def break_cell(report: TruthReport, rng: random.Random) -> tuple[TruthReport, str, int]:
    """Change one printed count of table 三 or 四; return the report, the cell and the change.

    Every such cell is in a hard edit. The new value is never negative; what section 一 states
    stays as it was.
    """
    address = rng.choice(
        [
            key
            for key, cell in report.cells.items()
            if not key.startswith("disclosure.") and cell.printed is Printed.NUMBER
        ]
    )
    old = report.cells[address].value
    if not isinstance(old, int):
        raise TypeError(address)
    new = _another(old, rng)
    broken = {**report.cells, address: TruthCell(str(new), new, Printed.NUMBER)}
    return replace(report, cells=broken), address, new - old


def broken_edits(address: str) -> set[tuple[str, str]]:
    """Return the hard edits (rule, scope) that a wrong figure in this one cell breaks."""
    table, row, column = address.split(".")
    if table == "review":
        return {("T4.RESULTS", row)}
    if table != "applications":
        return set()
    broken = {("T3.APPLICANTS", row)}
    if row in (*_FLOW_IN, *_FLOW_OUT):
        broken.add(("T3.FLOW", column))
    if row not in (*_FLOW_IN, "carried_out"):
        broken.add(("T3.OUTCOMES", column))
    return broken


def violations(report: TruthReport) -> set[tuple[str, str]]:
    """Return the hard edits (rule, scope) that the printed figures do not satisfy.

    An addend without a figure counts as nothing; a sum without a figure is not assessed.
    """
    rows: dict[str, dict[str, dict[str, int | None]]] = {"applications": {}, "review": {}}
    for address, cell in report.cells.items():
        table, row, column = address.split(".")
        if table in rows:
            rows[table].setdefault(row, {})[column] = _count(cell)
    return {
        *_wrong_rows("T3.APPLICANTS", rows["applications"]),
        *_wrong_rows("T4.RESULTS", rows["review"]),
        *_wrong_columns(rows["applications"]),
    }


def _wrong_rows(rule: str, rows: dict[str, dict[str, int | None]]) -> set[tuple[str, str]]:
    return {
        (rule, row)
        for row, cells in rows.items()
        if cells["total"] is not None
        and cells["total"] != sum(value or 0 for key, value in cells.items() if key != "total")
    }


def _wrong_columns(rows: dict[str, dict[str, int | None]]) -> set[tuple[str, str]]:
    wrong = set()
    for column, processed in rows["processed_total"].items():
        figure = {row: cells[column] or 0 for row, cells in rows.items()}
        coming, going = (sum(figure[row] for row in side) for side in (_FLOW_IN, _FLOW_OUT))
        outcomes = sum(figure.values()) - coming - going
        if processed is not None and coming != going:
            wrong.add(("T3.FLOW", column))
        if processed is not None and outcomes != processed:
            wrong.add(("T3.OUTCOMES", column))
    return wrong


def _count(cell: TruthCell) -> int | None:
    return cell.value if isinstance(cell.value, int) else None


def _layouts(edition: Edition, undivided: bool | None, rng: random.Random) -> dict[str, str]:
    if undivided is None:
        undivided = rng.random() < 0.15
    whole = edition is Edition.TRIAL or undivided
    return {
        "disclosure": f"disclosure.{edition}",
        "applications": f"applications.{'undivided' if whole else 'divided'}",
        "review": rng.choices(("review.across", "review.down"), (6, 1))[0],
    }


def _printed(address: str, value: Value, rng: random.Random) -> TruthCell:
    raw = str(value) if isinstance(value, int) else f"{value:f}"
    if column_of(address).kind is Kind.CHANGE and value > 0 and rng.random() < 0.3:
        raw = f"+{raw}"
    return TruthCell(raw, value, Printed.NUMBER)


def _facts(values: Mapping[str, Value], edition: Edition, rng: random.Random) -> dict[str, int]:
    """Counts of section 一 that agree with the tables: some of those that could be stated."""
    made = "created" if edition is Edition.TRIAL else "made"
    stated = {**_STATED, "normative": (f"disclosure.normative_documents.{made}",)}
    counts = {name: int(sum(values[key] for key in keys)) for name, keys in stated.items()}
    return {
        name: count
        for name, count in counts.items()
        if rng.random() < 0.6 and (count or name != "normative")  # its zero may be a mark
    }


def _shares(messy: bool | Mapping[str, bool | float], rng: random.Random) -> dict[str, float]:
    if isinstance(messy, bool):
        messy = {name: rng.random() < 0.4 for name in MESS} if messy else {}
    return {
        name: rng.choice((0.05, 0.2, 0.5)) if share is True else float(share)
        for name, share in messy.items()
        if share
    }


def _another(old: int, rng: random.Random) -> int:
    """Return a slip of the pen: one off, a digit wrong, a digit lost or doubled, or anything."""
    digits = str(old)
    at = rng.randrange(len(digits))
    slips = (
        old + 1,
        old - 1,
        int(digits[:at] + rng.choice("0123456789") + digits[at + 1 :]),
        int(digits + digits[-1]),
        int(digits[:-1] or "0"),
        rng.randint(0, 2 * old + 20),
    )
    return rng.choice([slip for slip in slips if slip >= 0 and slip != old] or [old + 1])
