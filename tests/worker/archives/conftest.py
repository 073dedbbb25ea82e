"""One object store for all tests of a process, and a bucket of its own for each."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.objects import ObjectServer, need_objects
from worker.archives.remote import Files
from worker.archives.s3 import connect


@pytest.fixture(scope="session")
def store() -> Iterator[ObjectServer]:
    """Return a store that runs."""
    need_objects()
    with ObjectServer() as objects:
        yield objects


def _tell(store: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def objects(store: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """Return the store, with everything a client needs in the environment."""
    _tell(store, monkeypatch)
    return store


@pytest.fixture(scope="session")
def client(store: ObjectServer) -> Files:
    """Return a client that has connected: each reads large tables when it does."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _tell(store, monkeypatch)
        files = connect()
        files.call_s3("list_buckets")
    return files


@pytest.fixture
def bucket(objects: ObjectServer, client: Files) -> str:
    """Return the name of an empty bucket."""
    name = f"gouji-{uuid4().hex}"
    client.call_s3("create_bucket", Bucket=name)
    return name


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """Return where files are spooled."""
    return tmp_path / "scratch"
