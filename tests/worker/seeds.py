"""The five seeds and what a person reads in them: every figure that is not 0, and every gap."""

from dataclasses import dataclass, field
from pathlib import Path

from models.disclosure.form import APPLICANTS

SEEDS = Path(__file__).parent.parent / "data" / "seeds"


@dataclass(frozen=True)
class Truth:
    """All cells not named here are printed as 0."""

    file: str
    publisher: str
    year: int
    figures: dict[str, int | str]
    blank: frozenset[str] = frozenset()
    missing_rows: frozenset[str] = frozenset()
    findings: frozenset[tuple[str, str]] = field(default=frozenset())


def _person(**rows: int) -> dict[str, int | str]:
    """Table 三 of a report whose applicants are all natural persons."""
    return {
        f"applications.{row}.{column}": value
        for row, value in rows.items()
        for column in ("natural_person", "total")
    }


_COLUMNS = tuple(column.key for column in APPLICANTS)

TRUTHS = (
    Truth(
        "000_07fb21a430c6a68d.txt",
        "河北沧州经济开发区管委会",
        2023,
        {
            "disclosure.normative_documents.made": 3,
            "disclosure.normative_documents.in_force": 16,
            "disclosure.licences.decisions": 1521,
            "disclosure.fees.amount": "115.1",
            **_person(
                new_requests=12,
                carried_in=1,
                granted=7,
                granted_in_part=3,
                unavailable_not_held=2,
                other_outcome=1,
                processed_total=13,
            ),
        },
        findings=frozenset({("DATE.YEAR", "signature")}),
    ),
    Truth(
        "001_978f6dfc59ee8d2b.txt",
        "濮阳经济技术开发区",
        2022,
        {
            "disclosure.normative_documents.made": 2,
            "disclosure.normative_documents.in_force": 3,
            "disclosure.licences.decisions": 4221,
            "disclosure.penalties.decisions": 159,
            **_person(new_requests=9, granted=9, processed_total=9),
        },
        blank=frozenset({"applications.carried_out.natural_person"}),
        findings=frozenset({("TEXT.COUNTS", "received"), ("TABLE.COMPLETE", "applications")}),
    ),
    Truth(
        "002_6958a79bc20c0ed0.txt",
        "秦皇岛经济技术开发区管理委员会",
        2022,
        {
            "disclosure.normative_documents.in_force": 6,
            "disclosure.licences.decisions": 3317,
            "disclosure.penalties.decisions": 1,
            "disclosure.fees.amount": "1748",
            **_person(new_requests=25, granted=19, unavailable_not_held=6, processed_total=25),
            "review.reconsideration.upheld": 1,
            "review.reconsideration.pending": 1,
            "review.reconsideration.total": 2,
            "review.litigation_direct.upheld": 3,
            "review.litigation_direct.pending": 1,
            "review.litigation_direct.total": 4,
            "review.litigation_after_reconsideration.upheld": 1,
            "review.litigation_after_reconsideration.total": 1,
        },
        blank=frozenset(f"applications.other_fee_unpaid.{column}" for column in _COLUMNS),
        missing_rows=frozenset({"applications.other_outcome"}),
        findings=frozenset({("TABLE.COMPLETE", "applications")}),
    ),
    Truth(
        "003_bf4f29cfa6729ec5.txt",
        "经济技术开发区管理办公室",
        2023,
        _person(new_requests=2, granted=1, unavailable_not_held=1, processed_total=2),
    ),
    Truth(
        "004_205104d3919f452a.txt",
        "灤河回族区人民政府",
        2023,
        {
            "disclosure.normative_documents.made": 6,
            "disclosure.normative_documents.repealed": 2,
            "disclosure.normative_documents.in_force": 11,
            "disclosure.licences.decisions": 20538,
            "disclosure.penalties.decisions": 399,
            "disclosure.coercion.decisions": 4,
            "disclosure.fees.amount": "621.952",
            **_person(
                new_requests=78,
                granted=43,
                unavailable_not_held=17,
                other_not_corrected_in_time=4,
                other_outcome=7,
                processed_total=71,
                carried_out=7,
            ),
            "review.reconsideration.corrected": 1,
            "review.reconsideration.total": 1,
            "review.litigation_direct.upheld": 1,
            "review.litigation_direct.total": 1,
        },
        findings=frozenset({("PUBLISHER.DIVISION", "suggestion")}),
    ),
)
