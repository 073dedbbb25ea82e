"""What no log may tell: passwords in URLs, tokens, and what a query string gives access with."""

import re
from typing import Any, Final

_HIDDEN: Final = "***"
_USER: Final = re.compile(r"(?<=://)[^/?#\s'\"<>]*@")
_QUERY: Final = re.compile(
    r"(?<=[?&;])((?:[\w-]*[_-])?(?:token|secret|password|passwd|pwd|api_?key|access_?key|signature|sig"
    r"|auth|credentials?|session_?id|jsessionid|phpsessid)=)[^&#\s'\"<>]+",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"\bgouji_[\w-]{20,}|(?<=Bearer )\S+", re.IGNORECASE)


_LEAST: Final = 8
_PARTS: Final = re.compile(r"[^\s/:@?&=#,]+")
_kept: set[str] = set()

# named, as a union that is written where it is used is made anew each time
_NUMBERS: Final = (int, float)
_SEQUENCES: Final = (list, tuple)


def keep(*secrets: str) -> None:
    """Let no log of this process tell these, nor the parts of them that are long enough to be keys.

    For what is a secret as a whole, such as the URL of a webhook.
    """
    for secret in secrets:
        found = {secret, *_PARTS.findall(secret)} - {""}
        _kept.update(part for part in found if len(part) >= _LEAST)


def without_secrets(text: str) -> str:
    """Return text in which URLs have no user, no password and no key to anything, nor tokens."""
    if _kept:
        for secret in sorted(_kept, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
    if "://" in text:
        text = _USER.sub(f"{_HIDDEN}@", text)
    if "=" in text:
        text = _QUERY.sub(rf"\1{_HIDDEN}", text)
    return _TOKEN.sub(_HIDDEN, text) if "gouji_" in text or "earer " in text else text


def without_user(url: str) -> str:
    """Return a URL without user and password: they are nobody's provenance."""
    return _USER.sub("", url, count=1)


def cleaned(value: Any) -> Any:
    """Return what is to be logged (text, and lists and mappings of it) without secrets."""
    if isinstance(value, str):
        return without_secrets(value)
    if value is None or isinstance(value, _NUMBERS):
        return value
    if isinstance(value, dict):
        return {key: cleaned(inner) for key, inner in value.items()}
    if isinstance(value, _SEQUENCES):
        return [cleaned(inner) for inner in value]
    return value
