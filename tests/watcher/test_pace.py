"""How often one may come."""

import pytest

from tests.watcher.station import Clock
from watcher import pace
from watcher.pace import Pace, network_of


def test_one_comes_as_often_as_allowed_and_then_as_time_passes() -> None:
    # Given sixty a minute
    clock = Clock()
    tried = Pace(60, clock)
    # When one comes sixty times at once, then no more
    assert [tried.come("a") for _ in range(60)] == [0.0] * 60
    assert tried.come("a") == pytest.approx(1.0)
    # And that does not count, nor does looking
    assert tried.wait("a") == pytest.approx(1.0)
    clock.now += 1.0
    assert tried.come("a") == 0.0
    assert tried.come("a") > 0
    # And another is not concerned
    assert tried.come("b") == 0.0
    # And after a long pause it is as at first
    clock.now += 1000
    assert sum(tried.come("a") == 0.0 for _ in range(70)) == 60


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_MOST_KEYS", 10)
    tried = Pace(1, Clock())
    for n in range(100):
        tried.come(str(n))
    assert len(tried) == 10
    assert tried.wait("99") > 0
    assert tried.wait("0") == 0.0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_whom_an_address_stands_for(address: str, network: str) -> None:
    assert network_of(address) == network
