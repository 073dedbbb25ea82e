"""The OpenAPI document, and whether the API is as it says: asked for whatever it allows."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
import uvicorn
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from console.access.roles import Role
from console.api import openapi
from console.api.app import application, mounted
from tests.budgets import EXAMPLES
from tests.console.api.conftest import stock
from tests.worker.house import House, house, until

if TYPE_CHECKING:  # it takes seconds to load: only where it is used
    from schemathesis import Case
    from schemathesis.schemas import BaseSchema

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
"""All but one: that what is well-formed is accepted. Decisions are refused for what they are
about: a letter that is resolved, a correction that does not hold."""

_METHODS: Final = {"get", "put", "post", "delete", "patch"}
OPERATIONS: Final = [
    (method, path)
    for path, said in openapi.document()["paths"].items()
    for method in said
    if method in _METHODS
]


@pytest.fixture(scope="module")
def schema() -> "BaseSchema":
    import schemathesis

    return schemathesis.openapi.from_dict(orjson.loads(orjson.dumps(openapi.document())))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest.fixture(scope="module")
def token(home: House) -> str:
    return stock(home)[Role.ADMIN]


@pytest.fixture(scope="module")
def address(home: House) -> Iterator[str]:
    """Serve the API as it is served, on a port of its own."""
    app = Starlette(routes=[mounted(application(home.settings, home.database))])
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    (port,) = {one.getsockname()[1] for each in server.servers for one in each.sockets}
    yield f"http://127.0.0.1:{port}{openapi.ROOT}"
    server.should_exit = True
    thread.join(30)


@pytest.mark.process
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_it_allows_is_answered_as_it_says(
    schema: "BaseSchema", address: str, token: str, method: str, path: str
) -> None:
    from schemathesis import GenerationMode, checks

    operation = schema[path][method]
    cases = [operation.as_strategy(mode) for mode in GenerationMode]
    chosen = [getattr(checks, name) for name in CHECKS]
    headers = {"Authorization": f"Bearer {token}"}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(cases))
    def answers(case: "Case[Any]") -> None:
        assume(not any(map(_is_left_out, (case.query or {}).values())))
        case.call_and_validate(base_url=address, headers=headers, checks=chosen)

    answers()


def _is_left_out(value: object) -> bool:
    """Tell whether a client sends nothing for a value: what was wrong with it is not seen then."""
    return value is None or (isinstance(value, list | dict) and all(one is None for one in value))


def test_every_shape_that_is_referred_to_is_there() -> None:
    # Given
    document = openapi.document()
    text = orjson.dumps(document).decode()

    # Then
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(document["components"]["schemas"])


def test_requests_take_nothing_that_they_do_not_know() -> None:
    schemas = openapi.document()["components"]["schemas"]
    for name in ("DecisionBody", "CorrectBody", "ChangesBody", "ManyBody", "CommentBody"):
        assert schemas[name]["additionalProperties"] is False


def test_an_address_with_a_line_feed_is_answered_like_any_other(home: House) -> None:
    # Given the API where it belongs
    app = Starlette(routes=[mounted(application(home.settings, home.database))])

    # When something is asked for that is below it, and nothing
    answer = TestClient(app).get(f"{openapi.ROOT}/no%0Awhere")

    # Then the API says so itself
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
