"""What is copied from elsewhere, and the fields of a statutory table it goes to; in a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, sync_playwright

import console.web
from models.disclosure.form import LAYOUTS
from tests.console.cli.conftest import BALANCED
from tests.console.web.browsing import launched

pytestmark = pytest.mark.process

SCRIPT: Final = Path(console.web.__file__).parent / "static" / "paste.js"
DISCLOSURE, APPLICATIONS = "disclosure.2021", "applications.divided"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = browser.new_page()
        page.add_script_tag(path=SCRIPT)
        yield page
        browser.close()


def pasted(
    page: Page, text: str, layout: str = DISCLOSURE, at: tuple[int, int] = (0, 0)
) -> tuple[dict[str, list[str | None]], bool]:
    """Return by row what its fields are given, and whether all found one."""
    form = LAYOUTS[layout]
    lines = [
        {"label": row.label if not form.across else "", "fields": list(form.addresses[row.key])}
        for row in form.rows
    ]
    if form.across:
        lines = [{"label": "", "fields": list(form.cells)}]
    found: dict[str, Any] = page.evaluate(
        "([text, lines, at]) => window.pasted(text, lines, at)", [text, lines, at]
    )
    figures = found["figures"]
    rows = {key: [figures.get(cell) for cell in form.addresses[key]] for key in form.row_keys}
    return {key: row for key, row in rows.items() if any(row)}, found["whole"]


def test_rows_go_to_the_lines_of_their_labels(page: Page) -> None:
    # Given a row of dashes, and rows in another order, with headings between them
    text = """第二十条第（一）项
信息内容\t本年制发件数\t本年废止件数\t现行有效件数
行政规范性文件\t3\t1\t12
规章\t/\t—\t
信息内容\t本年处理决定数量
行 政 许 可\t1,118
行政事业性收费\t115.1"""

    # When
    found, whole = pasted(page, text)

    # Then
    assert whole
    assert found == {
        "regulations": ["空", "空", "空"],
        "normative_documents": ["3", "1", "12"],
        "licences": ["1118"],
        "fees": ["115.1"],
    }


def test_the_whole_of_table_three_as_word_gives_it(page: Page) -> None:
    # Given labels in up to three columns, merged cells behind them, headings that name columns
    text = BALANCED.read_text("utf-8")
    copied = text[text.index("三、收到和处理") : text.index("四、政府信息公开行政复议")]

    # When
    found, whole = pasted(page, copied, APPLICATIONS, at=(5, 3))

    # Then every row is there
    assert whole
    assert list(found) == list(LAYOUTS[APPLICATIONS].row_keys)
    nine = ["9", "0", "0", "0", "0", "0", "9"]
    assert [found[row] for row in ("new_requests", "granted", "processed_total")] == [nine] * 3
    assert found["carried_out"] == ["空", "0", "0", "0", "0", "0", "0"]
    assert found["other_outcome"] == ["0"] * 7


def test_figures_without_labels_go_on_from_the_field(page: Page) -> None:
    # Given rows of which one is blank, pasted beside the first field
    found, whole = pasted(page, "1\t2\n\t\n5\t6\n", at=(0, 1))
    assert whole is False
    assert found == {
        "regulations": [None, "1", "2"],
        "normative_documents": [None, "空", "空"],
    }
    assert pasted(page, "1\t2\t3\r\n\t\t\r\n86\r\n", at=(0, 0)) == (
        {
            "regulations": ["1", "2", "3"],
            "normative_documents": ["空", "空", "空"],
            "licences": ["86"],
        },
        True,
    )


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("86件", "86件"),
        ("5（含修订1件）", "5（含修订1件）"),
        ("+2", "2"),
        ("−2", "-2"),
        ("１，２３４", "１２３４"),
        ("３．５", "３.５"),
        ("无", "空"),
        ("--", "空"),
        ('"3\n"', "3"),
        ('"say ""3"""', 'say "3"'),
    ],
)
def test_what_is_no_figure_stays_in_its_place(page: Page, cell: str, value: str) -> None:
    found, _ = pasted(page, f"规章\t{cell}\t1\t12\n行政许可\t86")
    assert found == {"regulations": [value, "1", "12"], "licences": ["86"]}


def test_a_row_that_the_form_does_not_have_is_told_and_moves_no_other(page: Page) -> None:
    # Given （六）其他处理 as one row, which this layout prints as three
    zeros = "\t0" * 7
    text = f"（五）不予处理\t5.要求行政机关确认或重新出具已获取信息{zeros}\n"
    text += f"（六）其他处理\t\t1{zeros[2:]}\n（七）总计\t\t9{zeros[2:]}\n"

    # When
    found, whole = pasted(page, text, APPLICATIONS)

    # Then
    assert whole is False
    assert list(found) == ["unprocessed_reconfirmation", "processed_total"]
    assert found["processed_total"] == ["9", *"000000"]


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("\t9\t0\t0\t0\t0\t0\t9\t\t", ["9", *"00000", "9"]),  # a merged label, a merged total
        ("\t5\t0\t0\t0\t0\t5\t", ["空", "5", *"0000", "5"]),  # a column more than there are
    ],
)
def test_blanks_of_merged_cells_are_left_out(page: Page, row: str, cells: list[str]) -> None:
    assert pasted(page, f"（一）予以公开\t{row}", APPLICATIONS)[0] == {"granted": cells}


def test_table_four_across_takes_rows_that_stand_below_one_another(page: Page) -> None:
    # Given
    text = "\t结果维持\t结果纠正\t其他结果\t尚未审结\t总计\n行政复议\t1\t0\t0\t0\t1\n"
    text += "未经复议直接起诉\t0\t2\t0\t0\t2\n复议后起诉\t0\t0\t3\t0\t3\n"

    # When
    found, whole = pasted(page, text, "review.across")

    # Then
    assert whole
    assert list(found.values()) == [
        ["1", "0", "0", "0", "1"],
        ["0", "2", "0", "0", "2"],
        ["0", "0", "3", "0", "3"],
    ]
    assert pasted(page, "0\t" * 15 + "7", "review.across")[1] is False
