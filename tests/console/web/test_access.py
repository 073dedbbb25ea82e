"""Who gets in: every route for every role, forms of strangers, hosts of strangers."""

import re
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from starlette.routing import Mount, Route

from console.access.roles import Role
from console.web import probes, site
from console.web.app import application, pages
from console.web.exposure import Exposed, demand_user
from console.web.guard import POLICY
from console.web.visit import Page, within
from tests.console.web.conftest import PASSWORD, TOKEN, Console
from watcher.pace import Pace

FILLED = {
    "report_id:int": "1",
    "letter_id:int": "1",
    "document_id:int": "2",
    "rule": "T3.FLOW",
}
PICTURES = "/documents/{document_id:int}/pages/{number:int}"
"""Asked for of document 4: a picture, where there is one."""
ENDLESS = "/live"


def address(page: Page) -> str:
    if page.path == PICTURES:
        return "/documents/4/pages/1"
    filled = re.sub(r"{([^}]+)}", lambda found: FILLED[found[1]], page.path)
    asks = filled.endswith("/decide") and not page.posted
    return f"{filled}?action=retry&id=1" if asks else filled


def every(posted: bool) -> list[Page]:
    return [page for page in pages() if page.posted is posted and page.path != ENDLESS]


def named(page: Page) -> str:
    return page.path


def test_every_route_is_a_page_that_says_who_may_see_it(console: Console) -> None:
    # Given the routes of the application itself, not of a list
    routes = [route for route in console.application.routes if isinstance(route, Route)]
    known = [route.endpoint.page for route in routes if hasattr(route.endpoint, "page")]
    others = [route.path for route in routes if not hasattr(route.endpoint, "page")]

    # Then each is one of the pages below; only probes and files of ours are served beside them
    assert known == list(pages())
    assert others == list(probes.PATHS)
    mounts = [route.path for route in console.application.routes if isinstance(route, Mount)]
    assert mounts == ["/api/v1", "/static"]
    open_to_all = {page.path for page in known if page.role is None}
    assert open_to_all <= {"/login", "/logout", "/preferences"}


@pytest.mark.parametrize("page", [*every(posted=False), *every(posted=True)], ids=named)
def test_nobody_gets_in_without_logging_in(stocked: Console, page: Page) -> None:
    # Given a console with users, and somebody who is none
    stocked.add_users()
    stranger = stocked.browser()

    # When they ask for a page or send a form
    if page.posted:
        token = TOKEN.search(stranger.get("/login"))
        assert token is not None
        answer = stranger.client.post(address(page), data={"csrf": token[1]})
    else:
        answer = stranger.client.get(address(page))

    # Then they are sent to log in, and see nothing
    if page.role is not None:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=")
        assert "濮阳" not in answer.text


@pytest.mark.parametrize("role", list(Role))
def test_every_page_answers_each_role_as_it_should(stocked: Console, role: Role) -> None:
    # Given one of each role, and a picture beside the texts
    stocked.add_users()
    browser = stocked.browser(str(role))
    assert stocked.bring(b"\x89PNG\r\n\x1a\n\0\0", "scan.png") == 4

    for page in every(posted=False):
        # When they ask for each page
        answer = browser.client.get(address(page))

        # Then it answers those who may, and refuses the others
        may = page.role is None or role.covers(page.role)
        expected = {200, 303} if may else {403}
        assert answer.status_code in expected, f"{page.path}: {answer.status_code}"

    for page in every(posted=True):
        if page.role is not None and not role.covers(page.role):
            token = TOKEN.search(browser.get("/"))
            assert token is not None
            answer = browser.client.post(address(page), data={"csrf": token[1]})
            assert answer.status_code == 403, page.path


@pytest.mark.parametrize("page", every(posted=True), ids=named)
def test_a_form_of_a_stranger_is_refused(stocked: Console, page: Page) -> None:
    # Given an admin
    stocked.add_users()
    admin = stocked.browser("admin")
    token = TOKEN.search(admin.get("/"))
    assert token is not None

    # When their browser sends a form without our token, with another, or from another site
    without = admin.client.post(address(page), data={"note": "x"})
    wrong = admin.client.post(address(page), data={"csrf": "0" * 64})
    right = {"csrf": token[1]}
    elsewhere = [
        admin.client.post(address(page), data=right, headers=headers)
        for headers in (
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        )
    ]

    # Then nothing is done
    assert [answer.status_code for answer in (without, wrong, *elsewhere)] == [403] * 6


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost@evil"]
)
def test_a_name_of_a_stranger_that_points_here_is_refused(console: Console, host: str) -> None:
    answer = console.browser().client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "濮阳" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8351", "localhost:1", "[::1]:8351", "LOCALHOST"])
def test_this_machine_is_known_by_its_names(console: Console, host: str) -> None:
    assert console.browser().client.get("/", headers={"host": host}).status_code == 200


def test_without_a_user_only_this_machine_gets_in(stocked: Console) -> None:
    # Given no user at all
    here, there = stocked.browser(), stocked.browser(client="192.0.2.7")

    # Then whoever is here may do everything, and is told so
    assert "gouji user add" in here.get("/")
    # And who comes from elsewhere, or by way of a proxy, may not
    assert there.client.get("/").status_code == 303
    assert here.client.get("/", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 303


def test_with_a_user_even_this_machine_has_to_log_in(stocked: Console) -> None:
    stocked.add_users()
    assert stocked.browser().client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("host", "url"), [("192.0.2.1", ""), ("::", ""), ("127.0.0.1", "https://gouji.example.cn")]
)
def test_it_listens_to_others_only_once_somebody_can_log_in(
    console: Console, host: str, url: str
) -> None:
    # Given
    settings = replace(console.home.settings, console_host=host, console_url=url)

    # Then
    with pytest.raises(Exposed):
        demand_user(settings, console.database)
    console.add_users()
    demand_user(settings, console.database)


def test_behind_a_proxy_it_is_known_by_its_public_name_alone(console: Console) -> None:
    # Given
    settings = replace(console.home.settings, console_url="https://gouji.example.cn")
    public = Console(console.home, application(settings, console.database))
    browser = public.browser()

    # Then, and without a user nobody gets in; cookies travel encrypted
    answer = browser.client.get("/login", headers={"host": "gouji.example.cn"})
    assert answer.status_code == 200
    assert "Secure" in answer.headers["set-cookie"]
    assert browser.client.get("/", headers={"host": "gouji.example.cn"}).status_code == 303
    assert browser.client.get("/", headers={"host": "other.example.cn"}).status_code == 421


def test_every_answer_carries_the_security_headers(stocked: Console) -> None:
    # Given
    browser = stocked.browser()

    for path in ("/", "/reports/1", "/nowhere", "/static/console.css", "/reports.csv"):
        answer = browser.client.get(path)
        # Then
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(stocked: Console) -> None:
    # Given
    stocked.add_users()
    browser = stocked.browser()
    token = TOKEN.search(browser.get("/login"))
    assert token is not None
    answer = browser.client.post(
        "/login", data={"csrf": token[1], "name": "admin", "password": PASSWORD, "next": "/"}
    )

    # Then
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


def test_logging_out_ends_the_session_for_whoever_has_the_cookie(stocked: Console) -> None:
    # Given somebody logged in, and one who has copied the cookie
    stocked.add_users()
    browser, thief = stocked.browser("viewer"), stocked.browser()
    thief.client.cookies.update(browser.client.cookies)
    assert thief.client.get("/").status_code == 200

    # When they log out
    assert browser.post("/logout", {}, page="/") == "/login"

    # Then nobody gets in with it
    assert thief.client.get("/").status_code == 303


def test_guessing_is_slowed_down_and_tells_nothing(
    stocked: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a console for which no time passes, however long the machine takes
    monkeypatch.setattr(site, "Pace", partial(Pace, clock=lambda: 0.0))
    guarded = Console(stocked.home, application(stocked.home.settings, stocked.database))
    guarded.add_users()
    guesser = guarded.browser()
    wrong = {"name": "admin", "password": "not the password", "next": "/"}

    # When names and passwords are tried
    known = guesser.post("/login", wrong, code=401)
    unknown = guesser.post("/login", {**wrong, "name": "nobody"}, code=401)
    for _ in range(8):
        guesser.post("/login", wrong, code=401)

    # Then both are answered alike, and soon nothing is tried any more, not even what is right
    assert known.replace("admin", "X") == unknown.replace("nobody", "X")
    guesser.post("/login", {**wrong, "password": PASSWORD}, code=429)


@pytest.mark.parametrize(
    ("given", "leads"),
    [
        ("/reports?year=2022", "/reports?year=2022"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_a_log_in_leads_nowhere_else(given: str, leads: str) -> None:
    assert within(given) == leads


def test_a_form_that_is_too_large_or_no_form_is_refused(stocked: Console) -> None:
    # Given
    browser = stocked.browser()

    # Then
    huge = browser.client.post("/preferences", data={"next": "x" * 2_000_000})
    files = browser.client.post("/preferences", files={"file": b"x"})
    text = browser.client.post("/preferences", content=b"{}", headers={"content-type": "text/json"})
    assert [answer.status_code for answer in (huge, files, text)] == [413, 415, 415]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "postgresql+psycopg://gouji:hunter2@db.example/gouji"),
        ("broker_url", "rediss://:hunter2@queue.example/0"),
        ("notify_webhook", "https://hook.example/hunter2"),
        ("notify_secret", "hunter2"),
    ],
)
def test_the_settings_show_no_secret(console: Console, name: str, value: str) -> None:
    # Given
    changed: dict[str, Any] = {name: value}
    chosen = replace(console.home.settings, **changed)
    shown = Console(console.home, application(chosen, console.database)).browser()

    # Then
    page = shown.get("/settings")
    assert "hunter2" not in page
    assert name in page
