"""How much a file may hold: what is drawn in it decides how long it takes to read."""

from dataclasses import dataclass, field
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused

MOST_PAGES: Final = 2_000
_MOST_CHARACTERS: Final = 800_000
_MOST_ON_A_PAGE: Final = 150_000
_MOST_OBJECTS: Final = 400_000
_MOST_CROSSINGS: Final = 2_000_000
"""Of ruling lines; a page of table 三 has about 300."""


@dataclass(slots=True)
class Allowance:
    """How many characters, drawn objects and crossings of ruling lines a file may still hold.

    A character takes about 10 µs and 400 bytes, an object 2 µs, a crossing 3 µs: a file that
    takes all of them is read in about 15 s within 500 MB.
    """

    characters: int = _MOST_CHARACTERS
    objects: int = _MOST_OBJECTS
    crossings: int = _MOST_CROSSINGS
    _whole: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._whole = self.characters, self.objects, self.crossings

    def take(self, *, characters: int = 0, objects: int = 0, crossings: int = 0) -> None:
        """Take what one page holds.

        Raises:
            Refused: ``too_large`` when nothing is left, or the page alone holds too much.
        """
        if characters > _MOST_ON_A_PAGE:
            raise _too_large(_MOST_ON_A_PAGE, "characters on one page")
        self.characters -= characters
        self.objects -= objects
        self.crossings -= crossings
        if self.characters < 0:
            raise _too_large(self._whole[0], "characters")
        if self.objects < 0:
            raise _too_large(self._whole[1], "drawn objects")
        if self.crossings < 0:
            raise _too_large(self._whole[2], "crossings of lines")


def _too_large(most: int, what: str) -> Refused:
    return Refused(Reason.TOO_LARGE, f"the file has more than {most:,} {what}")
