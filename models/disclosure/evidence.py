"""Who published a report, and about which year: what each witness says."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from models.disclosure.report import Place


class Source(StrEnum):
    """The witnesses: the first three are printed in the document, the others stand outside it."""

    TITLE = "title"
    TEXT = "text"
    SIGNATURE = "signature"
    PAGE_TITLE = "page_title"
    HINT = "hint"
    FILE_NAME = "file_name"
    URL = "url"


_RANKS: Final = {
    "publisher": (
        Source.TITLE,
        Source.SIGNATURE,
        Source.TEXT,
        Source.PAGE_TITLE,
        Source.HINT,
        Source.FILE_NAME,
    ),
    "year": (
        Source.TITLE,
        Source.TEXT,
        Source.PAGE_TITLE,
        Source.HINT,
        Source.FILE_NAME,
        Source.SIGNATURE,
        Source.URL,
    ),
}
PRINTED: Final = frozenset({Source.TITLE, Source.TEXT, Source.SIGNATURE})


@dataclass(frozen=True, slots=True)
class Claim:
    """One witness's word: what it says ``field`` (``publisher`` or ``year``) is.

    ``raw`` is what it says literally, ``place`` where that stands in the file. A year that is
    only concluded (the signature or the publication is dated the year after) is the conclusion;
    its ``raw`` is the date.
    """

    field: str
    value: str | int
    source: Source
    raw: str
    place: "Place | None" = None

    @property
    def rank(self) -> int:
        """How much it counts for: the claim of the lowest rank, from 1, is believed."""
        return _RANKS[self.field].index(self.source) + 1

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON; a place that is not known is left out."""
        told: dict[str, object] = {
            "field": self.field,
            "value": self.value,
            "source": str(self.source),
            "raw": self.raw,
            "rank": self.rank,
        }
        if self.place is not None:
            told["place"] = self.place.as_dict()
        return told


def believed(claims: Iterable[Claim], field: str) -> Claim | None:
    """Return the claim of the lowest rank, of equals the first; ``None`` without any."""
    about = [claim for claim in claims if claim.field == field]
    return min(about, key=lambda claim: claim.rank, default=None)
