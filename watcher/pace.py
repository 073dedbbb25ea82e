"""How often somebody may come: so many times a minute, and as many at once after a pause."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

_MOST_KEYS: Final = 10_000
_NETWORK: Final = 64
"""Bits of an IPv6 address that name a network: whoever has one has 2 ** 64 addresses."""


class _Bucket(NamedTuple):
    """How often somebody may still come, as of a moment."""

    left: float
    moment: float


class Pace:
    """Counts comings by key (a token bucket for each); those that came last are remembered.

    Args:
        per_minute: how often one may come in the long run, and at once.
        clock: monotonic seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, key: str) -> float:
        """Return in how many seconds somebody may come; 0 for now. Nothing is counted."""
        return max(0.0, 1.0 - self._left(key)) * 60.0 / self._most

    def come(self, key: str) -> float:
        """Count a coming if it is allowed now; returns as ``wait`` does."""
        wait = self.wait(key)
        if wait == 0.0:
            self._buckets[key] = _Bucket(self._left(key) - 1.0, self._clock())
            self._buckets.move_to_end(key)
            if len(self._buckets) > _MOST_KEYS:
                self._buckets.popitem(last=False)
        return wait

    def _left(self, key: str) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            return self._most
        passed = self._clock() - bucket.moment
        return min(self._most, bucket.left + passed * self._most / 60.0)


def network_of(address: str) -> str:
    """Return whom an address stands for: itself, or the network of an IPv6 address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> _NETWORK << _NETWORK))
