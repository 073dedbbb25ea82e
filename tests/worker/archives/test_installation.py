"""An installation whose archive is an object store: what operators ask of it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fault.material import SEEDS
from tests.objects import ObjectServer
from worker.archives.s3 import connect

pytestmark = pytest.mark.process

WRONG = "of-somebody-else"


class Site:
    """A directory with settings, in which commands are run."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self.folder = folder
        kept = {name: text for name, text in os.environ.items() if not name.startswith("GOUJI_")}
        self.environment = kept | {"GOUJI_ARCHIVE_URL": f"s3://{bucket}/reports"}

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "console.cli.main", *words],
            env=self.environment | environment,
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
        )

    def json(self, *words: str, **environment: str) -> Any:
        done = self.run(*words, "--json", **environment)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def archive(self, **environment: str) -> dict[str, Any]:
        checks = self.json("doctor", **environment)
        found: dict[str, Any]
        [found] = [one for one in checks if one["name"] == "archive"]
        return found


@pytest.fixture
def site(objects: ObjectServer, bucket: str, tmp_path: Path) -> Site:
    made = Site(tmp_path, bucket)
    assert made.run("init").returncode == 0
    for path in SEEDS[:3]:
        shutil.copy(path, tmp_path)
    done = made.run("ingest", *(path.name for path in SEEDS[:3]))
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.soak
def test_the_doctor_looks_at_it(site: Site, bucket: str) -> None:
    well = site.archive()
    ill = site.archive(AWS_SECRET_ACCESS_KEY=WRONG)

    assert well["verdict"] == "ok"
    assert f"s3://{bucket}/reports" in well["detail"]
    assert ill["verdict"] == "fail"
    assert "AWS_SECRET_ACCESS_KEY" in ill["advice"]
    assert WRONG not in json.dumps(ill)


@pytest.mark.soak
def test_it_is_verified_and_backed_up(site: Site, bucket: str) -> None:
    # Given an archive with one damaged and one missing object
    files = connect()
    damaged, missing, whole = sorted(files.find(bucket))
    files.pipe_file(damaged, b"x" * files.info(damaged)["size"])
    files.rm_file(missing)

    # When it is verified, then both are named
    told = site.json("verify", "--skip", "queue")
    found = {
        (one["code"], one["about"]["sha256"])
        for one in told["discrepancies"]
        if "ARCHIVE" in one["code"]
    }
    assert found == {
        ("ARCHIVE.DAMAGED", damaged.rpartition("/")[2]),
        ("ARCHIVE.MISSING", missing.rpartition("/")[2]),
    }
    # And when it is backed up, the bytes of the third are
    site.run("backup", "copy")
    digest = whole.rpartition("/")[2]
    kept = site.folder / "copy" / "archive" / digest[:2] / digest
    assert kept.read_bytes() == files.cat_file(whole)


@pytest.mark.soak
def test_a_url_that_cannot_be_is_an_error_at_once(site: Site) -> None:
    for command in ("work", "watch", "verify"):
        done = site.run(command, GOUJI_ARCHIVE_URL="sftp://host/x", GOUJI_BROKER_URL="redis://h")
        assert done.returncode in (2, 6), (command, done.stderr)
    assert "cannot be an archive" in done.stderr
