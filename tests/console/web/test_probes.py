"""What machines ask: alive, ready, the metrics; who may, and what is never told."""

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text, update

from console.web import probes, readiness
from console.web.app import application
from console.web.readiness import Check, Readiness, Unready
from models import token
from models.session import Database
from models.token import PushToken
from tests.console.web.conftest import Browser, Console
from worker.archive import Archive

BY_ADDRESS = {"host": "10.1.2.3:8351"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have whatever answers answer in time, also where others keep the machine busy.

    What is not answered in time is tried by a clock of the test's own.
    """
    monkeypatch.setattr(readiness, "WITHIN", 60.0)


def issued(database: Database, name: str, role: str | None) -> dict[str, str]:
    """Return what the holder of a new token sends."""
    with database.transaction() as session:
        made = token.issue(session, name)
        session.execute(update(PushToken).where(PushToken.name == name).values(role=role))
    return {"authorization": f"Bearer {made}"}


def away(console: Console, **changed: str) -> Browser:
    """Return a browser at a console whose settings name something that is not there."""
    wanted: dict[str, Any] = dict(changed)
    settings = replace(console.home.settings, **wanted)
    database = Database.at(settings.database)
    return Console(console.home, application(settings, database)).browser()


def test_alive_is_whoever_answers(stocked: Console) -> None:
    # Given a console with users, none of them logged in, and a database that is gone
    stocked.add_users()
    probe = away(stocked, database_url="postgresql+psycopg://gouji:hunter2@127.0.0.1:1/gouji")

    # When an orchestrator asks by address
    answer = probe.client.get("/livez", headers=BY_ADDRESS)

    # Then it is alive
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready_needs_database_broker_and_archive(stocked: Console) -> None:
    # Given a console whose queue does not run
    stocked.add_users()
    probe = stocked.browser(client="192.0.2.7")

    # When it is asked by address
    answer = probe.client.get("/readyz", headers=BY_ADDRESS)

    # Then each check is told apart, and what fails is named without where it is
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert {name: check["status"] for name, check in checks.items()} == {
        "database": "ok",
        "broker": "failed",
        "archive": "ok",
    }
    assert checks["broker"]["problem"] == "unreachable"
    assert str(stocked.home.settings.data_dir) not in answer.text


def test_what_is_not_ready_shows_no_secret(stocked: Console) -> None:
    # Given a database and a queue that are away, with passwords in their addresses
    probe = away(
        stocked,
        database_url="postgresql+psycopg://gouji:hunter2@127.0.0.1:1/gouji",
        broker_url="redis://:hunter2@127.0.0.1:1/0",
    )

    # When it is asked
    answer = probe.client.get("/readyz")

    # Then the answer is in a few words
    assert answer.status_code == 503
    problems = {name: check.get("problem") for name, check in answer.json()["checks"].items()}
    assert problems == {"database": "unreachable", "broker": "unreachable", "archive": None}
    assert "hunter2" not in answer.text
    assert "127.0.0.1" not in answer.text


@pytest.mark.parametrize(("revision", "problem"), [("0001", "not migrated"), ("9999", None)])
def test_an_old_database_is_not_ready_and_a_newer_one_is(
    stocked: Console, revision: str, problem: str | None
) -> None:
    # Given a database at a revision that is not ours
    with stocked.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :now"), {"now": revision})

    # Then only one that is behind is told
    checks = stocked.browser().client.get("/readyz").json()["checks"]
    assert checks["database"].get("problem") == problem


def test_an_archive_that_cannot_be_written_is_told(stocked: Console) -> None:
    # Given a file where the archive should be
    place = stocked.home.settings.data_dir / "no-directory"
    place.write_bytes(b"")
    asked = Readiness.of(stocked.home.settings, stocked.database, Archive(str(place)))

    # Then
    assert asked.look()["archive"].problem == "cannot be written"


def test_a_check_that_hangs_holds_nobody_up_and_is_not_begun_twice() -> None:
    # Given a check that hangs
    go, looks = threading.Event(), []

    def hang() -> None:
        looks.append(1)
        go.wait(60)

    moment = [0.0]
    hanging = Check("archive", hang, clock=lambda: moment[0])
    asked = Readiness((hanging,), clock=lambda: moment[0] - 100)

    # When it is looked at again and again
    found = [asked.look()["archive"].problem for _ in range(3)]

    # Then it is told
    assert found == ["no answer in time"] * 3

    # And when it has ended, there was one look, and its answer counts
    go.set()
    hanging.end(moment[0] + 60)
    assert looks == [1]
    assert asked.look()["archive"].problem == ""


def test_what_was_found_is_believed_for_a_while() -> None:
    # Given a check that fails once
    moment, problems = [0.0], ["not migrated", ""]

    def look() -> None:
        problem = problems.pop(0)
        if problem:
            raise Unready(problem)

    asked = Readiness((Check("database", look, 2.0, lambda: moment[0]),), lambda: moment[0])

    # When many ask within two seconds, and after that
    found = []
    for at in (0.0, 1.0, 1.9, 2.1):
        moment[0] = at
        found.append(asked.look()["database"].problem)

    # Then it was looked at twice
    assert found == ["not migrated"] * 3 + [""]


def test_metrics_are_for_whoever_is_here(stocked: Console) -> None:
    # Given a console with users
    stocked.add_users()
    here = stocked.browser()

    # Then whoever is on this machine may scrape, by its own names
    assert here.client.get("/metrics").status_code == 200
    # And nobody by way of a proxy, from elsewhere, or by a name that points here
    elsewhere = stocked.browser(client="192.0.2.7")
    refused = [
        here.client.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"}),
        here.client.get("/metrics", headers={"host": "evil.example"}),
        elsewhere.client.get("/metrics", headers=BY_ADDRESS),
    ]
    assert [answer.status_code for answer in refused] == [401] * 3
    assert not any("gouji_dead_letters" in answer.text for answer in refused)


def test_behind_a_proxy_nobody_is_here(stocked: Console) -> None:
    # Given a console that a proxy stands before, which may not say so
    settings = replace(stocked.home.settings, console_url="https://gouji.example.cn")
    proxied = Console(stocked.home, application(settings, stocked.database))
    assert proxied.browser().client.get("/metrics").status_code == 401


@pytest.mark.parametrize(
    ("role", "code"), [(None, 401), ("viewer", 200), ("operator", 200), ("admin", 200)]
)
def test_metrics_are_for_tokens_with_a_role(stocked: Console, role: str | None, code: int) -> None:
    # Given a token; one without a role pushes documents and does nothing else
    headers = issued(stocked.database, "prometheus", role) | BY_ADDRESS
    elsewhere = stocked.browser(client="192.0.2.7").client

    # Then
    assert elsewhere.get("/metrics", headers=headers).status_code == code

    # And a revoked one, or none, counts nothing
    with stocked.database.transaction() as session:
        token.revoke(session, "prometheus")
    assert elsewhere.get("/metrics", headers=headers).status_code == 401
    wrong = {"authorization": "Bearer gouji_x"}
    assert elsewhere.get("/metrics", headers=wrong | BY_ADDRESS).status_code == 401


def test_metrics_are_for_users_who_are_logged_in(stocked: Console) -> None:
    stocked.add_users()
    viewer = stocked.browser("viewer", client="192.0.2.7")
    assert viewer.client.get("/metrics").status_code == 200


def test_metrics_come_in_the_format_that_is_asked_for(stocked: Console) -> None:
    # Given
    client = stocked.browser().client

    # When the text format is asked for, and OpenMetrics
    plain = client.get("/metrics")
    openmetrics = client.get("/metrics", headers={"accept": "application/openmetrics-text"})

    # Then both are what they say
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert {one.name for one in text_string_to_metric_families(plain.text)} >= {
        "gouji_files_detected",
        "gouji_dead_letters",
    }
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")
    # And no publisher, file or address is in them
    for secret in ("濮阳", "平衡", str(stocked.home.settings.data_dir)):
        assert secret not in plain.text


def test_room_is_that_of_a_directory_and_nobody_knows_that_of_a_store(tmp_path: Path) -> None:
    # Given an archive that is a directory, not made yet
    place = tmp_path / "var" / "archive"

    # Then its room is that of the disk where it will be
    found = probes.room(Archive(str(place)))
    assert found is not None
    assert 0 < found <= shutil.disk_usage(tmp_path).total
    # And an object store has none that could be told
    assert probes.room(Archive("s3://bucket/archive")) is None


def test_without_a_database_the_scrape_fails_and_says_no_more(stocked: Console) -> None:
    probe = away(stocked, database_url="postgresql+psycopg://gouji:hunter2@127.0.0.1:1/gouji")
    answer = probe.client.get("/metrics")
    assert answer.status_code == 503
    assert "hunter2" not in answer.text


def test_probes_are_json_that_is_kept_nowhere(stocked: Console) -> None:
    for path in ("/livez", "/readyz"):
        answer = stocked.browser().client.get(path)
        json.loads(answer.text)
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
