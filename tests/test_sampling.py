"""A few of many cases are tried at the desk, and none is lost."""

from typing import Any

import pytest

from tests.sampling import sampled


def is_soak(case: Any) -> bool:
    return any(mark.name == "soak" for mark in getattr(case, "marks", ()))


def test_one_in_so_many_runs_by_default_and_every_case_is_there() -> None:
    # When one in three is to be tried
    cases = sampled(range(7), 3)

    # Then the first and each third after it are, and the rest is there for CI
    assert [case for case in cases if not is_soak(case)] == [0, 3, 6]
    assert [case.values for case in cases if is_soak(case)] == [(1,), (2,), (4,), (5,)]


def test_what_a_case_has_of_its_own_is_kept() -> None:
    # Given values of several parameters, and one with an id and a mark
    marked = pytest.param("c", 3, id="third", marks=pytest.mark.process)

    # When all but the first are left to CI
    _, second, third = sampled([("a", 1), ("b", 2), marked], 3)

    # Then they are as they were
    assert (second.values, is_soak(second)) == (("b", 2), True)
    assert (third.values, third.id, is_soak(third)) == (("c", 3), "third", True)
    assert {mark.name for mark in third.marks} == {"process", "soak"}
