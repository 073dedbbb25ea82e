"""S3 and what speaks like it, over s3fs: the store itself verifies what is uploaded.

Endpoint, region and credentials are what every S3 client reads: ``AWS_ENDPOINT_URL_S3``,
``AWS_ACCESS_KEY_ID``, ``AWS_PROFILE``, the files in ``~/.aws``, the role of the machine. So no
secret is ever in ``gouji.toml``.
"""

import base64
import hashlib
from typing import Any, Final

from worker.archives.place import Stored
from worker.archives.remote import PART, Files, Remote, time_for

_CONFIG: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "read_timeout": 10,
    "retries": {"mode": "standard", "total_max_attempts": 3},
    "tcp_keepalive": True,
    # checksums in trailers, botocore's default, are unknown to many servers; Content-MD5 is not
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


def connect() -> Files:
    """Return the file system; nothing is connected yet."""
    from s3fs import S3FileSystem  # type: ignore[import-untyped]

    files: Files = S3FileSystem(
        skip_instance_cache=True,
        use_listings_cache=False,
        max_concurrency=1,  # so one request fetches an object, and none asks for its size before
        config_kwargs=dict(_CONFIG),
    )
    files.retries = 1  # botocore retries, and knows better what is worth it
    return files


class S3(Remote):
    """A bucket, and a prefix in it."""

    def _send(self, stored: Stored, data: bytes) -> None:
        """Upload with a checksum that the store compares before it keeps anything."""
        md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        path = self._path(stored.sha256)
        with self._asking("written", path):
            self.files.pipe_file(path, data, ContentMD5=md5, timeout=time_for(stored.size))

    def _send_file(self, stored: Stored, name: str) -> None:
        """Upload in parts, which become an object when all are there, and read it back."""
        path = self._path(stored.sha256)
        with self._asking("written", path):
            self.files.put_file(name, path, chunksize=PART, timeout=time_for(stored.size))
        self._verify(stored)
