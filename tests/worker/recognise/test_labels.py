from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.disclosure.form import LAYOUTS
from worker.recognise.labels import LEAST_ALIKE, beside, index_of, normalised, sections, tails

_LABELS = sorted(
    {normalised(t)[1] for one in LAYOUTS.values() for row in one.rows for t in row.labels}
)
_PARTS = st.sampled_from([label[at:] for label in _LABELS for at in range(len(label))])
_PRINTED = st.text("一二十12年件（）()、.．：，;/ 　概述其他公开規ﾞ①", max_size=12)
_TEXTS = st.lists(_PARTS | st.text("政府信息公开申请其他总计0123好的", max_size=6), max_size=4)


@pytest.mark.parametrize(
    ("text", "number", "label"),
    [
        ("一、本年新收政府信息公开申请数量", "一", "本年新收政府信息公开申请数量"),
        ("（一） 予以公开", "一", "予以公开"),
        ("(三)不予公开", "三", "不予公开"),
        ("1. 属于国家秘密", "1", "属于国家秘密"),
        ("2．重复申请", "2", "重复申请"),
        ("3其他", "3", "其他"),
        ("规 章", "", "规章"),
        ("3.危及“三安全一稳定”", "3", "危及三安全一稳定"),
        ("三安全一稳定", "", "三安全一稳定"),
        ("行政許可", "", "行政许可"),
        ("yǔ予yǐ以公gōng开", "", "予以公开"),
        ("总\u00a0计", "", "总计"),
        ("2023年", "", "2023年"),
    ],
)
def test_normalised(text: str, number: str, label: str) -> None:
    assert normalised(text) == (number, label)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_printed_label_is_exactly_its_own_row(layout: str) -> None:
    index = index_of(layout)
    for at, row in enumerate(LAYOUTS[layout].rows):
        for label in row.labels:
            assert index.likeness(normalised(label)[1]).by_row == {at: 1.0}


def test_a_typing_error_is_still_nearest_to_its_row() -> None:
    layout = LAYOUTS["disclosure.2021"]
    by_row = index_of(layout.key).likeness("行政事业姓收费").by_row
    assert max(by_row, key=lambda row: by_row[row]) == layout.row_keys.index("fees")


def test_a_label_glued_to_its_group_counts_by_containment() -> None:
    layout = LAYOUTS["applications.divided"]
    by_row = index_of(layout.key).likeness("不予公开属于国家秘密").by_row
    assert by_row[layout.row_keys.index("denied_state_secret")] == 0.85


def test_what_follows_an_inner_numbering_is_a_label_of_its_own() -> None:
    assert list(tails("（三）不予公 4.保护第三方合法权益")) == [
        "（三）不予公 4.保护第三方合法权益",
        "4.保护第三方合法权益",
    ]
    assert list(tails("重复申请")) == ["重复申请"]


def test_what_stands_before_a_bracket_is_a_label_too() -> None:
    assert list(tails("规章（设区的市填写）")) == ["规章（设区的市填写）", "规章"]
    assert list(tails("（三）不予公开")) == ["（三）不予公开"]


def _plainly_compared(layout: str, text: str) -> dict[int, float]:
    """The mean of Dice's coefficients over characters and over bigrams, label by label."""
    found: dict[int, float] = {}
    pairs = Counter(text[at : at + 2] for at in range(len(text) - 1))
    for at, row in enumerate(LAYOUTS[layout].rows):
        for label in (normalised(variant)[1] for variant in row.labels):
            others = Counter(label[at : at + 2] for at in range(len(label) - 1))
            if not (common := (pairs & others).total()):
                continue
            alike = (Counter(text) & Counter(label)).total() / (len(text) + len(label))
            score = common / (pairs.total() + others.total()) + alike
            if min(len(text), len(label)) >= 4 and (text in label or label in text):
                score = max(score, 0.85)
            found[at] = max(score, found.get(at, 0.0))
    exact = [at for at, row in enumerate(LAYOUTS[layout].rows) if text in map(_label, row.labels)]
    return dict.fromkeys(exact, 1.0) or {at: a for at, a in found.items() if a >= LEAST_ALIKE}


def _label(text: str) -> str:
    return normalised(text)[1]


@pytest.mark.parametrize("layout", ["disclosure.2019", "applications.divided", "review.down"])
@given(parts=_TEXTS)
@example(parts=["部分公开区分处理的只计其他情形不计这一情形"])  # bigrams as of the label itself
def test_labels_are_compared_as_if_with_each(layout: str, parts: list[str]) -> None:
    text = "".join(parts)
    expected = _plainly_compared(layout, text)
    index = index_of(layout)
    assert index.likeness(text).by_row == expected
    assert index.certain(text) == {row for row, alike in expected.items() if alike >= 1.0}


@given(_PRINTED, st.text("0123456789 ", max_size=8))
@example("（一）", " 5 0")
@example("2", " 5")
@example("规章", " 53 25 0")
def test_figures_behind_a_label_are_told_from_it(label: str, figures: str) -> None:
    assert "".join(beside(label + figures)) == normalised(label + figures)[1]


@given(_TEXTS.map("".join), st.text("0123456789", min_size=1, max_size=20))
@example("概述", "5")
def test_figures_behind_a_label_make_it_no_heading(label: str, figures: str) -> None:
    likeness = sections().likeness
    assert likeness(label).by_row or not likeness(label + figures).by_row
