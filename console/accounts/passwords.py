"""Passwords: scrypt with a salt each, and the cost written beside it.

Source: RFC 7914; the cost follows the OWASP Password Storage Cheat Sheet (N=2^15, r=8, p=3).
"""

import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

SHORTEST: Final = 12
"""Characters. Source: NIST SP 800-63B-4 asks for 8 at least and advises 15."""
LONGEST: Final = 1024

_NAME: Final = "scrypt"
_SALT: Final = 16
_LENGTH: Final = 32


class PasswordTooWeak(ValueError):  # noqa: N818 - it says what is wrong
    """A password is too short, or longer than anybody types."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What scrypt is run with; ``128 * r * 2 ** log_n`` bytes of memory, ``p`` times over."""

    log_n: int = 15
    r: int = 8
    p: int = 3


COST: Final = Cost()
"""What new passwords are hashed with."""


def hashed(password: str, cost: Cost = COST) -> str:
    """Return what is kept of a password: ``scrypt$15$8$3$<salt>$<digest>``.

    Raises:
        PasswordTooWeak: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordTooWeak(f"a password has {SHORTEST} to {LONGEST} characters")
    salt = os.urandom(_SALT)
    return _written(cost, salt, _digest(password, salt, cost))


def matches(password: str, kept: str) -> bool:
    """Tell whether a password is the one that was kept; nothing is like an empty ``kept``."""
    found = _read(kept)
    if found is None or len(password) > LONGEST:
        return False
    cost, salt, digest = found
    return hmac.compare_digest(_digest(password, salt, cost), digest)


def outdated(kept: str, cost: Cost = COST) -> bool:
    """Tell whether a password was hashed at another cost than today's."""
    found = _read(kept)
    return found is not None and found[0] != cost


def nobodys(cost: Cost = COST) -> str:
    """Return what a password is compared with where there is no user: it takes as long."""
    return _written(cost, bytes(_SALT), bytes(_LENGTH))


def _digest(password: str, salt: bytes, cost: Cost) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=1 << cost.log_n,
        r=cost.r,
        p=cost.p,
        maxmem=256 * cost.r * (1 << cost.log_n),
        dklen=_LENGTH,
    )


def _written(cost: Cost, salt: bytes, digest: bytes) -> str:
    parts = (
        _NAME,
        cost.log_n,
        cost.r,
        cost.p,
        b64encode(salt).decode(),
        b64encode(digest).decode(),
    )
    return "$".join(map(str, parts))


def _read(kept: str) -> tuple[Cost, bytes, bytes] | None:
    parts = kept.split("$")
    if len(parts) != 6 or parts[0] != _NAME:
        return None
    return Cost(*map(int, parts[1:4])), b64decode(parts[4]), b64decode(parts[5])
