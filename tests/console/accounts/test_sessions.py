"""Sessions: only a digest is kept, and they end when they should."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from console.access.roles import Role
from console.accounts import passwords, sessions, users
from console.accounts.passwords import Cost
from models.base import now
from models.event import Event
from models.user import User, UserSession
from tests.worker.house import House, house

PASSWORD = "correct horse battery"  # noqa: S105
QUICK = Cost(log_n=4, r=1, p=1)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    hashed = passwords.hashed
    monkeypatch.setattr(passwords, "hashed", lambda text: hashed(text, QUICK))
    with house(tmp_path) as built:
        with built.database.transaction() as session:
            users.add(session, "anna", PASSWORD, Role.OPERATOR, by="root")
        yield built


def begin(home: House) -> str:
    token = sessions.log_in(home.database, "anna", PASSWORD)
    assert token is not None
    return token


def test_a_session_tells_who_it_is_and_the_database_cannot_forge_it(home: House) -> None:
    # When somebody logs in
    token = begin(home)

    # Then the session is theirs, and what is kept is not what the browser has
    assert sessions.holder(home.database, token) == sessions.LoggedIn("anna", Role.OPERATOR)
    with home.database.reading() as session:
        [kept] = session.scalars(select(UserSession.sha256))
    assert token not in kept
    assert sessions.holder(home.database, kept) is None


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong horse battery"), ("nobody", PASSWORD), ("", "")]
)
def test_a_wrong_name_or_password_begins_nothing(home: House, name: str, password: str) -> None:
    assert sessions.log_in(home.database, name, password) is None
    assert home.count(UserSession) == 0


@pytest.mark.parametrize(
    "ending",
    [
        lambda session: users.change_password(session, "anna", PASSWORD + "2", by="root"),
        lambda session: users.disable(session, "anna", by="root"),
        lambda session: users.remove(session, "anna", by="root"),
    ],
    ids=["password", "disabled", "removed"],
)
def test_what_changes_a_user_ends_their_sessions(
    home: House, ending: Callable[[object], None]
) -> None:
    # Given
    token = begin(home)

    # When
    with home.database.transaction() as session:
        ending(session)

    # Then
    assert sessions.holder(home.database, token) is None
    assert home.count(UserSession) == 0
    assert sessions.log_in(home.database, "anna", PASSWORD) is None


@pytest.mark.parametrize(
    ("column", "ago"),
    [("expires_at", timedelta(seconds=1)), ("seen_at", sessions.RESTS + timedelta(minutes=1))],
)
def test_a_session_ends_by_itself(home: House, column: str, ago: timedelta) -> None:
    # Given
    token = begin(home)

    # When time has passed
    with home.database.transaction() as session:
        session.execute(update(UserSession).values({column: now() - ago}))

    # Then
    assert sessions.holder(home.database, token) is None


def test_use_is_noted_and_keeps_a_session_alive(home: House) -> None:
    # Given a session that was last used a while ago
    token = begin(home)
    before = now() - timedelta(hours=1)
    with home.database.transaction() as session:
        session.execute(update(UserSession).values(seen_at=before))

    # When it is used
    assert sessions.holder(home.database, token) is not None

    # Then that is noted
    with home.database.reading() as session:
        [seen] = session.scalars(select(UserSession.seen_at))
    assert seen > before + timedelta(minutes=30)


def test_an_older_cost_is_replaced_at_the_next_log_in(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a password kept at another cost than today's
    with home.database.reading() as session:
        [before] = session.scalars(select(User.password))
    monkeypatch.setattr(passwords, "outdated", lambda kept: kept == before)

    # When its user logs in
    begin(home)

    # Then it is kept anew, and still theirs
    with home.database.reading() as session:
        [after] = session.scalars(select(User.password))
    assert after != before
    assert passwords.matches(PASSWORD, after)


def test_names_are_not_given_twice(home: House) -> None:
    # Given one who was removed
    with home.database.transaction() as session:
        users.remove(session, "anna", by="root")

    # Then nobody else gets the name that stands in the audit trail
    with pytest.raises(users.NameTaken), home.database.transaction() as session:
        users.add(session, "anna", PASSWORD, Role.ADMIN, by="root")


def test_the_timeline_tells_who_did_what_to_users_and_no_password(home: House) -> None:
    # When
    begin(home)
    with home.database.transaction() as session:
        users.change_role(session, "anna", Role.VIEWER, by="root")

    # Then
    with home.database.reading() as session:
        events = list(session.scalars(select(Event).order_by(Event.id)))
    assert [event.name for event in events] == ["user.added", "user.logged_in", "user.role_changed"]
    assert not [event for event in events if PASSWORD in str(event.data)]
    assert events[0].data["operator"] == "root"
