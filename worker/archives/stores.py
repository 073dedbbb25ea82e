"""Which URL is which place, and which kinds of place do not keep what the archive promises."""

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from worker.archives.directory import Directory
from worker.archives.place import Place
from worker.archives.remote import Files, Remote
from worker.archives.s3 import S3, connect
from worker.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable


class _Store(NamedTuple):
    """A kind of object store: the package that fsspec needs for it, and how to get that."""

    package: str
    install: str


_S3: Final = _Store("s3fs", "pip install 'gouji[s3]' (or make s3)")
_GOOGLE: Final = _Store("gcsfs", "pip install gcsfs")
_AZURE: Final = _Store("adlfs", "pip install adlfs")
_STORES: Final = {
    "s3": _S3,
    "s3a": _S3,
    "gs": _GOOGLE,
    "gcs": _GOOGLE,
    "az": _AZURE,
    "abfs": _AZURE,
    "abfss": _AZURE,
}
"""Stores that show an object when it is whole, and no sooner."""

_HALVES: Final = "it shows files before they are whole, so that a cut connection leaves half a file"
_MOUNT: Final = f"{_HALVES}; mount it and name the directory"
_REFUSED: Final = {
    **dict.fromkeys(("sftp", "ssh", "ftp", "smb", "hdfs", "webhdfs", "dbfs", "dropbox"), _MOUNT),
    **dict.fromkeys(("http", "https", "github", "git", "data"), "it cannot be written"),
    "memory": "it ends with the process",
}


def place_at(url: str, local: Path) -> Place:
    """Return the place at a URL; nothing is connected or made yet.

    Args:
        url: a directory, plain or as ``file://``, or an object store as ``s3://bucket/prefix``.
        local: where files are spooled on their way to an object store.

    Raises:
        SettingsError: that kind of place cannot be an archive, or a package for it is missing.
    """
    parts = urlsplit(url)
    if parts.scheme in ("file", "local"):
        return Directory(Path(unquote(parts.path)))
    if "://" not in url:
        return Directory(Path(url))
    scheme = parts.scheme
    store = _STORES.get(scheme)
    if store is None:
        known = ", ".join(f"{name}://" for name in _STORES)
        why = _REFUSED.get(scheme, "nothing is known of what it promises")
        use = f"use a directory or one of {known}"
        raise SettingsError(f"archive_url: {scheme}:// cannot be an archive: {why}; {use}")
    if not parts.netloc or "@" in parts.netloc or parts.query:
        wanted = f"{scheme}://BUCKET/PREFIX, with neither user nor options"
        raise SettingsError(f"archive_url: {wanted} is expected")
    if find_spec(store.package) is None:
        raise SettingsError(f"archive_url: {scheme}:// needs {store.package}: {store.install}")
    root = f"{parts.netloc}{parts.path}".rstrip("/")
    if store is _S3:
        return S3(url, root, connect, local)
    return Remote(url, root, _connecting(scheme), local)


def _connecting(scheme: str) -> "Callable[[], Files]":
    """Return what makes a file system of fsspec; it finds credentials where its clients do."""
    from fsspec import filesystem  # type: ignore[import-untyped]

    return partial(filesystem, scheme, skip_instance_cache=True, use_listings_cache=False)
