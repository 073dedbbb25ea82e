"""``gouji token`` and ``gouji push``."""

import pytest

from models import token
from tests.console.cli.conftest import Place


def test_a_token_is_shown_once_and_counts_until_it_is_revoked(seeded: Place) -> None:
    # When one is made
    secret = seeded.run("token", "create", "crawler").stdout.strip()
    # Then it counts, and only its name is listed
    with seeded.database.reading() as session:
        assert token.holder(session, secret) == "crawler"
    listed = seeded.json("token", "list")
    assert [(row["name"], row["revoked_at"]) for row in listed] == [("crawler", None)]
    assert secret not in seeded.run("token", "list").stdout
    assert secret not in seeded.run("events").stdout
    # When it is revoked
    assert seeded.json("token", "revoke", "crawler") == {"name": "crawler", "revoked": True}
    # Then it does not, and the name stays taken
    with seeded.database.reading() as session:
        assert token.holder(session, secret) is None
    code, error = seeded.error("token", "create", "crawler")
    assert (code, error["code"]) == (5, "name_taken")
    code, error = seeded.error("token", "revoke", "crawler")
    assert code == 3


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 65])
def test_a_token_has_a_name_that_can_be_told(seeded: Place, name: str) -> None:
    code, error = seeded.error("token", "create", name)
    assert (code, error["code"]) == (2, "usage")
    assert "名称须为 1 至 64 个可见字符" in seeded.run("token", "create", name).stderr


def test_pushing_wants_a_source_of_that_kind(seeded: Place) -> None:
    result = seeded.run("push")

    assert result.exit_code == 2
    assert "push" in result.stderr
