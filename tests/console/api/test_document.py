"""The OpenAPI document, and whether the API is as it says: asked for whatever it allows."""

import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette
from starlette.routing import Mount

from console.access.roles import Role
from console.api import openapi
from console.api.app import application
from tests.console.api.conftest import stock
from tests.worker.house import House, house, until

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
"""All but one: that what is well-formed is accepted. Decisions are refused for what they are
about: a letter that is resolved, a correction that does not hold."""

schema = schemathesis.openapi.from_dict(orjson.loads(orjson.dumps(openapi.document())))


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
    app = Starlette(routes=[Mount(openapi.ROOT, application(home.settings, home.database))])
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
@schema.parametrize()
@settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_it_allows_is_answered_as_it_says(
    case: "Case[Any]", address: str, token: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    case.call_and_validate(base_url=address, headers=headers, checks=CHECKS)


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
