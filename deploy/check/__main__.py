"""``python -m deploy.check``: every check, and what it found."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.check import cluster, compose, image, monitoring, scripts, units
from deploy.check.programs import Missing

CHECKS: Final = {
    "image": image.faults,
    "compose": compose.faults,
    "systemd": units.faults,
    "kubernetes": cluster.faults,
    "monitoring": monitoring.faults,
    "scripts": scripts.faults,
}
"""Each takes the directory and yields what is wrong there."""


def check(place: Path) -> list[str]:
    """Return every fault of a directory, each with the name of its check."""
    return [fault for name in CHECKS for fault in found(name, place)]


def found(name: str, place: Path) -> Iterator[str]:
    """Yield what one check finds; where a mistake stops it, also that it went no further."""
    try:
        for fault in CHECKS[name](place):
            yield f"{name}: {fault}"
    except Missing as missing:
        yield f"{name}: {missing}"
    # what else a mistake breaks is not foreseen: a key that is gone, a number that is none
    except Exception as error:  # noqa: BLE001
        yield f"{name}: goes no further: {type(error).__name__}: {error}"


def main(arguments: list[str]) -> int:
    """Check, tell, and return the exit code."""
    place = Path(arguments[0]) if arguments else Path(__file__).parents[1]
    faults = check(place.resolve())
    for fault in faults:
        print(f"check-deploy: {fault}", file=sys.stderr)
    if not faults:
        print(f"check-deploy: {', '.join(CHECKS)}: all is well")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
