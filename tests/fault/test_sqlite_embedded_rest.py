"""The faults that ``test_sqlite_embedded`` leaves out: two processes take a file each."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fault.enduring import asked_for, check, rounds
from tests.fault.fault import Fault
from tests.fault.stacks import Embedded, Stack

pytestmark = [pytest.mark.process, pytest.mark.soak]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    asked_for(Embedded)
    with Embedded().up() as stack:
        yield stack


@pytest.mark.parametrize("faults", rounds()[1::2])
def test_nothing_is_lost_doubled_or_wrong(
    tmp_path: Path, stack: Stack, faults: Sequence[Fault]
) -> None:
    check(tmp_path / "run", stack, faults)
