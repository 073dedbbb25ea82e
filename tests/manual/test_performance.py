"""The figures that the Chinese page on performance shows are those of the English one."""

import re
from collections.abc import Iterator

from tests.manual import pages

ENGLISH = pages.DOCS / "performance.md"
CHINESE = pages.DOCS / f"performance{pages.CHINESE}"
SECTIONS = {
    "Measured": "实测",
    "Reading": "读取",
    "Storing": "入库",
    "Starting": "命令启动",
    "Very many": "数量极多时",
}
"""What is told with figures in both."""
FIGURE = re.compile(r"\d(?:[\d,]*\d)?(?:\.\d+)?")

Table = list[list[str]]


def tables(text: str, heading: str) -> Iterator[Table]:
    """Yield the tables of a section: of each row the numbers in it, as they are printed."""
    [section] = re.findall(rf"^#+ {heading}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    for lines in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        yield [FIGURE.findall(line) for line in lines.splitlines()[2:]]


def test_each_table_of_the_chinese_page_has_the_figures_of_one_of_the_english_page() -> None:
    english, chinese = pages.text(ENGLISH), pages.text(CHINESE)
    for heading, named in SECTIONS.items():
        there = list(tables(english, heading))
        shown = list(tables(chinese, named))
        assert shown, named
        assert [table for table in shown if table not in there] == [], named


def test_a_figure_that_was_changed_in_one_language_only_is_found() -> None:
    [table] = tables("## A\n| | a |\n|---|---|\n| files | 1,318 /s |\n", "A")
    assert table == [["1,318"]]
