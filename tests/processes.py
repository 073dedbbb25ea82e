"""Processes of the system, by number: which live, and which are below others."""

import os
from pathlib import Path


def children_of(parent: int) -> dict[int, list[str]]:
    """Return the children of a process that are alive, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == parent and fields[0] != "Z":
                found[int(entry.name)] = [os.fsdecode(word) for word in words]
    return found


def descendants_of(parent: int) -> list[int]:
    """Return the processes below one, however deep; once it is dead they are nobody's below it."""
    return [pid for child in children_of(parent) for pid in (child, *descendants_of(child))]


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and not only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
