"""Every fault that is injected, and the way to inject several of them into one run."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.fault import doors, kills, operators, outages, surroundings
from tests.fault.fault import Fault
from tests.fault.stacks import Stack
from tests.fault.trial import Row, Trial

CATALOGUE: Final = tuple(
    fault for kind in (kills, outages, surroundings, doors, operators) for fault in kind.faults()
)


def possible(stack: Stack) -> list[Fault]:
    """Return what can be broken on a stack."""
    return [fault for fault in CATALOGUE if fault.possible(stack)]


def rounds_of(faults: Sequence[Fault], amount: int) -> Iterator[Sequence[Fault]]:
    """Yield so many at once as are injected into one run; what needs surroundings is alone."""
    plain = [fault for fault in faults if fault.plain]
    for start in range(0, len(plain), amount):
        yield plain[start : start + amount]
    yield from ([fault] for fault in faults if not fault.plain)


def endure(
    directory: Path, stack: Stack, faults: Sequence[Fault], *, times: int = 1, seed: int = 1
) -> Row:
    """Inject faults, one after another, into a run that takes in files; return what came of it.

    Args:
        directory: an empty one for the run.
        stack: where it runs.
        faults: what is injected.
        times: how often each is.
        seed: of the files.

    Raises:
        AssertionError: something that was waited for did not come.
    """
    trial = Trial(directory, stack, seed)
    try:
        with ExitStack() as surrounded:
            for fault in faults:
                surrounded.enter_context(fault.around(trial))
            with trial.flowing():
                trial.progress()
                for fault in (fault for fault in faults for _ in range(times)):
                    fault.inject(trial)
            return trial.close(", ".join(fault.name for fault in faults))
    finally:
        trial.running.end()
