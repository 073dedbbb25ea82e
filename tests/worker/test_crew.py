"""The master of the workers speaks for all of them: ready when all work, silent when one hangs."""

import os

from tests.worker.listening import listening
from worker.crew import SILENT_AFTER, Crew
from worker.settings import CREW
from worker.signs import EVERY, Signs, send


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_is_ready_when_every_process_works() -> None:
    with listening() as listener:
        crew = Crew(Signs(listener.address), 2)

        # Given one process of two, however often it reports
        crew.hear("alive 11")
        crew.hear("alive 11")
        assert listener.rest() == []

        # When the other one reports too
        crew.hear("alive 12")

        # Then the master is ready
        assert listener.rest() == ["READY=1"]


def test_one_that_hangs_silences_the_master() -> None:
    clock = Clock()
    with listening() as listener:
        crew = Crew(Signs(listener.address, watchdog=60, clock=clock), 2, clock)
        crew.hear("alive 11")
        crew.hear("alive 12")

        # When one of two says nothing any more
        for _ in range(20):
            clock.now += EVERY
            crew.hear("alive 11")

        # Then the watchdog is told for as long as that may be chance, and not after that
        assert listener.rest() == ["READY=1", *["WATCHDOG=1"] * round(SILENT_AFTER / EVERY)]


def test_one_that_drains_means_that_all_do() -> None:
    with listening() as listener:
        crew = Crew(Signs(listener.address), 1)
        crew.hear("alive 11")
        crew.hear("stopping 11")
        crew.hear("alive 11")
        crew.hear("nonsense")
        assert listener.rest() == ["READY=1", "STOPPING=1"]


def test_reports_come_through_a_socket() -> None:
    with listening() as listener, Crew(Signs(listener.address), 1).listening():
        # Given the address that worker processes inherit
        send(os.environ[CREW], "alive 11")

        # Then what they say arrives
        listener.wait_for("READY=1")
    # And the end is told whatever they said
    assert listener.heard == ["READY=1"]
    assert CREW not in os.environ


def test_where_nobody_asks_nobody_reports() -> None:
    with Crew(Signs(), 1).listening():
        assert CREW not in os.environ
