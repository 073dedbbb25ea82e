"""A division, and what is known of where a publisher belongs."""

from dataclasses import dataclass
from typing import Final, NamedTuple

_PROVINCE: Final = 2
_PREFECTURE: Final = 4


class Division(NamedTuple):
    """A province, prefecture or county: its GB/T 2260 code and its name as that list has it.

    ``path`` are the names from the province down, its own last; ``in_force`` tells whether it
    still existed when the list was made.
    """

    code: str
    name: str
    path: tuple[str, ...]
    in_force: bool = True

    @property
    def prefix(self) -> str:
        """What the codes of everything in it begin with: 2, 4 or 6 digits."""
        if self.code.endswith("0000"):
            return self.code[:_PROVINCE]
        return self.code[:_PREFECTURE] if self.code.endswith("00") else self.code

    @property
    def is_county(self) -> bool:
        """Whether it is a county, district, banner or county-level city."""
        return len(self.prefix) > _PREFECTURE

    def within(self, other: "Division") -> bool:
        """Tell whether it lies in another division (none lies in itself)."""
        return self.code != other.code and self.code.startswith(other.prefix)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON."""
        return {"code": self.code, "name": self.name, "path": list(self.path)}


@dataclass(frozen=True, slots=True)
class Located:
    """Where a publisher belongs, by its name.

    ``division`` is what is certain, ``None`` where nothing is. ``ambiguous`` are the divisions
    of one name among which nothing decides. ``unknown`` is a name that is like that of a division
    and is none; ``suggested`` are the divisions whose name is one character off.
    """

    division: Division | None = None
    ambiguous: tuple[Division, ...] = ()
    unknown: str = ""
    suggested: tuple[Division, ...] = ()


NOWHERE: Final = Located()
