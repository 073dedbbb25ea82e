"""Passwords are kept so that nobody gets them back, and told apart from nearly the same."""

import pytest

from console.accounts import passwords
from console.accounts.passwords import Cost, PasswordTooWeak

QUICK = Cost(log_n=4, r=1, p=1)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "政府信息公开工作年度报告密码", "x" * 1024]
)
def test_a_password_matches_itself_alone(password: str) -> None:
    # Given
    kept = passwords.hashed(password, QUICK)

    # Then
    assert passwords.matches(password, kept)
    assert not passwords.matches(password + " ", kept)
    assert not passwords.matches(password[:-1], kept)
    assert not passwords.matches("", kept)
    assert password not in kept


def test_equal_passwords_are_kept_unequally() -> None:
    assert passwords.hashed("correct horse", QUICK) != passwords.hashed("correct horse", QUICK)


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_a_password_that_is_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooWeak):
        passwords.hashed(password, QUICK)


def test_a_password_at_another_cost_still_matches_and_is_outdated() -> None:
    # Given
    kept = passwords.hashed("correct horse", QUICK)

    # Then
    assert passwords.matches("correct horse", kept)
    assert passwords.outdated(kept)
    assert not passwords.outdated(kept, QUICK)


def test_todays_cost_is_what_is_advised() -> None:
    # Source: OWASP Password Storage Cheat Sheet, scrypt
    assert (1 << passwords.COST.log_n, passwords.COST.r, passwords.COST.p) == (2**15, 8, 3)
    assert passwords.hashed("correct horse").startswith("scrypt$15$8$3$")


@pytest.mark.parametrize("kept", ["", "scrypt", "argon2$1$2$3$x$y", passwords.nobodys(QUICK)])
def test_nothing_matches_what_is_no_password(kept: str) -> None:
    assert not passwords.matches("correct horse", kept)
