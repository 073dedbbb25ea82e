from datetime import date

import pytest

from worker.recognise import heading


@pytest.mark.parametrize(
    ("lines", "publisher", "year"),
    [
        (["濮阳经济技术开发区2022年政府信息公开工作年度报告"], "濮阳经济技术开发区", 2022),
        (["示例市财政局", "2023年政府信息公开工作年度报告"], "示例市财政局", 2023),
        (["示例区人民政府 2023 年政府信息公开工作年度报告"], "示例区人民政府", 2023),
        (["示例县水利局关于2021年度政府信息公开工作的年度报告"], "示例县水利局", 2021),
        (["2024年示例市公安局政府信息公开工作年度报告"], "示例市公安局", 2024),
        (["示例镇政府信息公开工作年度报告（2023年度）"], "示例镇", 2023),
        (["示例市人民政府信息公开工作年度报告", "（2022年）"], "示例市人民政府", 2022),
        (["示例省教育厅二〇二三年政府信息公开年度报告"], "示例省教育厅", 2023),
        (["# **示例街道办事处2020年政府信息公开工作年报**"], "示例街道办事处", 2020),
        (["示例市生态环境局2023年政府", "信息公开工作年度报告"], "示例市生态环境局", 2023),
        (["示例区", "标题: 石泉镇人民政府2023年政府信息公开工作年度报告"], "石泉镇人民政府", 2023),
        (["正文", "示例市 2023 年政府信息公开工作年度报告"], "示例市", 2023),
        (["石(shi)泉鎮(zhen)(zhen)2023年政(zheng)府信息公開(kai)工作年度報告"], "石泉鎮", 2023),
        (["石泉鎮(zhèn)2023年度政府信息公開工作年度報告"], "石泉鎮", 2023),
        (
            ["Page 1 - 2023年报_水利局", "示例市水利局", "2023 年政府信息公开工作年度报告"],
            "示例市水利局",
            2023,
        ),
        (["Page 1 - 示例市2023年政府信息公开工作年度报告", "P. 1"], "示例市", 2023),
    ],
)
def test_title(lines: list[str], publisher: str, year: int) -> None:
    title = heading.title(["", *lines, "", "一、总体情况"])
    assert title is not None
    assert (title.publisher, title.year) == (publisher, year)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            ["示例镇政府信息公开工作年度报告（2023年度）"],
            "示例镇政府信息公开工作年度报告（2023年度）",
        ),
        (
            ["示例市财政局", "二〇二三年政府信息公开年度报告"],
            "示例市财政局二〇二三年政府信息公开年度报告",
        ),
        (["# **某市 2023 年政府信息公开工作年度报告**"], "某市2023年政府信息公开工作年度报告"),
    ],
)
def test_the_title_keeps_what_is_printed(lines: list[str], text: str) -> None:
    title = heading.title(lines)
    assert title is not None
    assert title.text == text


@pytest.mark.parametrize(
    "lines",
    [
        ["根据《政府信息公开条例》，现公布2023年政府信息公开工作年度报告。"],
        ["示例市2023年政府工作报告"],
        ["索 引 号 01234567X/2024-00123 分 类 政府信息公开年报"],
        ["今天天气很好"],
    ],
)
def test_no_title(lines: list[str]) -> None:
    assert heading.title(lines) is None


@pytest.mark.parametrize(
    ("lines", "signature", "signed"),
    [
        (["无。", "示例市财政局", "2024年1月12日"], "示例市财政局", date(2024, 1, 12)),
        (["无。", "示例市财政局 2024年1月12日"], "示例市财政局", date(2024, 1, 12)),
        (["无。", "2024年1月12日"], None, date(2024, 1, 12)),
        (["无。", "示例县人民政府办公室"], "示例县人民政府办公室", None),
        (["2023年未收取信息公开处理费用。"], None, None),
        (["无"], None, None),
    ],
)
def test_foot(lines: list[str], signature: str | None, signed: date | None) -> None:
    foot = heading.foot(["六、其他需要报告的事项", *lines])
    assert (foot.signature, foot.signed_on) == (signature, signed)


@pytest.mark.parametrize(
    ("name", "years"),
    [
        ("示例市2023年政府信息公开年报.txt", [2023]),
        ("年报2022.txt", [2022]),
        ("000_07fb21a430c6a68d.txt", []),
        ("20240115.txt", []),
        ("2024-01-15 2023年报.txt", [2023]),
    ],
)
def test_years_in_a_file_name(name: str, years: list[int]) -> None:
    assert list(heading.named(name)) == years


def test_a_title_below_the_menus_of_a_printed_page_is_found() -> None:
    menu = ["首页", "政府信息公开指南", "政府信息公开年报"] * 20
    crumbs = "您现在的位置：首页 > 政府信息公开年报 > 正文"
    title = "衡水市人民政府2022年政府信息公开工作年度报告"
    found = heading.title([*menu, crumbs, title, "一、总体情况"])
    assert found is not None
    assert (found.publisher, found.year, found.first) == ("衡水市人民政府", 2022, len(menu) + 1)


def test_what_is_below_the_report_is_no_title() -> None:
    body = ["一、总体情况", *["坚持以公开为常态、不公开为例外，"] * 60]
    other = "上一篇：乙县水利局2020年政府信息公开工作年度报告"
    assert heading.title([*body, "甲县水利局", "2026年1月17日", other]) is None
