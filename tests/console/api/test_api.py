"""What the API answers: lists, pages, decisions; and its errors."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.testclient import TestClient

from console.access.principal import Principal
from console.access.roles import Role
from console.api import app as module
from console.api.app import application
from console.queries import counts
from models.session import Database
from models.token import revoke
from tests.console.api.conftest import CELL, Api


def problem(told: dict[str, Any]) -> tuple[int, str]:
    assert told.keys() >= {"type", "title", "status", "detail"}
    return told["status"], told["type"].removeprefix("urn:gouji:problem:")


def pages(api: Api, address: str, limit: int) -> list[Any]:
    """Go through a list page by page."""
    found: list[Any] = []
    cursor: str | None = ""
    sign = "&" if "?" in address else "?"
    while cursor is not None:
        part = api.get(f"{address}{sign}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert len(part["items"]) <= limit
        found += part["items"]
        cursor = part["next"]
    return found


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("/reports", 2),
        ("/reports?sort=year", 2),
        ("/reports?sort=publisher&all_versions=true", 2),
        ("/documents", 6),
        ("/documents?state=dead", 4),
        ("/dead-letters", 4),
        ("/dead-letters?reason=imbalanced", 3),
        ("/dead-letters?rule=T3.FLOW&publisher=%E6%BF%AE%E9%98%B3&year=2022", 3),
        ("/dead-letters?older_parser=true", 0),
        ("/dead-letters?resolved=true", 4),
        ("/events?event=document.dead", 4),
        ("/events?level=warning&document=3", 1),
    ],
)
def test_lists_go_on_page_by_page(api: Api, address: str, count: int) -> None:
    # Given the whole list
    whole = api.get(address)["items"]

    # When it is gone through in pages of one
    parts = pages(api, address, 1)

    # Then they are the same rows, each once
    assert len(whole) == count
    assert parts == whole


def test_tells_how_things_stand(api: Api) -> None:
    told = api.get("/status")
    assert (told["documents"]["stored"], told["documents"]["dead"]) == (2, 4)
    assert (told["queue"], len(told["notes"])) == (None, 1)
    assert api.get("/sources")["items"] == []
    assert "T3.FLOW" in [rule["id"] for rule in api.get("/rules")["items"]]
    assert api.get("/rules/T3.FLOW")["severity"] == "hard"
    since = datetime(2999, 1, 1, tzinfo=UTC).isoformat()
    assert api.get("/events", params={"since": since})["items"] == []


def test_tells_of_one_report_in_every_way(api: Api) -> None:
    # Given
    report = api.get("/reports")["items"][-1]
    number = report["id"]

    # Then
    told = api.get(f"/reports/{number}")
    assert told["tables"]["applications"]["new_requests"]["natural_person"] == 9
    assert api.get(f"/reports/{number}/cells")["items"] == told["cells"]
    assert api.get(f"/reports/{number}/findings")["items"] == told["findings"]
    assert api.get(f"/reports/{number}/versions")["items"] == told["versions"]
    assert problem(api.get(f"/reports/{number}/difference", 404)) == (404, "not_found")
    assert api.get(f"/reports/{number}/difference?other={number}")["cells"] == []
    assert api.get(f"/documents/{report['document_id']}")["state"] == "stored"


def test_tells_of_one_letter(api: Api) -> None:
    # When
    told = api.get("/dead-letters/1")

    # Then
    assert told["letter"]["reason"] == "imbalanced"
    assert told["inspection"]["schema"] == "gouji.inspection/1"
    assert {one["rule"] for one in told["findings"]} >= {"T3.FLOW"}
    assert [one["note"] for one in told["comments"]] == ["待复核"]
    assert api.get("/dead-letters/1/comments")["items"] == told["comments"]
    met = told["standing"]
    assert (met["report_id"], met["cells"], met["next_version"], met["replaces"]) == (1, 1, 2, True)


def test_groups(api: Api) -> None:
    assert api.get("/dead-letters/groups")["items"] == [
        {"value": "imbalanced", "severity": None, "count": 3},
        {"value": "empty", "severity": None, "count": 1},
    ]
    by_rule = api.get("/dead-letters/groups?by=rule&reason=imbalanced")["items"]
    assert {"value": "T3.FLOW", "severity": "hard", "count": 3} in by_rule
    assert api.get("/dead-letters/groups?by=publisher&reason=empty")["items"] == [
        {"value": None, "severity": None, "count": 1}
    ]


def test_checks_anew_as_one_types(api: Api) -> None:
    # When a viewer tries values
    viewer = api.client(Role.VIEWER)
    wrong = viewer.post("/dead-letters/1/recheck", json={"cells": {CELL: "x", "a.b.c": 1}}).json()
    right = viewer.post("/dead-letters/1/recheck", json={"cells": {CELL: 9}}).json()

    # Then what would come of them is told, and nothing is changed
    assert (wrong["storable"], set(wrong["problems"])) == (False, {CELL, "a.b.c"})
    assert (right["storable"], right["hard"]) == (True, 0)
    assert api.get("/dead-letters/1")["letter"]["version"] == 1
    assert problem(viewer.post("/dead-letters/4/recheck", json={}).json()) == (422, "unacceptable")


def test_corrects(api: Api) -> None:
    # When
    body = {"note": "核对原件", "version": 1, "changes": {"cells": {CELL: 9}}}
    told = api.post("/dead-letters/1/correct", body)

    # Then
    report = api.get(f"/reports/{told['reports']['1']}")
    assert report["corrections"] == [
        {"cell": CELL, "published": 12, "raw": "12", "printed": "number", "corrected": 9}
    ]
    assert report["decision"]["operator"] == "token:a operator"


def test_what_does_not_hold_yet_is_told_with_its_findings(api: Api) -> None:
    body = {"note": "x", "changes": {"cells": {CELL: 10}}}
    told = api.post("/dead-letters/1/correct", body, 422)
    assert problem(told) == (422, "still_wrong")
    assert {one["rule"] for one in told["findings"]} == {"T3.FLOW", "T3.APPLICANTS"}
    told = api.post("/dead-letters/1/correct", {"note": "x", "changes": {"cells": {"q": 1}}}, 422)
    assert problem(told) == (422, "unfit_changes")
    assert set(told["problems"]) == {"q"}


def test_decides_about_one(api: Api) -> None:
    assert api.post("/dead-letters/1/retry", {"note": "x", "dry_run": True})["letters"] == [1]
    assert api.post("/dead-letters/1/retry", {"note": "x"})["letters"] == [1]
    assert api.post("/dead-letters/1/retry", {"note": "x"})["already"] == [1]
    assert problem(api.post("/dead-letters/1/discard", {"note": "x"}, 409)) == (409, "conflict")
    told = api.post("/dead-letters/2/accept", {"note": "x", "version": 7}, 409)
    assert problem(told) == (409, "conflict")
    assert api.post("/dead-letters/2/accept", {"note": "x"})["reports"].keys() == {"2"}
    assert problem(api.post("/dead-letters/4/accept", {"note": "x"}, 422)) == (422, "unacceptable")
    assert problem(api.post("/dead-letters/99/discard", {"note": "x"}, 404)) == (404, "not_found")
    assert problem(api.post("/dead-letters/3/discard", {"note": " "}, 422)) == (422, "note_missing")


def test_decides_about_many_when_their_number_is_as_expected(api: Api) -> None:
    # Given
    wanted = {"action": "accept", "note": "x", "filter": {"reason": "imbalanced"}}
    many = "/dead-letters/decisions"
    assert len(api.post(many, wanted | {"dry_run": True})["letters"]) == 3

    # When another number is expected, or none told
    told = api.post(many, wanted | {"expect": 2}, 409)
    assert (problem(told), told["found"]) == ((409, "count_changed"), 3)
    assert problem(api.post(many, wanted, 422)) == (422, "invalid_request")

    # Then it is decided with the right one, and nothing is left that matches
    assert len(api.post(many, wanted | {"expect": 3})["letters"]) == 3
    assert api.post(many, wanted | {"expect": 0})["letters"] == []


def test_decides_about_those_that_are_named(api: Api) -> None:
    body = {"action": "discard", "note": "x", "letters": [{"id": 1, "version": 1}, {"id": 4}]}
    assert api.post("/dead-letters/decisions", body)["letters"] == [1, 4]
    both: dict[str, Any] = body | {"filter": {}}
    assert problem(api.post("/dead-letters/decisions", both, 422)) == (422, "invalid_request")


def test_the_same_key_is_answered_the_same(api: Api) -> None:
    # Given
    first = api.post("/dead-letters/1/accept", {"note": "x"}, key="k1")

    # When
    again = api.post("/dead-letters/1/accept", {"note": "x"}, key="k1")
    told = api.post("/dead-letters/1/accept", {"note": "y"}, 409, key="k1")

    # Then
    assert again == first | {"repeated": True}
    assert problem(told) == (409, "conflict")
    assert problem(api.post("/dead-letters/2/accept", {"note": "x"}, 422, key="a b"))[0] == 422


def test_comments_are_written_once(api: Api) -> None:
    for path in ("dead-letters/1", "documents/3", "reports/1"):
        first = api.post(f"/{path}/comments", {"note": "好"}, 201, key=path)
        again = api.post(f"/{path}/comments", {"note": "好"}, 201, key=path)
        assert again == first
        assert first in api.get(f"/{path}/comments")["items"]
    assert problem(api.post("/reports/99/comments", {"note": "x"}, 404)) == (404, "not_found")


def test_an_earlier_version_stands_again(api: Api) -> None:
    # Given a second version, which stands
    told = api.post("/dead-letters/1/accept", {"note": "x"})
    new = told["reports"]["1"]
    old = next(one["id"] for one in api.get(f"/reports/{new}")["versions"] if one["id"] != new)
    assert len(api.get(f"/reports/{new}/difference")["cells"]) == 1

    # When
    done = api.post(f"/reports/{old}/restore", {"note": "x", "instead_of": new})

    # Then
    assert (done["report_id"], done["replaced"]) == (old, new)
    assert problem(api.post(f"/reports/{new}/restore", {"note": "x", "instead_of": new}, 409))
    assert problem(api.post("/reports/99/restore", {"note": "x"}, 404)) == (404, "not_found")


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/nowhere", 404, "no_such_path"),
        ("/reports/99", 404, "not_found"),
        ("/rules/T9.X", 404, "not_found"),
        ("/reports/abc", 422, "invalid_request"),
        ("/reports/0", 422, "invalid_request"),
        ("/reports?limit=0", 422, "invalid_request"),
        ("/reports?limit=x", 422, "invalid_request"),
        ("/reports?nothing=1", 422, "invalid_request"),
        ("/reports?year=2022&year=2023", 422, "invalid_request"),
        ("/reports?cursor=x", 422, "invalid_cursor"),
        ("/reports?sort=year&cursor=WzFd", 422, "invalid_cursor"),
        ("/dead-letters?reason=imbalance", 422, "invalid_request"),
        ("/dead-letters?rule=T9.X", 422, "invalid_request"),
        ("/events?since=2024-01-01", 422, "invalid_request"),
    ],
)
def test_what_cannot_be_asked_is_a_problem(api: Api, address: str, status: int, code: str) -> None:
    assert problem(api.get(address, status)) == (status, code)


def test_every_fault_of_a_body_is_told_with_its_place(api: Api) -> None:
    told = api.post("/dead-letters/1/correct", {"changes": {"year": "x", "z/~": 1}}, 422)
    assert {(one["in"], one["pointer"]) for one in told["errors"]} == {
        ("body", "/note"),
        ("body", "/changes/year"),
        ("body", "/changes/z~1~0"),
    }


def test_bodies_that_are_no_json(api: Api) -> None:
    client = api.client()
    told = client.post(
        "/dead-letters/1/retry", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert problem(told.json()) == (400, "no_json")
    assert problem(client.post("/dead-letters/1/retry", data={"note": "x"}).json())[0] == 415
    large = {"note": "x" * (1 << 20)}
    assert problem(client.post("/dead-letters/1/retry", json=large).json())[0] == 413
    told = client.request("DELETE", "/dead-letters/1")
    assert problem(told.json()) == (405, "method_not_allowed")
    assert set(told.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert told.headers["content-type"] == "application/problem+json"


def test_faults_and_what_is_away_are_problems_too(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given queries that fail
    def away(*_: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("away"))

    def wrong(*_: Any) -> Any:
        raise RuntimeError("secret of the house")

    # Then nothing of it is told but that
    monkeypatch.setattr(counts, "documents", away)
    answer = api.client(Role.VIEWER).get("/status")
    assert (problem(answer.json()), answer.headers["retry-after"]) == ((503, "unavailable"), "10")
    monkeypatch.setattr(counts, "documents", wrong)
    answer = api.client(Role.VIEWER).get("/status")
    assert problem(answer.json()) == (500, "fault")
    assert "secret of the house" not in answer.text


def test_a_token_that_was_revoked_counts_no_longer(api: Api) -> None:
    # Given
    client = api.client(Role.VIEWER)
    assert client.get("/reports").status_code == 200
    with api.home.database.transaction() as session:
        revoke(session, "a viewer")

    # Then
    answer = client.get("/reports")
    assert problem(answer.json()) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="gouji"'


def test_who_guesses_tokens_is_not_heard_for_a_while(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody who has guessed too often
    monkeypatch.setattr(module, "_FAILURES_A_MINUTE", 3)
    app = application(api.home.settings, api.home.database)
    known = {"Authorization": f"Bearer {api.tokens[Role.VIEWER]}"}
    client = TestClient(app)
    assert client.get("/reports", headers=known).status_code == 200
    codes = [
        client.get("/reports", headers={"Authorization": f"Bearer gouji_{n}"}).status_code
        for n in range(6)
    ]

    # Then who has a token is heard still
    assert codes[:3] == [401] * 3
    assert codes[-1] == 429
    assert client.get("/reports", headers=known).status_code == 200


def test_who_comes_otherwise_is_known_by_whoever_mounts_it(api: Api) -> None:
    def visitor(request: Request) -> Principal | None:
        return Principal("anna", Role.OPERATOR) if request.cookies.get("s") == "1" else None

    app = application(api.home.settings, api.home.database, visitor)
    client = TestClient(app, cookies={"s": "1"})
    assert client.post("/dead-letters/1/retry", json={"note": "x"}).status_code == 200
    assert api.get("/dead-letters/1")["decisions"][0]["operator"] == "anna"
    assert TestClient(app).get("/reports").status_code == 401


def test_the_document_is_open_to_all(api: Api) -> None:
    told = api.client(None).get("/openapi.json")
    assert told.status_code == 200
    assert told.json()["openapi"] == "3.1.0"


def test_a_connection_of_its_own_sees_what_is_there(api: Api) -> None:
    other = Database.at(api.home.settings.database)
    try:
        client = TestClient(application(api.home.settings, other))
        assert client.get("/openapi.json").status_code == 200
    finally:
        other.close()
