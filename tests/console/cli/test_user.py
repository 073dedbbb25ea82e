"""``gouji user``: who may use the web console."""

from typing import Any

import orjson
import pytest

from console.access.roles import Role
from console.accounts import passwords, sessions
from console.accounts.passwords import Cost
from console.accounts.sessions import LoggedIn
from tests.console.cli.conftest import Place

PASSWORD = "correct horse battery staple"  # noqa: S105
OTHER = "another horse, other staples"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords quickly: what they cost is tried elsewhere."""
    hashed, quick = passwords.hashed, Cost(log_n=4, r=1, p=1)
    monkeypatch.setattr(passwords, "hashed", lambda text: hashed(text, quick))


def given(place: Place, *arguments: str, password: str = PASSWORD) -> Any:
    """Run a command that asks for a password, and return what it says as JSON."""
    result = place.run("user", *arguments, "--json", input=f"{password}\n")
    return orjson.loads(result.stdout)


def test_a_user_from_being_added_to_being_removed(place: Place) -> None:
    # Given nobody, when one is added
    assert place.json("user", "list") == []
    assert given(place, "add", "李雷", "--role", "viewer") == {"name": "李雷", "done": "added"}

    # Then they can log in, and their password is nowhere
    session = sessions.log_in(place.database, "李雷", PASSWORD)
    assert session is not None
    assert sessions.holder(place.database, session) == LoggedIn("李雷", Role.VIEWER)
    logs = "".join(one.read_text("utf-8") for one in (place.root / "var/logs").iterdir())
    for said in (place.run("user", "list").stdout, place.run("events", "--json").stdout, logs):
        assert PASSWORD not in said
    assert "user.added" in logs

    # When they may do more, then their session does too
    place.json("user", "role", "李雷", "admin")
    assert sessions.holder(place.database, session) == LoggedIn("李雷", Role.ADMIN)

    # When they get another password, then they have to log in with that
    given(place, "passwd", "李雷", password=OTHER)
    assert sessions.holder(place.database, session) is None
    assert sessions.log_in(place.database, "李雷", PASSWORD) is None
    session = sessions.log_in(place.database, "李雷", OTHER)
    assert session is not None

    # When they are disabled, then they are out, until they are enabled
    place.json("user", "disable", "李雷", "--yes")
    assert sessions.holder(place.database, session) is None
    assert sessions.log_in(place.database, "李雷", OTHER) is None
    (row,) = place.json("user", "list")
    assert row["disabled_at"] is not None
    place.json("user", "enable", "李雷")
    assert sessions.log_in(place.database, "李雷", OTHER) is not None

    # When they are removed, then for good, and nobody else gets their name
    place.json("user", "remove", "李雷", "--yes")
    assert sessions.log_in(place.database, "李雷", OTHER) is None
    assert place.json("user", "list") == []
    assert given(place, "add", "李雷")["error"]["code"] == "name_taken"
    assert place.error("user", "enable", "李雷")[0] == 3


def test_the_last_user_goes_only_after_it_was_said_what_that_means(place: Place) -> None:
    # Given two, of whom one goes without a question, for people in a line
    given(place, "add", "李雷")
    given(place, "add", "韩梅梅")
    assert place.run("user", "remove", "韩梅梅").stdout == "已删除 removed: 韩梅梅\n"

    # When the last is to be disabled, then what that means is told, and nothing is done
    code, error = place.error("user", "disable", "李雷")
    assert (code, error["code"]) == (2, "last_user")
    assert "nobody can" in error["message"]
    assert error["hint"] == "gouji user disable 李雷 --yes"

    # And so it is with removing: the console would be open again
    code, error = place.error("user", "remove", "李雷")
    assert (code, error["code"]) == (2, "last_user")
    assert "without a password" in error["message"]
    assert [row["disabled_at"] for row in place.json("user", "list")] == [None]

    # But with --yes it is done
    place.json("user", "disable", "李雷", "--yes")
    place.json("user", "remove", "李雷", "--yes")
    assert place.json("user", "list") == []


@pytest.mark.parametrize("command", [["role", "admin"], ["disable"], ["enable"], ["remove"]])
def test_who_is_not_there_is_told(place: Place, command: list[str]) -> None:
    name, *rest = command
    code, error = place.error("user", name, "韩梅梅", *rest)
    assert code == 3
    assert "韩梅梅" in error["message"]
    assert error["hint"] == "gouji user list"


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("a b", PASSWORD, "unusable"),
        ("a\tb", PASSWORD, "unusable"),
        ("", PASSWORD, "unusable"),
        ("李雷", "short", "unusable"),
        ("李雷", "", "unusable"),
    ],
)
def test_what_cannot_be_a_user_is_refused(
    place: Place, name: str, password: str, code: str
) -> None:
    assert given(place, "add", name, password=password)["error"]["code"] == code
    assert place.json("user", "list") == []


def test_for_people_they_are_listed_in_both_languages(place: Place) -> None:
    given(place, "add", "李雷")
    listed = place.run("user", "list").stdout
    assert listed.split()[:8] == [
        "名称",
        "角色",
        "建于",
        "停用于",
        "Name",
        "Role",
        "Created",
        "Disabled",
    ]
    assert "operator" in listed
