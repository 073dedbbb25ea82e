"""The archive on a real object store that speaks S3: what it promises, and what breaks it."""

import hashlib
import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.objects import PAGE, ObjectServer
from tests.sampling import sampled
from worker.archive import Archive, Condition, TooLarge
from worker.archives.remote import PART, Files, Remote
from worker.archives.s3 import connect
from worker.errors import ArchiveError

pytestmark = pytest.mark.process

LIMIT = 1 << 30


@pytest.fixture
def archive(bucket: str, local: Path) -> Archive:
    return Archive(f"s3://{bucket}/deep/down", local)


def plant(client: Files, bucket: str, sha256: str, data: bytes) -> None:
    client.pipe_file(f"{bucket}/deep/down/{sha256[:2]}/{sha256}", data)


def names(client: Files, bucket: str) -> list[str]:
    found: list[str] = client.find(bucket)
    return [name.removeprefix(f"{bucket}/deep/down/") for name in found]


@pytest.mark.parametrize("size", sampled([2_500_000, PART + 1, 0, 1, PART, 3 * PART + 5], 6))
def test_what_is_put_is_got(
    archive: Archive, bucket: str, client: Files, local: Path, size: int
) -> None:
    data = os.urandom(size)

    stored = archive.put(io.BytesIO(data), limit=LIMIT)

    assert stored == (hashlib.sha256(data).hexdigest(), size)
    assert archive.has(stored.sha256)
    assert archive.get(stored.sha256) == data
    with archive.open(stored.sha256) as stream:
        assert stream.read() == data
    assert archive.check(stored.sha256) is Condition.WHOLE
    # it is laid out like a directory, and nothing is left behind
    assert names(client, bucket) == [f"{stored.sha256[:2]}/{stored.sha256}"]
    assert list(local.iterdir()) == [] if local.exists() else True


def test_one_request_fetches_a_document(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a content, and an ear for what is asked
    stored = archive.put(io.BytesIO(b"once"), limit=LIMIT)
    place = archive._place
    assert isinstance(place, Remote)
    asked: list[str] = []
    call = place.files._call_s3

    async def _counted(method: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(method)
        return await call(method, *args, **kwargs)

    monkeypatch.setattr(place.files, "_call_s3", _counted)

    # When it is fetched
    archive.get(stored.sha256)

    # Then that was all
    assert asked == ["get_object"]


def test_the_same_bytes_by_several_at_once(archive: Archive, bucket: str, client: Files) -> None:
    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda _: archive.put(io.BytesIO(b"twice"), limit=LIMIT), range(12)))

    assert len(set(stored)) == 1
    assert len(names(client, bucket)) == 1


@pytest.mark.parametrize("data", sampled([b"wrong!!!", b"comp", b"complete and more"], 3))
def test_what_is_damaged_is_told_and_mended(
    archive: Archive, bucket: str, client: Files, data: bytes
) -> None:
    # Given an object whose bytes are not those of its name
    stored = archive.put(io.BytesIO(b"complete"), limit=LIMIT)
    plant(client, bucket, stored.sha256, data)
    # Then that is told
    assert archive.check(stored.sha256) is Condition.DAMAGED
    with pytest.raises(ArchiveError, match="damaged"):
        archive.get(stored.sha256)
    # And when the same content comes again it is whole
    archive.put(io.BytesIO(b"complete"), limit=LIMIT)
    assert archive.get(stored.sha256) == b"complete"


def test_what_is_not_there(archive: Archive) -> None:
    assert not archive.has("0" * 64)
    assert archive.check("0" * 64) is Condition.MISSING
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive.get("0" * 64)
    with pytest.raises(ArchiveError, match="is not at"):
        archive.open("0" * 64)
    with pytest.raises(ArchiveError, match="not a SHA-256"):
        archive.open("../../etc/passwd")


@pytest.mark.parametrize("size", sampled([PART + 1001, 1001], 2))
def test_too_large_keeps_nothing(archive: Archive, bucket: str, client: Files, size: int) -> None:
    with pytest.raises(TooLarge):
        archive.put(io.BytesIO(b"x" * size), limit=size - 1)

    assert names(client, bucket) == []


def test_an_error_of_the_source_goes_through(archive: Archive, bucket: str, client: Files) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > PART:
                raise InterruptedError("torn")
            return super().read(size)

    with pytest.raises(InterruptedError):
        archive.put(Torn(bytes(2 * PART)), limit=LIMIT)
    assert names(client, bucket) == []


def test_a_store_that_does_not_check_is_read_back(bucket: str, local: Path) -> None:
    # Given the bucket as any other store that fsspec knows
    place = Remote(f"s3://{bucket}", f"{bucket}/deep/down", connect, local)
    # When something is put
    for data in (b"small", os.urandom(PART + 7)):
        stored = place.put(io.BytesIO(data), limit=LIMIT)
        # Then it is there
        assert place.get(stored.sha256) == data


def test_an_upload_that_arrives_damaged_is_not_believed(
    bucket: str, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a store that loses the end of what it is sent, and checks nothing
    place = Remote(f"s3://{bucket}", bucket, connect, local)
    whole = place.files.pipe_file
    monkeypatch.setattr(
        place.files, "pipe_file", lambda path, data, **options: whole(path, data[:-1], **options)
    )
    # When something is put, then that is told
    with pytest.raises(ArchiveError, match=r"arrived at s3://gouji-.* damaged"):
        place.put(io.BytesIO(b"whole"), limit=LIMIT)


def test_wrong_credentials(archive: Archive, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-somebody-else")

    with pytest.raises(ArchiveError, match="cannot be written at s3://gouji-") as caught:
        archive.put(io.BytesIO(b"x"), limit=LIMIT)
    assert "of-somebody-else" not in str(caught.value)


def test_no_credentials(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))

    with pytest.raises(ArchiveError, match="redentials"):
        archive.get("0" * 64)


def test_a_missing_bucket(objects: ObjectServer, local: Path) -> None:
    archive = Archive("s3://gouji-nowhere/x", local)

    with pytest.raises(ArchiveError, match="cannot be written"):
        archive.put(io.BytesIO(b"x"), limit=LIMIT)
    with pytest.raises(ArchiveError, match="cannot be listed"):
        list(archive.contents())
    with pytest.raises(ArchiveError, match="bucket"):
        archive.probe()


def test_a_probe_leaves_nothing(archive: Archive, bucket: str, client: Files) -> None:
    assert archive.probe() == f"s3://{bucket}/deep/down"
    assert names(client, bucket) == []


@pytest.mark.soak
def test_many_are_listed_in_order(archive: Archive, bucket: str, client: Files) -> None:
    # Given more contents than one page of a listing holds, and strangers among them
    made = {f"ab{number:062x}" for number in range(PAGE + 5)} | {"0" * 64, "f" * 64}
    everything = {f"{bucket}/deep/down/{one[:2]}/{one}": b"x" for one in made}
    strangers = {f"{bucket}/deep/down/00/readme.txt": b"y", f"{bucket}/deep/other": b"z"}
    client.pipe(everything | strangers)
    # When they are listed
    held = list(archive.contents())
    # Then all of them come, by name, with their size
    assert [one.sha256 for one in held] == sorted(made)
    assert {one.size for one in held} == {1}


def test_a_store_that_says_nothing_is_given_up(archive: Archive, objects: ObjectServer) -> None:
    # Given a store that takes connections and does not answer
    objects.pause()
    try:
        # When something is put, then it is an error, and soon
        with pytest.MonkeyPatch.context() as impatient:
            impatient.setattr("worker.archives.remote._PATIENCE", 2.0)
            begun = time.monotonic()
            with pytest.raises(ArchiveError, match="no answer in time"):
                archive.put(io.BytesIO(b"x"), limit=LIMIT)
            assert time.monotonic() - begun < 28
    finally:
        objects.resume()
    # And when it speaks again, all is well
    stored = archive.put(io.BytesIO(b"x"), limit=LIMIT)
    assert archive.get(stored.sha256) == b"x"


@pytest.mark.soak
def test_a_store_killed_in_mid_upload_keeps_all_or_nothing(
    archive: Archive, objects: ObjectServer, bucket: str, local: Path
) -> None:
    # Given uploads of several parts, under way
    data = [os.urandom(3 * PART + number) for number in range(3)]
    kept: list[str] = []
    refused: list[ArchiveError] = []
    begun = threading.Event()

    class Begun(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 2 * PART:
                begun.set()
            return super().read(size)

    def upload(one: bytes) -> None:
        try:
            kept.append(archive.put(Begun(one), limit=LIMIT).sha256)
        except ArchiveError as error:
            refused.append(error)

    threads = [threading.Thread(target=upload, args=(one,)) for one in data]
    for thread in threads:
        thread.start()
    assert begun.wait(120)
    # When the store is killed, and comes back
    objects.kill()
    for thread in threads:
        thread.join(600)
    objects.start()
    # Then every content is whole or not there, and those that were promised are there
    for one in data:
        sha256 = hashlib.sha256(one).hexdigest()
        condition = archive.check(sha256)
        assert condition in (Condition.WHOLE, Condition.MISSING)
        assert condition is Condition.WHOLE or sha256 not in kept
        # And when it is put again it is there
        archive.put(io.BytesIO(one), limit=LIMIT)
        assert archive.get(sha256) == one
    assert list(local.iterdir()) == []
