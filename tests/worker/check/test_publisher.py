"""Publishers that witnesses name differently, and divisions that nobody knows."""

import random

import pytest

from models.disclosure.finding import Finding, Reason, Severity
from models.disclosure.hints import NONE, Hints
from tests.reports.layouts import RENDERERS
from tests.reports.truth import TruthReport, random_report
from worker.inspection import Inspection, as_json, inspect


def _text(truth: TruthReport, rng: random.Random, renderer: str = "tabbed") -> str:
    return RENDERERS[renderer](truth, rng)


def _of(found: Inspection, rule: str) -> list[Finding]:
    return [finding for finding in found.findings if finding.rule == rule]


@pytest.mark.parametrize("renderer", sorted(RENDERERS))
@pytest.mark.parametrize("seed", range(3))
def test_two_reports_in_one_file_are_a_conflict(renderer: str, seed: int) -> None:
    # Given two whole reports, of different bodies, one after the other
    rng = random.Random(seed)
    one, other = random_report(rng), random_report(rng)
    text = f"{_text(one, rng, renderer)}\n{_text(other, rng, renderer)}"

    # When they are inspected as one document, whatever its source calls it
    found = inspect(text.encode(), "x", hints=Hints(publisher=one.publisher))

    # Then neither is taken for the whole
    assert (found.outcome, found.reason) == ("dead", Reason.PUBLISHER_CONFLICT)
    hard = [f for f in _of(found, "PUBLISHER.EVIDENCE") if f.severity is Severity.HARD]
    assert [finding.scope for finding in hard] == ["title"]
    assert one.publisher in hard[0].message
    assert other.publisher in hard[0].message


def test_two_years_of_one_body_in_one_file_are_worth_a_look() -> None:
    rng = random.Random(5)
    one = random_report(rng)
    text = _text(one, random.Random(1))
    found = inspect(f"{text}\n{text.replace(str(one.year), str(one.year - 1))}".encode(), "x")
    assert ("title", Severity.SOFT) in [(f.scope, f.severity) for f in _of(found, "DATE.YEAR")]
    assert _of(found, "PUBLISHER.EVIDENCE") == []


def test_a_signature_of_another_body_is_worth_a_look() -> None:
    # Given a report that another body signed
    rng = random.Random(3)
    truth = random_report(rng)
    head, _, foot = _text(truth, rng).rpartition(truth.publisher)

    # When it is inspected
    found = inspect(f"{head}乙市水利局{foot}".encode(), "x")

    # Then it is stored under its title
    assert found.outcome == "stored"
    assert found.report is not None
    assert found.report.publisher == truth.publisher
    [finding] = _of(found, "PUBLISHER.EVIDENCE")
    assert (finding.severity, finding.scope) == (Severity.SOFT, "signature")
    assert finding.evidence == "乙市水利局"


@pytest.mark.parametrize(("signed", "dead"), [("乙市水利局", True), ("甲市教育局办公室", False)])
def test_without_a_title_two_bodies_in_the_text_are_a_conflict(signed: str, *, dead: bool) -> None:
    # Given a report whose title names nobody, and whose opening and end name a body each
    rng = random.Random(3)
    truth = random_report(rng)
    lines = _text(truth, rng).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("一、"))
    opening = f"现将甲市教育局{truth.year}年政府信息公开工作情况报告如下。"
    body = "\n".join(lines[start:-2])
    text = f"{truth.year}年政府信息公开工作年度报告\n{opening}\n{body}\n{signed}\n{lines[-1]}"

    # When it is inspected
    found = inspect(text.encode(), "x")

    # Then two that are not kin leave no publisher to believe
    assert (found.reason is Reason.PUBLISHER_CONFLICT) is dead

    # But where the source names one of them, that one is
    for name in ("甲市教育局", "乙市水利局") if dead else ():
        told = inspect(text.encode(), "x", hints=Hints(publisher=name))
        assert told.report is not None
        assert (told.outcome, told.report.publisher) == ("stored", name)
        assert [f.severity for f in _of(told, "PUBLISHER.EVIDENCE")] == [Severity.SOFT]


def test_reports_of_whole_bodies_raise_no_doubt() -> None:
    rng = random.Random(9)
    for _ in range(12):
        truth = random_report(rng)
        renderer = rng.choice(sorted(RENDERERS))
        name = f"{truth.publisher}{truth.year}年政府信息公开工作年度报告.txt"
        said = Hints(publisher=truth.publisher.replace("管理委员会", "管委会"), year=truth.year + 1)
        for hints in (NONE, said):
            found = inspect(_text(truth, rng, renderer).encode(), name, hints=hints)
            rules = {finding.rule for finding in found.findings}
            assert not rules & {"PUBLISHER.EVIDENCE", "PUBLISHER.DIVISION", "REPORT.IDENTITY"}
            assert found.report is not None
            assert found.report.division is not None


def test_the_printed_contract_of_division_and_evidence() -> None:
    # Given a report of a county
    rng = random.Random(2)
    truth = random_report(rng)
    text = _text(truth, rng).replace(truth.publisher, "洛阳市瀍河回族区人民政府")

    # When it is printed
    printed = as_json(inspect(text.encode(), "x"))["report"]

    # Then it says where the publisher is, and who says so
    assert printed["division"] == {
        "code": "410304",
        "name": "瀍河回族区",
        "path": ["河南省", "洛阳市", "瀍河回族区"],
    }
    assert {"field", "value", "source", "raw", "rank"} <= set(printed["evidence"][0])


@pytest.mark.parametrize(
    ("name", "scope", "words"),
    [
        (
            "洛阳市漣河区人民政府",
            "suggestion",
            "漣河区: 未见于行政区划名录，是否为 no such division, did you mean: 河南省洛阳市瀍河",
        ),
        ("新华区人民政府", "ambiguous", "河北省石家庄市新华区 130105"),
    ],
)
def test_a_doubtful_division_is_told(name: str, scope: str, words: str) -> None:
    rng = random.Random(2)
    truth = random_report(rng)
    found = inspect(_text(truth, rng).replace(truth.publisher, name).encode(), "x")
    assert found.outcome == "stored"
    assert found.report is not None
    assert found.report.publisher == name
    [finding] = _of(found, "PUBLISHER.DIVISION")
    assert (finding.scope, finding.severity) == (scope, Severity.SOFT)
    assert words in finding.message
