"""A console over a data directory with reports and dead letters, and browsers without a screen."""

import io
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from console.access.roles import Role
from console.accounts import passwords, users
from console.accounts.passwords import Cost
from console.web.app import application
from models.session import Database
from tests.console.cli.conftest import BALANCED, SEEDS, add, imbalanced
from tests.worker.house import House, house
from worker.inspection import inspect

PASSWORD = "correct horse battery staple"  # noqa: S105
TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
CHEAP = Cost(log_n=4, r=1, p=1)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords quickly: what they cost is tried elsewhere."""
    hashed, nobodys, outdated = passwords.hashed, passwords.nobodys, passwords.outdated
    monkeypatch.setattr(passwords, "hashed", lambda text: hashed(text, CHEAP))
    monkeypatch.setattr(passwords, "nobodys", lambda: nobodys(CHEAP))
    monkeypatch.setattr(passwords, "outdated", lambda kept: outdated(kept, CHEAP))


@dataclass
class Browser:
    """A browser that comes from this machine, keeps cookies and sends forms as ours do."""

    client: TestClient

    def get(self, address: str, **headers: str) -> str:
        """Return a page that is there."""
        answer = self.client.get(address, headers=headers)
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:300]}"
        return answer.text

    def post(
        self,
        address: str,
        fields: Mapping[str, str | list[str]],
        page: str = "/login",
        code: int = 303,
    ) -> str:
        """Send a form with the token of a page; return where it leads, or what it says."""
        token = TOKEN.search(self.client.get(page).text)
        assert token is not None, page
        answer = self.client.post(address, data={**fields, "csrf": token[1]})
        assert answer.status_code == code, f"{address}: {answer.status_code} {answer.text[:600]}"
        return answer.headers["location"] if code == 303 else answer.text

    def log_in(self, name: str, password: str = PASSWORD) -> None:
        """Log in."""
        assert self.post("/login", {"name": name, "password": password, "next": "/"}) == "/"


@dataclass
class Console:
    """The application, and what it is over."""

    home: House
    application: Starlette

    @property
    def database(self) -> Database:
        """The database."""
        return self.home.database

    def browser(self, name: str | None = None, *, client: str = "127.0.0.1") -> Browser:
        """Return a browser, logged in where a name is given."""
        came = Browser(
            TestClient(
                self.application,
                base_url="http://127.0.0.1:8351",
                client=(client, 50000),
                follow_redirects=False,
                raise_server_exceptions=False,
            )
        )
        if name is not None:
            came.log_in(name)
        return came

    def add_users(self) -> None:
        """Add a user of each role, with the role for a name."""
        with self.database.transaction() as session:
            for role in Role:
                users.add(session, str(role), PASSWORD, role, by="test")

    def bring(self, data: bytes, name: str) -> int:
        """Bring a document in as watcher and worker would; return its id."""
        self.home.archive.put(io.BytesIO(data), limit=10**9)
        return add(self.database, inspect(data, name), name)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """An empty console without a user."""
    with house(tmp_path) as home:
        settings = replace(home.settings, inbox=tmp_path / "inbox")
        yield Console(home, application(settings, home.database))


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of ``stocked``, made once."""
    place = tmp_path_factory.mktemp("stock")
    with house(place) as home:
        filled = Console(home, application(home.settings, home.database))
        filled.bring(BALANCED.read_bytes(), "平衡.txt")
        filled.bring(imbalanced(), "不平.txt")
        filled.bring(b"<html><script>alert(1)</script>nothing of a report</html>", "<b>x</b>.html")
    return place / "var"


@pytest.fixture
def stocked(stock: Path, tmp_path: Path) -> Iterator[Console]:
    """Report 1 is stored, dead letters 1 (imbalanced) and 2 (no report) are open."""
    shutil.copytree(stock, tmp_path / "var")
    with house(tmp_path) as home:
        yield Console(home, application(home.settings, home.database))


__all__ = ["SEEDS"]
