"""``python -m tests.fault``: every fault on every stack, as a table."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.fault.catalogue import endure, possible, rounds_of
from tests.fault.fault import Fault
from tests.fault.stacks import STACKS, Stack
from tests.fault.trial import Row

_HEAD = ("fault", "stack", "injected", "documents", "in flight", "lost", "doubled", "wrong", "s")


def main() -> int:
    """Print a line for each fault; the exit code is 1 where one was not endured."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault", description=__doc__)
    parser.add_argument("--stack", action="append", choices=[stack.name for stack in STACKS])
    parser.add_argument("--only", default="", help="faults whose name holds this")
    parser.add_argument("--without", help="no faults whose name holds this")
    parser.add_argument("--together", type=int, default=1, help="so many faults in one run")
    parser.add_argument("--times", type=int, default=1, help="how often each is injected")
    chosen = parser.parse_args()
    print("|", " | ".join(_HEAD), "|\n" + "|---" * len(_HEAD) + "|", flush=True)
    rows = list(_rows(chosen))
    done = [row for row in rows if row is not None]
    injected, documents = sum(row.injected for row in done), sum(row.documents for row in done)
    print(f"\n{injected} faults, {documents} documents, {len(rows) - len(done)} failed")
    return 0 if len(done) == len(rows) and all(row.accounts.balanced for row in done) else 1


def _rows(chosen: argparse.Namespace) -> Iterator[Row | None]:
    for kind in STACKS:
        if chosen.stack and kind.name not in chosen.stack:
            continue
        with kind().up() as stack:
            wanted = [fault for fault in possible(stack) if _wanted(fault.name, chosen)]
            for seed, faults in enumerate(rounds_of(wanted, chosen.together), 1):
                yield _row(stack, faults, chosen.times, seed)


def _row(stack: Stack, faults: Sequence[Fault], times: int, seed: int) -> Row | None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            row = endure(Path(folder) / "run", stack, faults, times=times, seed=seed)
        except AssertionError as error:
            names = ", ".join(fault.name for fault in faults)
            print(f"| {names} | {stack.name} | FAILED: {error} |", flush=True)
            return None
    _show(row)
    return row


def _wanted(name: str, chosen: argparse.Namespace) -> bool:
    return chosen.only in name and not (chosen.without and chosen.without in name)


def _show(row: Row) -> None:
    found = row.accounts
    cells = (row.faults, row.stack, row.injected, row.documents, row.in_flight)
    counts = (len(found.lost), len(found.doubled), len(found.wrong), row.recovery)
    print("|", " | ".join(map(str, (*cells, *counts))), "|", flush=True)
    if not found.balanced:
        print(found, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
