"""A thousand hostile files through real workers, with good ones in between."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from models.ledger import State
from tests import budgets
from tests.hostile.corpus import many
from tests.worker.house import until
from tests.worker.test_app import Workers, employed

pytestmark = [pytest.mark.process, pytest.mark.soak]

_HOSTILE = budgets.HOSTILE
_GOOD_EVERY = 20
_ROUNDS = 5
_SEED = min((Path(__file__).parents[1] / "data" / "seeds").iterdir()).read_bytes()


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.setenv("GOUJI_READING_TIMEOUT", "200")  # other tests run beside
    with employed(tmp_path) as built:
        yield built


def _family(pid: int) -> list[int]:
    """The process and all that came of it."""
    children: list[str] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has just ended
            children += path.read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident(pid: int) -> float:
    """Megabytes of memory that the whole family holds for itself."""
    total = 0
    for one in _family(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has just ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))
    return total / 1000


def test_memory_stays_flat_and_good_reports_are_stored(workers: Workers) -> None:
    # Given workers that have been busy, and hostile files with good reports between them
    workers.start("worker.app")
    good: list[int] = []
    hostile: list[int] = []
    held: list[float] = []
    files = iter(many(_HOSTILE))
    for number in range(_HOSTILE):
        _, data = next(files)
        hostile.append(workers.home.receive(data))
        workers.send(hostile[-1])
        if number % _GOOD_EVERY == 0:
            good.append(workers.home.receive(_SEED + b"\n" * len(good)))
            workers.send(good[-1])
        if (number + 1) % (_HOSTILE // _ROUNDS) == 0:
            # When they have been worked off, measured now and then
            until(lambda: workers.inbox.outstanding() == 0, 1200, workers.data_dir / "work.log")
            assert workers.master is not None
            held.append(_resident(workers.master.pid))

    # Then every good one is stored, and every hostile one a dead letter with a reason
    assert {workers.home.document(document_id).state for document_id in good} == {State.STORED}
    for document_id in hostile:
        assert workers.home.document(document_id).state == State.DEAD
        (letter,) = workers.home.letters(document_id)
        assert letter.reason not in ("crash_loop", "storage_error", "timeout")
        assert letter.message

    # and what the workers hold does not grow with what they have read
    assert max(held[1:]) < held[0] * 1.2 + 20, held
