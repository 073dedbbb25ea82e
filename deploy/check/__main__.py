"""``python -m deploy.check``: every check, and what it found."""

import sys
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
    found = []
    for name, faults in CHECKS.items():
        try:
            found += [f"{name}: {fault}" for fault in faults(place)]
        except Missing as missing:
            found.append(f"{name}: {missing}")
    return found


def main(arguments: list[str]) -> int:
    """Check, tell, and return the exit code."""
    place = Path(arguments[0]) if arguments else Path(__file__).parents[1]
    found = check(place.resolve())
    for fault in found:
        print(f"check-deploy: {fault}", file=sys.stderr)
    if not found:
        print(f"check-deploy: {', '.join(CHECKS)}: all is well")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
