"""A house with random reports, and packages of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.export.export import export
from console.export.format import Format
from console.export.order import Order
from console.report_filter import ReportFilter
from tests import budgets
from tests.console.export.stock import stock
from tests.worker.house import House, house


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Have a house with random reports; nobody changes anything in it."""
    with house(tmp_path_factory.mktemp("stocked")) as home:
        assert stock(home, budgets.EXPORTED) > 0
        yield home


@pytest.fixture(scope="session")
def made(stocked: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a package; nobody changes anything in it."""
    place = tmp_path_factory.mktemp("made") / "package"
    export(stocked.database, Order.of(Format.PACKAGE, (), ReportFilter()), place)
    return place


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """Return the directory of a package of the test's own."""
    return Path(shutil.copytree(made, tmp_path / "package"))
