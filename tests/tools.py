"""Programs that make files for the tests: where one is missing a test is skipped, but not in CI."""

import os
import shutil

import pytest


def absent(what: str) -> None:
    """Skip the test for want of something; in CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed")


def need(*names: str) -> str:
    """Return the first of the programs that is there; skip the test when none is.

    In CI the name is returned all the same: the test fails when it runs it.
    """
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and not os.environ.get("CI"):
        pytest.skip(f"{names[0]} is not installed")
    return found or names[0]
