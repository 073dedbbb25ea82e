"""While gouji runs, is killed and goes on, what is under way is no discrepancy."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.verification.discrepancy import Verification
from console.verification.look import Patience, Wishes
from console.verification.verify import verify
from tests.console.verification.site import AT_REST
from tests.fault.material import drop, material, move_in_whole
from tests.fault.running import Running, until

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]
_PATIENT = Wishes(patience=Patience(under_way=120.0))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.end()


@pytest.mark.soak
def test_what_is_under_way_is_no_discrepancy(running: Running) -> None:
    # Given gouji at work, and a worker that is killed in the middle of it
    files = material(random.Random(4), 40)
    running.start()
    drop(files[:20], running.inbox)
    looks = [look(running)]
    until(lambda: running.finished() > 0, 120, running.story)
    os.kill(running.worker_processes()[0], signal.SIGKILL)
    files[20:] = move_in_whole(files[20:], running.inbox, running.directory, "整批")

    # When it is looked at again and again until it is done
    deadline = time.monotonic() + 400
    while not running.at_rest(len(files)):
        assert time.monotonic() < deadline, running.story()
        looks.append(look(running))

    # Then never was anything found, and everything was looked at each time
    assert [found.discrepancies for found in looks if found.counts] == []
    assert all(found.complete for found in looks), [found.unseen for found in looks]

    # And in the end nothing is under way any more either
    found = verify(running.settings, AT_REST)
    assert (found.discrepancies, found.complete) == ([], True)
    assert found.looked_at["documents"] > 0


def look(running: Running) -> Verification:
    return verify(running.settings, _PATIENT)
