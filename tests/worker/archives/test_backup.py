"""A backup of an archive that is an object store, brought back into a directory."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from console.backup import back_up
from console.restore import restore
from models.ledger import State
from tests.worker.house import House
from worker.archive import Archive

pytestmark = pytest.mark.process


@pytest.mark.soak
def test_objects_are_copied_and_come_back(bucket: str, tmp_path: Path) -> None:
    # Given documents whose bytes are in an object store
    house = House(tmp_path, archive_url=f"s3://{bucket}/archive")
    contents = [b"%d" % n for n in range(3)]
    for data in contents:
        house.receive(data, state=State.STORED)
    # When they are backed up, and brought back where the archive is a directory
    made = back_up(house.settings, tmp_path / "backup", None)
    house.database.close()
    shutil.rmtree(house.settings.data_dir)
    here = replace(house.settings, archive_url="")
    restored = restore(here, tmp_path / "backup")
    # Then every byte is there
    assert (made.linked, made.copied, made.manifest.missing) == (0, 3, ())
    assert (restored.files, restored.damaged, restored.missing) == (3, (), ())
    archive = Archive.of(here)
    assert sorted(archive.get(held.sha256) for held in archive.contents()) == contents
