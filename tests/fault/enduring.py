"""The rounds of one stack: some faults, one after another, in one run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet

from tests import budgets
from tests.fault.catalogue import CATALOGUE, endure, rounds_of
from tests.fault.fault import Fault
from tests.fault.stacks import Stack

_AT_ONCE: Final = 5


def rounds() -> list[ParameterSet]:
    """Return the parameters of the rounds."""
    return [
        pytest.param(
            chosen, id=str(chosen[0]) if len(chosen) == 1 else f"{chosen[0]} to {chosen[-1]}"
        )
        for chosen in rounds_of([fault for fault in CATALOGUE if not fault.by_hand], _AT_ONCE)
    ]


def asked_for(stack: type[Stack]) -> None:
    """Skip the test unless this stack is to be broken."""
    if stack.name not in budgets.BROKEN:
        pytest.skip(f"GOUJI_TEST_BROKEN does not name {stack.name}")


def check(directory: Path, stack: Stack, faults: Sequence[Fault]) -> None:
    """Inject what is possible on the stack; nothing may be lost, done twice or wrong."""
    chosen = [fault for fault in faults if fault.possible(stack)]
    if not chosen:
        pytest.skip("not possible on this stack")
    row = endure(directory, stack, chosen)
    assert row.injected >= len(chosen)
    row.accounts.check()
