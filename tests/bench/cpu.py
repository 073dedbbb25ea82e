"""CPU time: what our processes used, and what everything else on the machine did meanwhile."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.processes import children_of

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of CPU used so far: by each of our parts, and by the whole machine."""

    parts: dict[str, float]
    machine: float

    def since(self, before: "Used") -> "Used":
        """Return what was used in between."""
        parts = {name: used - before.parts[name] for name, used in self.parts.items()}
        return Used(parts, self.machine - before.machine)


def used(parts: Mapping[str, int]) -> Used | None:
    """Return what processes and all below them have used so far; ``None`` without ``/proc``.

    Args:
        parts: a name and the process id of each.
    """
    if not (_PROC / "self" / "stat").exists():
        return None
    found = {name: sum(map(_of, (pid, *below(pid)))) for name, pid in parts.items()}
    return Used(found, _of_machine())


def below(parent: int) -> Iterator[int]:
    """Yield the processes that descend from one and are alive."""
    for child in children_of(parent):
        yield child
        yield from below(child)


def _of(process: int) -> float:
    """Return what a process used, with what its children had used that have ended."""
    try:
        stat = (_PROC / str(process) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has ended: its parent has its time
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return _seconds(sum(map(int, fields[11:15])))  # proc(5): utime, stime, cutime and cstime


def _of_machine() -> float:
    user, nice, system, _idle, _wait, *interrupts = map(int, _first_line().split()[1:8])
    return _seconds(user + nice + system + sum(interrupts))


def _first_line() -> str:
    with (_PROC / "stat").open() as lines:
        return lines.readline()


def _seconds(ticks: int) -> float:
    return ticks / os.sysconf("SC_CLK_TCK")
