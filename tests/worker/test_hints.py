"""What a source says of a document counts where the document itself says nothing."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.disclosure.hints import NONE, Hints
from models.filing import StoredReport
from models.ledger import Arrival, State, hints
from tests.worker.house import house
from worker import inspection
from worker.inspection import inspect

SEED = Path(__file__).parents[1] / "data" / "seeds"


@pytest.fixture(scope="module")
def anonymous() -> bytes:
    """A balanced report without its title, its year and whoever signed it."""
    for path in sorted(SEED.glob("*.txt")):
        found = inspect(path.read_bytes(), path.name)
        if found.outcome == "stored" and found.report is not None and found.report.publisher:
            text = path.read_text("utf-8")
            kept = [
                line
                for line in text.splitlines()
                if not re.search(r"20\d\d|报告|政府信息公开|人民政府|局$|办公室$", line)
                or "|" in line
            ]
            data = "\n".join(kept).encode()
            if _says_nothing(data):
                return data
    raise LookupError("no seed that serves")


def _says_nothing(data: bytes) -> bool:
    report = inspect(data, "x").report
    return report is not None and report.publisher is None and report.year is None


def identities(found: inspection.Inspection) -> set[str]:
    return {one.scope for one in found.findings if one.rule == "REPORT.IDENTITY"}


def test_hints_are_used_where_the_document_says_nothing(anonymous: bytes) -> None:
    found = inspect(anonymous, "x", hints=Hints(publisher="某市水利局", year=2022))

    assert found.report is not None
    assert (found.report.publisher, found.report.year) == ("某市水利局", 2022)
    assert found.report.title is None
    assert {"publisher_hinted", "year_hinted"} <= identities(found)


def test_the_title_of_the_link_counts_for_more(anonymous: bytes) -> None:
    said = Hints(
        publisher="某省门户网站", year=2023, title="甲县教育局2022年政府信息公开工作年度报告"
    )
    found = inspect(anonymous, "2021.txt", hints=said)

    assert found.report is not None
    assert (found.report.publisher, found.report.year) == ("甲县教育局", 2022)


def test_what_the_document_says_itself_stands() -> None:
    data = next(SEED.glob("000*.txt")).read_bytes()
    plain = inspect(data, "x")
    hinted = inspect(data, "x", hints=Hints(publisher="别处", year=2001, title="别处2001年年报"))

    assert plain.report is not None
    assert hinted.report is not None
    assert hinted.report.evidence[: len(plain.report.evidence)] == plain.report.evidence
    assert replace(hinted.report, evidence=plain.report.evidence) == plain.report
    assert [f for f in hinted.findings if f.scope != "hint"] == list(plain.findings)


def test_a_source_that_tells_another_year_or_body_is_worth_a_look() -> None:
    data = next(SEED.glob("000*.txt")).read_bytes()

    def told(**said: Any) -> set[tuple[str, str]]:
        found = inspect(data, "x", hints=Hints(**said)).findings
        return {(f.rule, f.scope) for f in found} - {("DATE.YEAR", "signature")}

    # The year of publication, the site and a portal contradict nothing
    assert (
        told(year=2024, publisher="沧州市人民政府", url="http://a.gov.cn/2024/0115/t1.html")
        == set()
    )
    assert told(publisher="某省门户网站") == set()
    # Another year and another body do
    assert told(year=2020) == {("DATE.YEAR", "hint")}
    assert told(url="http://a.gov.cn/art/2021/1/15/a.html") == {("DATE.YEAR", "url")}
    assert told(publisher="沧州市教育局") == {("PUBLISHER.EVIDENCE", "hint")}
    assert told(title="沧州市教育局2022年政府信息公开工作年度报告") == {
        ("DATE.YEAR", "page_title"),
        ("PUBLISHER.EVIDENCE", "page_title"),
    }


def test_hints_make_no_report_of_what_is_none() -> None:
    said = Hints(publisher="甲局", year=2022, title="甲局2022年政府信息公开工作年度报告")
    found = inspect("关于召开培训会的通知\n请准时参加。".encode(), "x", hints=said)

    assert (found.outcome, str(found.reason)) == ("dead", "not_a_report")


def test_they_come_from_the_arrivals_of_the_document(tmp_path: Path, anonymous: bytes) -> None:
    # Given a document that arrived twice, each time with something said of it
    with house(tmp_path) as home:
        document_id = home.receive(anonymous)
        with home.database.transaction() as session:
            for n, said in enumerate(({"year": 2022}, {"year": 2020, "publisher": "某市水利局"})):
                version = {"inode": n, "size": 1, "mtime_ns": 0, "document_id": document_id}
                where = {"source": "crawl", "path": b"a", "name": "a", "state": "accepted"}
                session.add(Arrival(hints=said, url=f"http://a/{n}", **version, **where))
        with home.database.reading() as session:
            assert hints(session, [document_id, 99]) == {
                document_id: Hints(url="http://a/0", publisher="某市水利局", year=2022),
                99: NONE,
            }
        # When it is worked on
        home.pipeline(inspection.inspect).run(document_id)
        # Then they are in what became of it
        if home.document(document_id).state == State.STORED:
            with home.database.reading() as session:
                report = session.query(StoredReport).one()
            assert (report.publisher, report.year) == ("某市水利局", 2022)
        else:
            [letter] = home.letters(document_id)
            assert (letter.publisher, letter.year) == ("某市水利局", 2022)
