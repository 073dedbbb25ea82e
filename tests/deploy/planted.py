"""Mistakes that are planted in a copy of deploy/, and what is said of them."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.check.__main__ import found
from deploy.check.programs import FROM, Missing, find
from tests.deploy.running import DEPLOY
from tests.tools import absent

SANDBOX = "systemd/gouji-.service.d/10-common.conf"
PRODUCTION = "kubernetes/overlays/production"


class Mistake(NamedTuple):
    """A mistake: which check sees it, where it is made, what it is, and what is said of it."""

    check: str
    file: str
    right: str
    wrong: str
    told: str


def _in(check: str, file: str, right: str, wrong: str, told: str) -> Mistake:
    return Mistake(check, file, right, wrong, told)


def need_tools() -> None:
    """Skip where a tool is missing, or fail where none may be."""
    for name in FROM:
        try:
            find(name)
        except Missing:
            absent(name)


def copied(place: Path) -> Path:
    """Return a copy of deploy/, without what was made there by hand."""
    ignored = shutil.ignore_patterns("__pycache__", "secrets", "inbox")
    return Path(shutil.copytree(DEPLOY, place / "deploy", ignore=ignored))


def told(place: Path, *mistakes: Mistake) -> list[str]:
    """Make mistakes of one check in a copy of deploy/, and return what the check says."""
    deploy = copied(place)
    for mistake in mistakes:
        path = deploy / mistake.file
        text = path.read_text("utf-8")
        assert mistake.right in text
        path.write_text(text.replace(mistake.right, mistake.wrong), "utf-8")
    return list(found(mistakes[0].check, deploy))


def sampled(mistakes: dict[str, Mistake]) -> list[object]:
    """Return the names for ``parametrize``: always the first that each check sees.

    A check is a few programs, which take their time: the others are for the long run.
    """
    always = {mistake.check: name for name, mistake in reversed(mistakes.items())}.values()
    later = (pytest.param(name, marks=pytest.mark.soak) for name in mistakes if name not in always)
    return [*always, *later]
