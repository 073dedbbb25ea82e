"""``python -m tests.fault``: every fault on every stack, as a table."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fault.catalogue import CATALOGUE, run
from tests.fault.stacks import STACKS
from tests.fault.trial import Row, Trial

_HEAD = ("fault", "stack", "injected", "documents", "in flight", "lost", "doubled", "wrong", "s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fault", description=__doc__)
    parser.add_argument("--stack", action="append", choices=[stack.name for stack in STACKS])
    parser.add_argument("--only", default="", help="faults whose name holds this")
    parser.add_argument("--times", type=int, help="how often each is injected")
    chosen = parser.parse_args()
    print("|", " | ".join(_HEAD), "|\n" + "|---" * len(_HEAD) + "|", flush=True)
    rows: list[Row] = []
    for kind in STACKS:
        if chosen.stack and kind.name not in chosen.stack:
            continue
        with kind() as stack:
            for number, fault in enumerate(CATALOGUE, 1):
                if chosen.only in fault.name and stack.name in fault.stacks:
                    with tempfile.TemporaryDirectory() as folder:
                        trial = Trial(Path(folder), stack, number)
                        try:
                            run(fault, trial, chosen.times)
                            rows.append(trial.close(fault.name))
                        except AssertionError as error:
                            print(f"| {fault.name} | {stack.name} | FAILED: {error} |", flush=True)
                            continue
                        finally:
                            trial.running.end()
                    _show(rows[-1])
    injected, documents = (sum(getattr(row, name) for row in rows) for name in ("injected", "documents"))
    print(f"\n{injected} faults, {documents} documents")
    return 0 if all(row.accounts.balanced for row in rows) else 1


def _show(row: Row) -> None:
    found = row.accounts
    cells = (row.fault, row.stack, row.injected, row.documents, row.in_flight)
    counts = (len(found.lost), len(found.doubled), len(found.wrong), row.recovery)
    print("|", " | ".join(map(str, (*cells, *counts))), "|", flush=True)
    if not found.balanced:
        print(found, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
