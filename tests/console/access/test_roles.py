"""Roles, and who speaks."""

import pytest

from console.access.principal import Principal
from console.access.roles import Role


@pytest.mark.parametrize(
    ("role", "needed", "enough"),
    [
        (Role.VIEWER, Role.VIEWER, True),
        (Role.VIEWER, Role.OPERATOR, False),
        (Role.VIEWER, Role.ADMIN, False),
        (Role.OPERATOR, Role.VIEWER, True),
        (Role.OPERATOR, Role.OPERATOR, True),
        (Role.OPERATOR, Role.ADMIN, False),
        (Role.ADMIN, Role.VIEWER, True),
        (Role.ADMIN, Role.OPERATOR, True),
        (Role.ADMIN, Role.ADMIN, True),
    ],
)
def test_each_role_covers_those_before_it(role: Role, needed: Role, enough: bool) -> None:
    assert Principal("anna", role).may(needed) is enough


def test_a_token_is_told_from_a_user_of_its_name() -> None:
    assert Principal("anna", Role.ADMIN).operator == "anna"
    assert Principal("anna", Role.ADMIN, "token").operator == "token:anna"
