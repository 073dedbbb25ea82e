"""A house with reports, dead letters and comments, and clients of its API."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from console.access.roles import Role
from console.api.app import application
from console.desk.comments import comment
from models import token
from tests.console.cli.conftest import BALANCED, SEEDS, add, imbalanced
from tests.worker.house import House, house
from worker.desk.order import Given
from worker.desk.remark import About
from worker.inspection import inspect

CELL = "applications.new_requests.natural_person"


@dataclass
class Api:
    """The API, and who may use it."""

    home: House
    tokens: dict[str, str]

    def client(self, role: str | None = Role.OPERATOR) -> TestClient:
        """Return a client that comes with the token of a role, or with none."""
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        app = application(self.home.settings, self.home.database)
        return TestClient(app, headers=headers)

    def get(self, address: str, code: int = 200, **options: Any) -> Any:
        """Return what is answered to a viewer."""
        answer = self.client(Role.VIEWER).get(address, **options)
        assert answer.status_code == code, answer.text
        return answer.json()

    def post(self, address: str, body: Any, code: int = 200, key: str | None = None) -> Any:
        """Return what is answered to an operator."""
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = self.client().post(address, json=body, headers=headers)
        assert answer.status_code == code, answer.text
        return answer.json()


def stock(home: House) -> dict[str, str]:
    """Store two reports, give four documents up, comment; return a token for each role."""
    add(home.database, inspect(BALANCED.read_bytes(), "平衡.txt"), "平衡.txt")
    other = SEEDS / "002_6958a79bc20c0ed0.txt"
    add(home.database, inspect(other.read_bytes(), "另一.txt"), "另一.txt")
    for n in range(3):
        data = imbalanced() + b"\n" * n
        add(home.database, inspect(data, f"不平{n}.txt"), f"不平{n}.txt")
    add(home.database, inspect(b"", "空.txt"), "空.txt")
    comment(home.database, About("dead_letter", 1), Given("王", "待复核"))
    with home.database.transaction() as session:
        return {role: token.issue(session, f"a {role}", role) for role in Role} | {
            "pusher": token.issue(session, "a pusher")
        }


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Stock a house once; return where it is, and its tokens."""
    directory = tmp_path_factory.mktemp("template")
    with house(directory) as home:
        return directory, stock(home)


@pytest.fixture
def api(tmp_path: Path, template: tuple[Path, dict[str, str]]) -> Iterator[Api]:
    directory, tokens = template
    shutil.copytree(directory / "var", tmp_path / "var")
    with house(tmp_path) as home:
        yield Api(home, tokens)
