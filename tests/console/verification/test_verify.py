"""A healthy house has no discrepancy; each that is planted is found, and mended if possible."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
import redis
from sqlalchemy import select

from console.verification.repair import repair
from console.verification.verify import verify
from models.event import Event, EventName
from tests.console.verification.planted import PLANTED
from tests.console.verification.planting import Planted
from tests.console.verification.site import AT_REST, Site, build, copied
from tests.databases import BACKENDS, empty
from tests.sampling import sampled
from worker.embedded import ensure
from worker.settings import Settings


class Template(NamedTuple):
    """A house to be copied: where it is, its database and its broker."""

    directory: Path
    url: str
    broker: str


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("broker"))
    with ensure(settings):
        yield settings.broker


@pytest.fixture(scope="module", params=BACKENDS)
def template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, broker: str
) -> Iterator[Template]:
    directory = tmp_path_factory.mktemp("template")
    with empty(request.param, directory) as url:
        with closing(redis.Redis.from_url(broker)) as client:
            client.flushall()
        build(directory, url, broker)
        yield Template(directory, url, broker)


@pytest.fixture
def site(template: Template, tmp_path: Path) -> Iterator[Site]:
    with copied(template.directory, template.url, tmp_path, template.broker) as made:
        yield made


@pytest.mark.process
def test_a_healthy_house_has_no_discrepancy(site: Site) -> None:
    # Given a house where everything happened once, and some is under way

    # When it is looked at with no patience at all
    found = verify(site.settings, AT_REST)

    # Then everything was looked at, and nothing found
    assert found.counts == {}
    assert (found.sound, found.complete, found.unseen) == (True, True, [])
    assert found.looked_at["documents"] == found.looked_at["contents"] == 20
    assert found.looked_at["files"] == 4


@pytest.mark.process
@pytest.mark.parametrize("name", sampled(PLANTED, 6))
def test_each_discrepancy_is_found_and_mended(site: Site, name: str) -> None:
    # Given a discrepancy
    planted = PLANTED[name]
    if site.database.engine.dialect.name not in planted.backends:
        pytest.skip("it cannot be planted there")
    planted.plant(site)

    # When the house is looked at
    found = verify(site.settings, AT_REST)

    # Then it is found, about what it was done to, and nothing else is
    assert set(found.counts) == set(planted.codes), found.discrepancies
    assert found.complete
    check_subject(site, planted, found.of(planted.codes[:1])[0].about)

    # When what is safe is mended
    done = list(repair(site.settings, found.discrepancies, operator="tester"))

    # Then that much is gone, each repair is in the history, and nothing new came of it
    assert [one.error for one in done if one.error] == []
    mended = [one for one in done if one.what is not None]
    assert len(repairs_told(site)) == len(mended)
    assert bool(mended) == (planted.left is not None or name in UNREAD)
    if mended:
        left = verify(site.settings, AT_REST)
        assert set(left.counts) == planted.remaining, left.discrepancies


UNREAD = {"archive file deleted before it was read"}
"""Given up by a repair; its bytes are still missing."""


def check_subject(site: Site, planted: Planted, about: object) -> None:
    assert isinstance(about, dict)
    if planted.document is not None:
        assert about["document"] == site.id(planted.document)


def repairs_told(site: Site) -> list[int]:
    with site.database.reading() as session:
        query = select(Event.id).where(Event.name == EventName.VERIFY_REPAIRED)
        return list(session.scalars(query))
