"""What a fault is: a way to break something while files come in, and where that can be done."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from tests.fault.stacks import Stack
from tests.fault.trial import Trial


def _everywhere(_stack: Stack) -> bool:
    return True


def _as_it_is(_trial: Trial) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to break something.

    ``inject`` breaks it once in a run that takes in files, and lets it heal; ``around`` is entered
    before the run starts and left when it has ended; ``possible`` tells on which stacks it can be.
    One ``by_hand`` is in the table of ``python -m tests.fault`` alone: it has not been injected
    often enough yet to tell a fault of ours from one of the test.
    """

    name: str
    inject: Callable[[Trial], None]
    around: Callable[[Trial], AbstractContextManager[None]] = _as_it_is
    possible: Callable[[Stack], bool] = _everywhere
    by_hand: bool = False

    @property
    def plain(self) -> bool:
        """Whether it can be injected into any run."""
        return self.around is _as_it_is

    def __str__(self) -> str:
        return self.name
