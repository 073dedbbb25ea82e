"""Every route refuses whom it should: nobody, pushers, viewers, operators."""

from typing import Any

import pytest
from starlette.routing import Route

from console.access.roles import Role
from console.api import openapi
from console.api.app import application
from console.api.operation import Operation
from console.api.operations import OPERATIONS
from tests.console.api.conftest import Api

READING = [one for one in OPERATIONS if one.method == "GET"] + [
    one for one in OPERATIONS if one.name == "recheckDeadLetter"
]
"""What a viewer may do."""


def ask(api: Api, operation: Operation, role: str | None) -> Any:
    address = operation.path.replace("{id}", "1").replace("{rule}", "T3.FLOW")
    body = None if operation.body is None else {"note": "x"}
    return api.client(role).request(operation.method, address, json=body)


def test_the_table_has_every_route_there_is(api: Api) -> None:
    # Given the routes of the application
    app = application(api.home.settings, api.home.database)
    routes = {
        (route.path, method)
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }

    # Then each but the document is an operation, described in the document
    wanted = {(one.path, str(one.method)) for one in OPERATIONS}
    assert routes == wanted | {("/openapi.json", "GET")}
    described = openapi.document()["paths"]
    assert {
        (path, method.upper()) for path, methods in described.items() for method in methods
    } == wanted
    names = [one.name for one in OPERATIONS]
    assert len(set(names)) == len(names)


def test_what_changes_something_needs_an_operator() -> None:
    viewing = {one.name for one in OPERATIONS if one.role is Role.VIEWER}
    assert viewing == {one.name for one in READING}
    assert all(one.role.covers(Role.OPERATOR) for one in OPERATIONS if one.name not in viewing)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_nobody_is_let_in(api: Api, operation: Operation) -> None:
    for role in (None, "pusher"):
        answer = ask(api, operation, role)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_each_role_may_do_what_it_says(api: Api, operation: Operation) -> None:
    # Given what is there before
    before = api.get("/events?limit=200")["items"]

    # When those whose role is too small ask
    small = [role for role in Role if not role.covers(operation.role)]
    for role in small:
        answer = ask(api, operation, role)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:gouji:problem:role")

    # Then nothing has come of it; and who may is not refused for who they are
    assert api.get("/events?limit=200")["items"] == before
    assert ask(api, operation, operation.role).status_code not in (401, 403)
