"""A few of many cases at the desk, all of them in CI."""

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int) -> list[Any]:
    """Return cases for ``parametrize``: the first and then one in ``every``; the rest is soak.

    Args:
        cases: values, tuples of values where a test has several parameters, or ``pytest.param``.
        every: so many cases there are to one of the default run.
    """
    return [case if at % every == 0 else _soak(case) for at, case in enumerate(cases)]


def _soak(case: Any) -> Any:
    values = case if isinstance(case, tuple) and not hasattr(case, "marks") else (case,)
    if hasattr(case, "marks"):
        return pytest.param(*case.values, id=case.id, marks=(*case.marks, pytest.mark.soak))
    return pytest.param(*values, marks=pytest.mark.soak)
