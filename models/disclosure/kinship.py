"""Are two names those of one body? Publishers are named in full here and shortly there."""

import re
from collections.abc import Sequence
from typing import Final

from models.disclosure.evidence import PRINTED, Claim, Source, believed
from models.disclosure.publisher import key
from models.divisions.chain import begin
from models.divisions.division import Division

_GOVERNMENT: Final = re.compile(
    r"(?:人民)?(?:政府|行政公署)?(?:党政|综合)?(?:办公室|办公厅|办)?(?:门户)?(?:网站?)?"
)
_OFFICE: Final = re.compile(r"(?:党政|综合)?(?:办公室|办公厅|办)$")
_SHORTEST: Final = 3


def kin(one: str, other: str) -> bool:
    """Tell whether two names may be of one body.

    They are when one holds the other (洛阳市公安局 and 河南省洛阳市公安局, a body and its office),
    or when they name one division and, after it, its government or one body, perhaps in short.
    """
    first, second = _OFFICE.sub("", key(one)), _OFFICE.sub("", key(other))
    if not first or not second or first in second or second in first:
        return True
    (here, body), (there, another) = _parted(first), _parted(second)
    if here and there and not {*here} & {*there}:
        return False
    if _governs(body) and _governs(another):
        return bool(here and there)
    return bool(body and another) and (_shortens(body, another) or _shortens(another, body))


def of_site(name: str, publisher: str) -> bool:
    """Tell whether a name is that of the government whose site holds a publisher's report."""
    (here, body), (there, _) = _parted(key(name)), _parted(key(publisher))
    if not _governs(body):
        return False
    return not there or any(low == high or low.within(high) for low in there for high in here)


def _shortens(short: str, full: str) -> bool:
    """Tell whether a name is another with characters left out (人社局, 人力资源和社会保障局)."""
    rest = iter(full)
    return len(short) >= _SHORTEST and all(character in rest for character in short)


def publisher(claims: Sequence[Claim]) -> Claim | None:
    """Return the claim of the publisher that is believed.

    It is the best witness's, but where no title names any and opening sentence and signature
    name two bodies, whatever stands outside the document decides between them.
    """
    about = [claim for claim in claims if claim.field == "publisher"]
    best = believed(about, "publisher")
    if best is None or best.source is not Source.SIGNATURE or backed(best, about):
        return best
    opening = next((claim for claim in about if claim.source is Source.TEXT), None)
    return opening if opening is not None and backed(opening, about) else best


def backed(claim: Claim, claims: Sequence[Claim]) -> bool:
    """Tell whether anything outside the document names the publisher that a claim does."""
    outside = (one for one in claims if one.field == "publisher" and one.source not in PRINTED)
    return any(kin(str(one.value), str(claim.value)) for one in outside)


def _parted(text: str) -> tuple[tuple[Division, ...], str]:
    start, chain = begin(text)
    if chain is None or chain.weak:
        return (), text[start:]
    return chain.divisions, text[chain.end :]


def _governs(body: str) -> bool:
    return _GOVERNMENT.fullmatch(body) is not None
