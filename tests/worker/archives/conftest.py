"""One object store for all tests of a process, and a bucket of its own for each."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.objects import ObjectServer, need_objects
from worker.archives.s3 import connect


@pytest.fixture(scope="session")
def store() -> Iterator[ObjectServer]:
    """Return a store that runs."""
    need_objects()
    with ObjectServer() as objects:
        yield objects


@pytest.fixture
def objects(store: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """Return the store, with everything a client needs in the environment."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    return store


@pytest.fixture
def bucket(objects: ObjectServer) -> str:
    """Return the name of an empty bucket."""
    name = f"gouji-{uuid4().hex}"
    connect().call_s3("create_bucket", Bucket=name)
    return name


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """Return where files are spooled."""
    return tmp_path / "scratch"
