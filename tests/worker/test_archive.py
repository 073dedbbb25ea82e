"""The archive: content-addressed, complete once it has a name, and honest about damage."""

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.base import now
from models.disclosure.finding import Reason
from worker.archive import Archive, Condition, TooLarge
from worker.errors import ArchiveError, SettingsError

LIMIT = 1 << 30


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


def files(archive: Archive) -> list[Path]:
    return sorted(path for path in archive.root.rglob("*") if path.is_file())


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 3_000_000, os.urandom(2_500_000)])
def test_what_is_put_is_got(archive: Archive, data: bytes) -> None:
    stored = archive.put(io.BytesIO(data), limit=LIMIT)

    assert stored == (hashlib.sha256(data).hexdigest(), len(data))
    assert archive.has(stored.sha256)
    assert archive.get(stored.sha256) == data
    with archive.open(stored.sha256) as stream:
        assert stream.read() == data


def test_the_same_bytes_are_kept_once(archive: Archive) -> None:
    # Given a content that is there
    first = archive.put(io.BytesIO(b"twice"), limit=LIMIT)
    # When it is put again, by several at once
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: archive.put(io.BytesIO(b"twice"), limit=LIMIT), range(20)))
    # Then there is one file, and nothing half done
    assert set(again) == {first}
    assert files(archive) == [archive.root / first.sha256[:2] / first.sha256]


def test_what_another_has_only_renamed_is_synced(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a content whose folder was not synced, for whoever put it was killed
    first = archive.put(io.BytesIO(b"twice"), limit=LIMIT)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))

    # When it is put again
    archive.put(io.BytesIO(b"twice"), limit=LIMIT)

    # Then its name is on disk
    assert synced == [(archive.root / first.sha256[:2]).stat().st_ino]


def test_too_large_keeps_nothing(archive: Archive) -> None:
    with pytest.raises(TooLarge) as caught:
        archive.put(io.BytesIO(b"x" * 1001), limit=1000)

    assert caught.value.reason is Reason.TOO_LARGE
    assert files(archive) == []
    assert archive.put(io.BytesIO(b"x" * 1000), limit=1000).size == 1000


def test_a_sparse_file_stays_sparse(archive: Archive, tmp_path: Path) -> None:
    # Given 300 MB of nothing but its last byte
    path = tmp_path / "sparse"
    with path.open("wb") as out:
        out.truncate(300_000_000)
        out.seek(299_999_999)
        out.write(b"x")
    # When it is put
    with path.open("rb") as source:
        stored = archive.put(source, limit=LIMIT)
    # Then it has its size, but takes little room
    kept = archive.root / stored.sha256[:2] / stored.sha256
    assert kept.stat().st_size == stored.size == 300_000_000
    assert kept.stat().st_blocks * 512 < 10_000_000


def test_an_error_of_the_source_goes_through(archive: Archive) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise InterruptedError("torn")

    with pytest.raises(InterruptedError):
        archive.put(Torn(), limit=LIMIT)
    assert files(archive) == []


def test_an_archive_that_cannot_be_written_is_transient(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_bytes(b"")

    with pytest.raises(ArchiveError, match="cannot be written"):
        Archive(str(tmp_path / "occupied")).put(io.BytesIO(b"x"), limit=LIMIT)


def test_missing_damaged_and_misnamed(archive: Archive) -> None:
    # Given a file whose bytes were changed behind our back
    stored = archive.put(io.BytesIO(b"good"), limit=LIMIT)
    kept = archive.root / stored.sha256[:2] / stored.sha256
    kept.chmod(0o644)
    kept.write_bytes(b"evil")

    with pytest.raises(ArchiveError, match="damaged"):
        archive.get(stored.sha256)
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive.get("0" * 64)
    with pytest.raises(ArchiveError, match="not a SHA-256"):
        archive.open("../../etc/passwd")


def test_a_truncated_copy_is_repaired(archive: Archive) -> None:
    # Given a disk that lost the end of a file
    stored = archive.put(io.BytesIO(b"complete"), limit=LIMIT)
    kept = archive.root / stored.sha256[:2] / stored.sha256
    kept.chmod(0o644)
    kept.write_bytes(b"comp")
    # When the same content comes again
    archive.put(io.BytesIO(b"complete"), limit=LIMIT)
    # Then it is whole
    assert archive.get(stored.sha256) == b"complete"


@pytest.mark.parametrize("data", [b"wrong!!!", b"complete and more"])
def test_a_damaged_copy_is_repaired(archive: Archive, data: bytes) -> None:
    # Given a file whose bytes are not those of its name, of the right size or not
    stored = archive.put(io.BytesIO(b"complete"), limit=LIMIT)
    kept = archive.root / stored.sha256[:2] / stored.sha256
    kept.chmod(0o644)
    kept.write_bytes(data)
    # When the same content comes again
    archive.put(io.BytesIO(b"complete"), limit=LIMIT)
    # Then it is whole
    assert archive.get(stored.sha256) == b"complete"


def test_leftovers_are_discarded_when_they_are_old(archive: Archive) -> None:
    # Given copies that killed processes left, an old and a new one
    incoming = archive.root / ".incoming"
    incoming.mkdir(parents=True)
    for name in ("old", "new"):
        (incoming / name).write_bytes(b"half")
    os.utime(incoming / "old", (1, 1))
    # When
    deleted = archive.discard_leftovers()
    # Then
    assert deleted == 1
    assert files(archive) == [incoming / "new"]


def test_urls(tmp_path: Path) -> None:
    assert Archive(f"file://{tmp_path}/a%20b").root == tmp_path / "a b"
    assert not Archive("s3://bucket/prefix").is_directory
    with pytest.raises(ArchiveError, match="not a directory"):
        _ = Archive("s3://bucket/prefix").root


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sftp://host/path", "before they are whole.*mount it"),
        ("https://host/path", "cannot be written"),
        ("memory://x", "ends with the process"),
        ("gopher://x", "nothing is known"),
        ("gs://bucket", "pip install gcsfs"),
        ("s3://", "s3://BUCKET/PREFIX"),
        ("s3://key:secret@bucket", "s3://BUCKET/PREFIX"),
    ],
)
def test_what_cannot_be_an_archive(url: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as caught:
        Archive(url)
    assert "secret" not in str(caught.value)


def test_contents_are_listed_in_order(archive: Archive) -> None:
    # Given contents, a stranger, and a copy that is not done
    stored = [archive.put(io.BytesIO(b"%d" % n), limit=LIMIT) for n in range(20)]
    (archive.root / stored[0].sha256[:2] / "readme.txt").write_text("x")
    (archive.root / ".incoming" / "half").write_bytes(b"half")
    # When they are listed
    held = list(archive.contents())
    # Then they come by name, with their size and when they were put
    assert [(one.sha256, one.size) for one in held] == sorted(stored)
    assert all(abs((now() - one.put_at).total_seconds()) < 3600 for one in held)
    assert list(Archive(str(archive.root / "none")).contents()) == []


def test_conditions(archive: Archive) -> None:
    whole, damaged = (archive.put(io.BytesIO(data), limit=LIMIT).sha256 for data in (b"a", b"b"))
    path = archive.root / damaged[:2] / damaged
    path.chmod(0o644)
    path.write_bytes(b"c")

    assert archive.check(whole) is Condition.WHOLE
    assert archive.check(damaged) is Condition.DAMAGED
    assert archive.check("0" * 64) is Condition.MISSING


def test_a_probe_leaves_nothing(archive: Archive) -> None:
    assert archive.probe() == str(archive.root)
    assert files(archive) == []
