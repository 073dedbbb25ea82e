"""Very many small files at once: each comes to its end, and the watcher's memory stays flat."""

from pathlib import Path

import pytest

from tests.bench.burst import contents, run, told
from tests.budgets import BURST

_SLACK = 40.0
"""MB that a watcher may grow by once it has begun to work: batches, not files, are in memory."""


def test_all_but_duplicates_differ() -> None:
    found = [data for _, data in contents(50)]
    assert len(set(found)) == 45
    assert len({name for name, _ in contents(50)}) == 50


@pytest.mark.process
@pytest.mark.soak
def test_every_file_comes_to_its_end_and_memory_stays_flat(tmp_path: Path) -> None:
    # When very many files are dropped
    burst = run(tmp_path, BURST)

    # Then every one is stored, a duplicate, or dead
    assert burst.wrong == [], burst.states
    assert set(burst.states) == {"stored", "duplicate", "dead"}
    assert sum(burst.states.values()) == BURST

    # And the watcher was no larger at its largest than when it had begun
    begun = next(moment for moment in burst.curve if moment.arrived > 0)
    grown = max(moment.resident["watch"] for moment in burst.curve) - begun.resident["watch"]
    assert grown < _SLACK, list(told(burst))
