"""The steps that build the image, executed outside of one: other paths, and no apt."""

import os
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.check import image
from tests.deploy.running import DEPLOY, Place

pytestmark = [pytest.mark.process, pytest.mark.soak]

_ROOT: Final = DEPLOY.parent
_WITHIN: Final = 900


def test_the_steps_of_the_build_make_a_gouji_that_runs_and_nothing_that_builds(
    tmp_path: Path,
) -> None:
    # Given the first stage of the Dockerfile, with the smallest lock
    place = Place({"/opt/tools": tmp_path / "tools", "/opt/gouji": tmp_path / "gouji"}, {})
    source = tmp_path / "src"
    source.mkdir()
    build, _ = image.stages((DEPLOY / image.NAME).read_text("utf-8"))
    environment = {**os.environ, **image.variables(build), "LOCKS": ""}

    # When each step is executed
    for step in build:
        if step.name == "COPY":
            *names, target = step.rest.split()
            _copy(names, source / target)
        elif step.name == "RUN" and "apt-get" not in step.rest:
            done = subprocess.run(
                ["/bin/sh", "-c", place.here(step.rest)],
                cwd=source,
                env=environment,
                capture_output=True,
                text=True,
                timeout=_WITHIN,
                check=False,
            )
            assert done.returncode == 0, f"{step.rest}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"

    # Then what goes into the last stage runs by itself
    gouji = tmp_path / "gouji" / "bin" / "gouji"
    shown = subprocess.run([gouji, "--help"], cwd=tmp_path, capture_output=True, check=True)
    assert "勾稽".encode() in shown.stdout
    # And has nothing that builds or installs
    (packages,) = (tmp_path / "gouji").glob("lib/*/site-packages")
    assert {"worker", "console", "models", "watcher"} <= {path.name for path in packages.iterdir()}
    assert _unasked(packages) <= {"packaging"}  # which the larger locks need


def _unasked(packages: Path) -> set[str]:
    """Return the distributions there that gouji does not come to ask for."""
    there: dict[str, list[Requirement]] = {
        canonicalize_name(one.metadata["Name"]): [Requirement(said) for said in one.requires or ()]
        for one in metadata.distributions(path=[str(packages)])
    }
    asked, left = set[str](), [("gouji", "")]
    while left:
        name, extra = left.pop()
        asked.add(name)
        for requirement in there.get(name, ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                found = canonicalize_name(requirement.name)
                if found not in asked:
                    left += [(found, extra) for extra in ("", *requirement.extras)]
    return set(there) - asked


def _copy(names: list[str], target: Path) -> None:
    for name in names:
        origin = _ROOT / name
        if origin.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(origin, target, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy(origin, target)
