"""What rows, columns and scopes are called."""

import pytest

from console import form_labels, labels
from models.dead_letter import Action
from models.disclosure.finding import Reason
from models.disclosure.form import TABLES
from models.disclosure.localisation import Mechanism, Origin, Status


@pytest.mark.parametrize(
    ("rule", "scope", "called"),
    [
        ("T3.FLOW", "total", "总计"),
        ("T3.OUTCOMES", "other", "其他"),
        ("T3.APPLICANTS", "granted", "（一）予以公开"),
        ("T3.APPLICANTS", "other_outcome", "（六）其他处理 3.其他"),
        ("T4.RESULTS", "litigation_direct", "行政诉讼 未经复议直接起诉"),
        ("TABLE.COMPLETE", "review", "政府信息公开行政复议、行政诉讼情况"),
        ("TABLE.COMPLETE", "carried_out", "四、结转下年度继续办理"),
        ("CELL.VALUE", "disclosure.fees.amount", "行政事业性收费 · 本年收费金额（单位：万元）"),
        ("CELL.VALUE", "disclosure.x.y", "disclosure.x.y"),
        ("TEXT.COUNTS", "received", "received"),
        ("YEAR.CARRIED", "2022-2023.total", "2022-2023 总计"),
        ("YEAR.STOCK", "2022-2023.regulations", "2022-2023 规章"),
    ],
)
def test_scopes_have_names(rule: str, scope: str, called: str) -> None:
    assert form_labels.scope(rule, scope) == called


def test_brief_labels_are_brief() -> None:
    rows = TABLES["applications"].rows
    assert form_labels.brief(rows["granted_in_part"]) == "部分公开"
    assert form_labels.brief(rows["other_not_corrected_in_time"]) == "申请人无正当理由逾期不补正"
    assert form_labels.brief(rows["granted"]) == "予以公开"


def test_every_decision_has_a_chinese_name() -> None:
    assert set(labels.ACTIONS) == set(Action)
    assert labels.action("correct") == "更正 correct"
    assert labels.action(None) is None


def test_every_reason_has_a_chinese_name() -> None:
    assert set(labels.REASONS) == set(Reason)


def test_everything_told_of_candidates_has_a_chinese_name() -> None:
    assert set(labels.MECHANISMS) == set(Mechanism)
    assert set(labels.ORIGINS) == set(Origin)
    assert set(labels.LOCALISED) == set(Status)


def test_scopes_in_a_message_are_in_the_words_of_the_form() -> None:
    assert form_labels.worded("T3.FLOW natural_person: 1 ≠ 2; no Scope: x") == (
        "T3.FLOW 自然人: 1 ≠ 2; no Scope: x"
    )
