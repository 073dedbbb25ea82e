"""The figures of the scaling guide: one table, the same in both languages, by its own formula."""

import re
from pathlib import Path

import pytest

from tests.manual import pages

PAGES = [pages.DOCS / "scaling.md", pages.DOCS / "scaling.zh-CN.md"]
TABLE = re.compile(r"<!-- figures -->(.*?)<!-- end of figures -->", re.DOTALL)
LOAD = 0.7
A_DAY = 86_400
ROUNDED = 0.03
"""By how much rounding may change a figure."""

Row = tuple[float, float, float]


def rows(text: str) -> list[Row]:
    """Return the figures of the table: CPU seconds, documents a day on one core, on eight."""
    found = TABLE.findall(text)
    assert len(found) == 1
    numbers = [
        [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", cells)]
        for cells in re.findall(r"^\|[^|]*\|(.*)\|$", found[0], re.MULTILINE)
    ]
    return [(one[0], one[1], one[2]) for one in numbers if len(one) == 3 and one[0] < 100]


def test_both_languages_have_the_same_figures() -> None:
    english, chinese = (rows(pages.text(page)) for page in PAGES)
    assert len(english) == 5
    assert english == chinese


@pytest.mark.parametrize("page", PAGES, ids=pages.name)
def test_the_figures_follow_from_the_formula(page: Path) -> None:
    for seconds, on_one, on_eight in rows(pages.text(page)):
        a_day = A_DAY * LOAD / seconds
        assert on_one == pytest.approx(a_day, rel=ROUNDED)
        assert on_eight == pytest.approx(8 * a_day, rel=ROUNDED)
