"""Pages are answered from indexes, however many rows there are."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from console.web.app import application
from tests.console.web.conftest import Console
from tests.console.web.multitude import multiply
from tests.worker.house import house

WHOLE = re.compile(
    r"SCAN (\w+)(?! USING (?:COVERING )?INDEX| USING INTEGER PRIMARY KEY)\b(?!.*INDEX)"
)
LARGE = {"reports", "dead_letters", "documents", "arrivals", "attempts", "events", "findings"}
ADDRESSES = (
    "/",
    "/overview/figures",
    "/reports",
    "/reports?year=2022&edition=2021&province=41&soft=1",
    "/reports?q=%E7%A4%BA%E4%BE%8B",
    "/reports?sort=publisher",
    "/reports?sort=year",
    "/reports?sort=soft",
    "/reports/1",
    "/reports/1/versions",
    "/reports/1/timeline",
    "/dead",
    "/dead?reason=imbalanced&year=2022",
    "/dead?by=rule&rule=T3.FLOW",
    "/dead?by=publisher&q=%E7%A4%BA%E4%BE%8B",
    "/dead?name=%E7%A4%BA%E4%BE%8B",
    "/dead/1",
    "/dead/1/timeline",
    "/dead/decide?all=retry&reason=imbalanced",
    "/documents/1",
    "/sources",
    "/workers",
    "/events",
    "/events?level=warning",
    "/events?document=2&reason=imbalanced",
    "/events?name=document.dead&since=2026-01-01T00:00&until=2099-01-01T00:00",
    "/audit",
    "/rules",
)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, stock: Path) -> Iterator[Console]:
    place = tmp_path_factory.mktemp("many")
    shutil.copytree(stock, place / "var")
    with house(place) as home:
        multiply(home.database, 300, 60)
        yield Console(home, application(home.settings, home.database))


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_reads_a_large_table_row_by_row(many: Console, address: str) -> None:
    # Given
    browser = many.browser()
    engine = many.database.engine
    said: list[tuple[str, Any]] = []

    def listen(
        _connection: object, _cursor: object, statement: str, values: object, *_: object
    ) -> None:
        said.append((statement, values))

    # When a page is asked for
    event.listen(engine, "before_cursor_execute", listen)
    try:
        browser.get(address)
    finally:
        event.remove(engine, "before_cursor_execute", listen)

    # Then none of its questions is answered by reading rows of a large table one after another
    asked = [one for one in said if one[0].startswith("SELECT")]
    assert asked
    with engine.connect() as connection:
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            if "WHERE" not in statement and "LIMIT" in statement:
                continue  # the first rows of all, in the order of their ids
            for line in (str(row[-1]) for row in plan):
                found = WHOLE.match(line)
                assert found is None or found[1] not in LARGE, f"{line}\n{statement}"


def test_the_multitude_is_what_the_pages_show(many: Console) -> None:
    with many.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM reports")) == 301
    page = many.browser().get("/reports")
    assert "301</small>" in page
    assert "after=" in page
