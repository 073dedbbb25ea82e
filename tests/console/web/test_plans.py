"""Pages are answered from indexes, however many rows there are."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from starlette.routing import Route, compile_path

from console.web.app import application
from tests.console.web.addresses import MACHINES, PAGES
from tests.console.web.conftest import Console
from tests.console.web.multitude import multiply
from tests.worker.house import house

LARGE = {"reports", "dead_letters", "documents", "arrivals", "attempts", "events", "findings"}
SCANNED = re.compile(r"SCAN (\w+)(?: USING (COVERING )?INDEX)?")
UNASKED = {
    "/login",
    "/live",
    "/documents/{document_id:int}/original",
    "/documents/{document_id:int}/pages/{number:int}",
    "/reports.json",
    "/reports.csv",
    "/reports/export",
}
"""Those that ask the database for nothing, go on for as long as one listens, or send every row."""


def whole(statement: str, plan: list[str]) -> str:
    """Return the line of a plan by which rows of a large table are read one after another.

    An index that holds all that is asked for may be: that is how counts are made. The first rows of
    all may be read too, where they are in their order already.
    """
    first = "WHERE" not in statement and "LIMIT" in statement
    ordered = not any("TEMP B-TREE FOR ORDER BY" in line for line in plan)
    if first and ordered:
        return ""
    for line in plan:
        found = SCANNED.match(line)
        if found is not None and found[1] in LARGE and not found[2]:
            return line
    return ""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, stock: Path) -> Iterator[Console]:
    place = tmp_path_factory.mktemp("many")
    shutil.copytree(stock, place / "var")
    with house(place) as home:
        multiply(home.database, 300, 60)
        yield Console(home, application(home.settings, home.database))


def test_every_page_that_can_be_asked_for_is_among_them(many: Console) -> None:
    # Given the routes of the application
    routes = [one for one in many.application.routes if isinstance(one, Route)]
    paths = {one.path for one in routes if "GET" in (one.methods or ())}
    paths -= UNASKED | {"/livez", "/readyz"}

    # Then there is an address for each
    asked = {address.partition("?")[0] for address in (*PAGES, *MACHINES)}
    missing = [path for path in paths if not any(compile_path(path)[0].match(one) for one in asked)]
    assert not missing


@pytest.mark.parametrize("address", [*PAGES, *MACHINES])
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
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            found = whole(statement, [str(row[-1]) for row in rows])
            assert not found, f"{found}\n{statement}"


@pytest.mark.parametrize(
    ("statement", "slow"),
    [
        ("SELECT title FROM reports WHERE title = 'x'", True),
        ("SELECT title FROM reports ORDER BY id + 0 DESC LIMIT 3", True),
        ("SELECT title FROM reports ORDER BY id DESC LIMIT 3", False),
        ("SELECT title FROM reports WHERE id = 3", False),
        ("SELECT count(*) FROM reports WHERE standing", False),
        ("SELECT state, count(*) FROM documents GROUP BY state", False),
        ("SELECT level, max(at) FROM events GROUP BY level", True),
    ],
)
def test_what_reads_everything_is_known_by_its_plan(
    many: Console, statement: str, slow: bool
) -> None:
    with many.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        assert bool(whole(statement, [str(row[-1]) for row in rows])) is slow


def test_the_multitude_is_what_the_pages_show(many: Console) -> None:
    with many.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM reports")) == 301
    page = many.browser().get("/reports")
    assert "301</small>" in page
    assert "after=" in page
