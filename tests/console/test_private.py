"""The data directory is for one user alone, whatever the umask, and whoever made it."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from console.backup import back_up
from console.checkup import Verdict, checkup
from console.restore import restore
from console.samples import samples
from console.service import make_private, prepare
from models import migrations
from tests.fault.running import Running
from worker.settings import Settings


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Return what anybody but its owner may do something with; what runs deletes meanwhile."""
    found = []
    for place, _, names in os.walk(folder):
        for path in (Path(place), *(Path(place) / name for name in names)):
            with suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if mode & 0o077 and not stat.S_ISLNK(mode):
                    found.append(f"{path}: {mode:o}")
    return found


@pytest.mark.process
@pytest.mark.soak
def test_a_run_leaves_nothing_that_others_can_reach(tmp_path: Path, no_umask: None) -> None:
    # Given a gouji that runs without any umask, until it has stored and refused something
    running = Running(tmp_path)
    try:
        running.start("--samples")
        running.wait_until_at_rest(len(samples()), 120)
        while_running = open_to_others(running.data)
        back_up(running.settings, tmp_path / "backup", None)
        assert running.stop() == 0
    finally:
        running.end()
    # Then nothing of it can be reached by others, nor of a backup, nor of what is restored
    assert while_running == []
    assert open_to_others(running.data) == []
    assert open_to_others(tmp_path / "backup") == []
    shutil.rmtree(running.data)
    restore(running.settings, tmp_path / "backup")
    assert open_to_others(running.data) == []


def test_a_directory_that_was_there_is_mended(tmp_path: Path, no_umask: None) -> None:
    # Given a data directory as an older version, or a careless hand, left it
    settings = Settings(data_dir=tmp_path / "var", inbox=tmp_path / "inbox")
    settings.data_dir.mkdir(mode=0o755)
    (settings.data_dir / "archive").mkdir(mode=0o775)
    (settings.data_dir / "gouji.db").touch(0o644)
    (settings.data_dir / "link").symlink_to(tmp_path)
    before = tmp_path.stat().st_mode
    assert doctor(settings) == (Verdict.WARN, f"chmod -R go= {settings.data_dir}")
    # When it is prepared
    prepare(settings)
    # Then it is for this user alone, and what lies elsewhere is as it was
    assert open_to_others(settings.data_dir) == []
    assert doctor(settings) == (Verdict.OK, "")
    assert tmp_path.stat().st_mode == before
    # And the folder where others drop files is not
    assert settings.inbox.stat().st_mode & 0o777 == 0o777


def doctor(settings: Settings) -> tuple[Verdict, str]:
    check = next(check for check in checkup(settings) if check.name == "data")
    return check.verdict, check.advice


def test_what_belongs_to_another_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    tmp_path.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "chmod", refuse)
        make_private(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_database_elsewhere_is_private_too(tmp_path: Path, no_umask: None) -> None:
    migrations.upgrade(f"sqlite:///{tmp_path}/elsewhere/gouji.db")
    assert open_to_others(tmp_path / "elsewhere") == []
