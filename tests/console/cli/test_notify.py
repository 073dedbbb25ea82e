"""``gouji notify``."""

import pytest

from tests.console.cli.conftest import Place
from tests.console.notify.test_notifier import Received, hook

__all__ = ["hook"]


def test_without_an_address_it_says_so(place: Place) -> None:
    result = place.run("notify")
    assert result.exit_code == 2
    assert "notify_webhook" in result.output


def test_tries_every_address_out(
    place: Place, hook: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setenv("GOUJI_NOTIFY_WEBHOOK", hook.url)

    # When it is taken, and when it is not
    well = place.run("notify", "--test")
    hook.status = 404
    ill = place.run("notify", "--test")

    # Then
    assert (well.exit_code, ill.exit_code) == (0, 6)
    assert "HTTP 404" in ill.output
    assert "secret-part" not in ill.output
    assert [told["data"]["count"] for told in hook.bodies] == [0, 0]


def test_the_doctor_looks_at_addresses(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOUJI_NOTIFY_WEBHOOK", "mail:x")
    assert "notify_webhook: not an http or https URL" in place.run("doctor").output
