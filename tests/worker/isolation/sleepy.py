"""What a keeper loads in tests of slow starts: it comes up after three seconds, and then reads."""

import time

from tests.worker.isolation.hostile import again, media_type, read, unpack

__all__ = ("again", "media_type", "read", "unpack")

time.sleep(3)
