"""Which provinces and prefectures a witness mentions: what tells apart counties of one name."""

from functools import cache, cached_property
from typing import Final
from urllib.parse import unquote, urlsplit

from models.divisions.characters import simplified
from models.divisions.division import Division
from models.divisions.gazetteer import gazetteer

_LONGEST_TEXT: Final = 20_000
_LENGTHS: Final = (4, 3, 2)
"""Of names without their kind: longer ones begin with a shorter one that tells as much."""


class Mentions:
    """The provinces and prefectures that one witness mentions; found when first asked for."""

    def __init__(self, text: str = "", url: str = "") -> None:
        self._text = text
        self._url = url

    @cached_property
    def divisions(self) -> frozenset[Division]:
        """Every province and prefecture mentioned, by name or, in a host, by pinyin."""
        found = set(_in_text(self._text)) if self._text else set()
        if self._url:
            found |= _in_url(self._url)
        return frozenset(found)

    def narrow(self, candidates: tuple[Division, ...]) -> tuple[Division, ...]:
        """Return the candidates that lie in what is mentioned, in a prefecture before a province.

        Empty when none does.
        """
        for digits in (4, 2):
            known = {one.prefix for one in self.divisions if len(one.prefix) == digits}
            kept = tuple(one for one in candidates if one.code[:digits] in known)
            if kept:
                return kept
        return ()


def _in_text(text: str) -> set[Division]:
    """Look at every place in the text; a county's name there is not its prefecture's (河北区)."""
    names = gazetteer()
    plain = simplified(text[:_LONGEST_TEXT])
    beginnings = _beginnings()
    found: set[Division] = set()
    read = 0
    for at in range(len(plain) - 1):
        if plain[at : at + 2] not in beginnings or at < read:
            continue
        for length in _LENGTHS:
            part = plain[at : at + length]
            known = (*names.named.get(part, ()), *names.short.get(part, ()))
            if known:
                found.update(one for one in known if not one.is_county)
                read = at + length
                break
    return found


@cache
def _beginnings() -> frozenset[str]:
    """Return the first two characters of every name."""
    names = gazetteer()
    return frozenset(name[:2] for name in (*names.named, *names.short))


def _in_url(url: str) -> set[Division]:
    try:
        parts = urlsplit(url)
        labels = (parts.hostname or "").split(".")
    except ValueError:
        return set()
    found = {one for label in labels for one in gazetteer().spelt.get(label, ())}
    return found | _in_text(unquote(parts.path))
