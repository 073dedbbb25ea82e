"""Files that do their worst under a real Dramatiq worker: each costs only itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.ledger import AttemptOutcome, State
from tests.processes import is_alive
from tests.worker.house import until
from tests.worker.test_app import Workers, employed

pytestmark = pytest.mark.process

_APP = "tests.worker.isolation.hostile_app"
_SEEDS = sorted((Path(__file__).parents[2] / "data" / "seeds").iterdir())
_POISON = {
    b"loop": "timeout",
    b"c_sleep": "timeout",
    b"memory": "too_large",
    b"segfault": "unreadable",
    b"abort": "unreadable",
    b"exit:0": "unreadable",
    b"fork:away abort": "unreadable",
    b"kill_keeper": "unreadable",
    b"raise:unspeakable": "unreadable",
    b"characters:30000000": "too_large",
}


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.setenv("GOUJI_READING_TIMEOUT", "15")  # reports are read within it beside others
    monkeypatch.setenv("GOUJI_READING_MEMORY", "300000000")
    with employed(tmp_path, grace=3) as built:
        yield built


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="fork"),
        pytest.param(("--use-spawn",), id="spawn", marks=pytest.mark.soak),
    ],
)
def test_poison_costs_only_itself(workers: Workers, options: tuple[str, ...]) -> None:
    # Given reports, each with a file behind it that does its worst
    seeds, poison = [], {}
    for number, (deed, reason) in enumerate(_POISON.items()):
        seed = _SEEDS[number % len(_SEEDS)].read_bytes()
        seeds.append(workers.home.receive(seed + b"\n" * number))
        poison[workers.home.receive(deed)] = reason
        workers.send(*seeds[-1:], *list(poison)[-1:])

    # When the workers run
    workers.start(_APP, *options, threads=2)

    # Then every report is stored and every poison has its reason
    for document_id in seeds:
        workers.becomes(document_id, State.STORED)
    for document_id, reason in poison.items():
        workers.becomes(document_id, State.DEAD)
        assert [letter.reason for letter in workers.home.letters(document_id)] == [reason]

    # and each took one attempt, all by the same process
    attempts = [a for n in (*seeds, *poison) for a in workers.tried(n)]
    assert len(attempts) == len(seeds) + len(poison)
    assert len({attempt.worker for attempt in attempts}) == 1
    crashed = workers.home.attempts(list(poison)[3])[0]
    assert "hostile.py" in (crashed.traceback or "")


def test_sigterm_takes_the_children_along(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given a worker in the middle of a file that hangs
    monkeypatch.setenv("GOUJI_READING_TIMEOUT", "600")
    document_id = workers.home.receive(f"touch_and_sleep:{tmp_path}".encode())
    workers.send(document_id)
    workers.start(_APP)
    until(lambda: list(tmp_path.glob("begun-*")))

    # When it is told to end
    assert workers.master is not None
    workers.master.terminate()
    assert workers.ends() == 0

    # Then the document is given back, and its processes have ended
    outcomes = [attempt.outcome for attempt in workers.home.attempts(document_id)]
    assert outcomes == [AttemptOutcome.RELEASED]
    _, child, keeper = next(tmp_path.glob("begun-*")).name.split("-")
    until(lambda: not any(is_alive(int(pid)) for pid in (child, keeper)))
