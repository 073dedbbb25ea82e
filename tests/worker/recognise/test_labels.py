import pytest

from models.disclosure.form import LAYOUTS
from worker.recognise.labels import index_of, normalised, tails


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
