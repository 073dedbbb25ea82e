"""Many work together, or one alone."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.worker.house import until
from worker.company import Company


class Worker(threading.Thread):
    """A thread that comes in, stays until it is let go, and can be asked whether it is in."""

    def __init__(self, way: AbstractContextManager[None]) -> None:
        super().__init__(daemon=True)
        self.inside, self._leave, self._way = threading.Event(), threading.Event(), way

    def run(self) -> None:
        with self._way:
            self.inside.set()
            self._leave.wait(30)

    def leave(self) -> None:
        self._leave.set()
        self.join(30)


@contextmanager
def coming(way: AbstractContextManager[None]) -> Iterator[Worker]:
    worker = Worker(way)
    worker.start()
    try:
        yield worker
    finally:
        worker.leave()


def test_many_work_together() -> None:
    # Given one who works, when another comes, then both are in
    company = Company()
    with coming(company.together()) as first, coming(company.together()) as second:
        assert first.inside.wait(30)
        assert second.inside.wait(30)


def test_one_works_alone_and_goes_before_newcomers() -> None:
    # Given one who works, one who wants to be alone, and a newcomer
    company = Company()
    with coming(company.together()) as first:
        assert first.inside.wait(30)
        with coming(company.alone()) as alone:
            until(lambda: company._waiting == 1)
            with coming(company.together()) as newcomer:
                assert not alone.inside.is_set()

                # When the first has left, then the one is alone
                first.leave()
                assert alone.inside.wait(30)
                assert not newcomer.inside.is_set()

                # And the newcomer comes after it
                alone.leave()
                assert newcomer.inside.wait(30)


def test_two_who_want_to_be_alone_are_so_in_turn() -> None:
    # Given one who is alone, when another wants to be, then it is when the first has left
    company = Company()
    with coming(company.alone()) as first:
        assert first.inside.wait(30)
        with coming(company.alone()) as second:
            until(lambda: company._waiting == 1)
            assert not second.inside.is_set()
            first.leave()
            assert second.inside.wait(30)
