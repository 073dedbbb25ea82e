"""Pages are answered from indexes on PostgreSQL too, however many rows there are."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, event, text

from console.web.app import application
from tests.console.cli.conftest import BALANCED, add, imbalanced
from tests.console.web.addresses import MACHINES, PAGES
from tests.console.web.conftest import Console
from tests.console.web.multitude import multiply
from tests.console.web.test_plans import LARGE
from tests.databases import BACKENDS, empty
from tests.worker.house import house
from worker.inspection import inspect

pytestmark = pytest.mark.skipif(
    "postgresql" not in BACKENDS, reason="GOUJI_TEST_DATABASE_URL is not set"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    place = tmp_path_factory.mktemp("served")
    with empty("postgresql", place) as url, house(place, database_url=url) as home:
        add(home.database, inspect(BALANCED.read_bytes(), "平衡.txt"), "平衡.txt")
        add(home.database, inspect(imbalanced(), "不平.txt"), "不平.txt")
        multiply(home.database, 3000, 600)
        with home.database.engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.execute(text("VACUUM ANALYZE"))
        yield Console(home, application(home.settings, home.database))


def asked(served: Console, address: str) -> list[tuple[str, Any]]:
    """Return the questions that a page asks the database, with their parameters."""
    said: list[tuple[str, Any]] = []

    def listen(
        _connection: object, _cursor: object, statement: str, values: object, *_: object
    ) -> None:
        said.append((statement, values))

    event.listen(served.database.engine, "before_cursor_execute", listen)
    try:
        served.browser().get(address)
    finally:
        event.remove(served.database.engine, "before_cursor_execute", listen)
    return [one for one in said if one[0].startswith("SELECT")]


def explained(connection: Connection, statement: str, values: Any) -> list[dict[str, Any]]:
    """Return the nodes of a plan."""
    told = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
    plan = told if isinstance(told, list) else orjson.loads(told)
    return list(_below(plan[0]["Plan"]))


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _below(child)


def whole(nodes: list[dict[str, Any]]) -> list[str]:
    """Return the large tables of which a plan reads every row.

    The first rows of all may be read, where that is all that is asked for.
    """
    limited = any(node["Node Type"] == "Limit" for node in nodes)
    sorts = any("Sort" in node["Node Type"] for node in nodes)
    if limited and not sorts and len(nodes) == 2:
        return []
    return [
        node["Relation Name"]
        for node in nodes
        if "Seq Scan" in node["Node Type"] and node["Relation Name"] in LARGE
    ]


@pytest.mark.parametrize("address", [*PAGES, *MACHINES])
def test_there_is_an_index_for_whatever_a_page_asks(served: Console, address: str) -> None:
    # When a page is asked for
    questions = asked(served, address)
    assert questions

    # Then none of its questions needs every row of a large table, one after another: told to do
    # without that wherever it can, the server can
    with served.database.engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, values in questions:
            found = whole(explained(connection, statement, values))
            assert not found, f"{found}\n{statement}"


@pytest.mark.parametrize("address", ["/dead?name=%E7%A4%BA%E4%BE%8B", "/dead?by=rule&rule=T3.FLOW"])
def test_letters_are_asked_for_one_by_one_what_belongs_to_them(
    served: Console, address: str
) -> None:
    # Given a page of dead letters by what stands in other, larger tables
    with served.database.engine.connect() as connection:
        for statement, values in asked(served, address):
            # Then the server never gathers all that fits there first
            nodes = explained(connection, statement, values)
            filters = [node.get("Filter", "") for node in nodes]
            assert not any("hashed SubPlan" in one for one in filters), statement
            inner = [node for node in nodes if node.get("Parent Relationship") == "SubPlan"]
            assert not any("Seq Scan" in node["Node Type"] for node in inner), statement


def test_what_reads_everything_is_known_by_its_plan(served: Console) -> None:
    with served.database.engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        title = explained(connection, "SELECT title FROM reports WHERE title = 'x'", ())
        one = explained(connection, "SELECT title FROM reports WHERE id = 3", ())
    assert whole(title) == ["reports"]
    assert whole(one) == []


def test_plans_are_made_for_memory_and_not_compiled(served: Console) -> None:
    with served.database.reading() as session:
        assert session.scalar(text("SHOW random_page_cost")) == "1.1"
        assert session.scalar(text("SHOW jit")) == "off"
