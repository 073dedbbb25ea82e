"""What the opening sentences of a report say of its publisher and its year."""

import pytest

from worker.recognise import opening


@pytest.mark.parametrize(
    ("text", "publisher"),
    [
        ("现公布示例市水利局2023年政府信息公开工作年度报告。", "示例市水利局"),
        (
            "根据条例要求，特编制示例市人民政府地方志办公室2023年报告。",
            "示例市人民政府地方志办公室",
        ),
        ("现公开示例区云桥街道政府信息公开2023年度工作报告。", "示例区云桥街道"),
        ("我镇认真编制了《石泉镇2020年政府信息公开工作年度报告》。", "石泉镇"),
        ("特向社会公布2024年石泉乡人民政府政府信息公开工作情况报告。", "石泉乡人民政府"),
        ("向社会公布2024年本级政府信息公开工作年度报告。", None),
        ("现将我局2023年政府信息公开工作报告如下。", None),
        ("现编制本报告，政府信息公开工作情况如下。", None),
        ("中共示例市委机构编制委员会办公室2023年政府信息公开情况如下。", None),
    ],
)
def test_introduced(text: str, publisher: str | None) -> None:
    found = opening.introduced(text)
    assert (found and found.name) == publisher


@pytest.mark.parametrize(
    ("text", "publisher"),
    [
        ("本报告由示例区云桥街道办事处编制，全文包括六部分。", "示例区云桥街道办事处"),
        ("根据条例，由石泉镇人民政府结合有关统计数据编制。", "石泉镇人民政府"),
        ("根据通知要求，石泉镇政府编制2020年政府信息公开年度报告。", "石泉镇政府"),
        ("示例区云桥街道特编制2023年政府信息公开年度报告。", "示例区云桥街道"),
        ("本报告由石泉镇党政办公室编制。", None),
        ("本报告由各镇人民政府报告汇总。", None),
        ("本报告由总体情况、主动公开情况等六部分组成。", None),
    ],
)
def test_compiled(text: str, publisher: str | None) -> None:
    found = opening.compiled(text)
    assert (found and found.name) == publisher


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("现公布示例市水利局2023年政府信息公开工作年度报告。", 2023),
        ("示例区云桥街道特编制2022年政府信息公开年度报告。", 2022),
        ("现公开示例区云桥街道政府信息公开2021年度工作报告。", 2021),
        ("我镇编制了《石泉镇2020年政府信息公开工作年度报告》。", None),
        ("现将有关情况报告如下：2023年，政府信息公开工作年度报告。", None),
    ],
)
def test_year(text: str, year: int | None) -> None:
    found = opening.year(text)
    assert (found and found[0]) == year
