"""Scripts: shellcheck."""

from collections.abc import Iterator
from pathlib import Path

from deploy.check.programs import complaints


def faults(place: Path) -> Iterator[str]:
    """Yield what is wrong with the scripts of the directory."""
    for script in sorted(place.rglob("*.sh")):
        yield from complaints("shellcheck", script.relative_to(place), cwd=place)
