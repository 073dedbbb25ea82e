"""Secrets come from files that the environment names, and what is wrong with those is told."""

from pathlib import Path

import pytest

from worker.errors import SettingsError
from worker.secret_files import FROM_FILE, replaced
from worker.settings import Settings, load

URL = "postgresql+psycopg://gouji:s3cret@db/gouji"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_setting_is_what_its_file_says(tmp_path: Path) -> None:
    # Given a secret as editors and tools write it, with a line end
    secret = tmp_path / "database_url"
    secret.write_text(f"{URL}\n")

    # When the settings are read
    settings = load(environ={"GOUJI_DATABASE_URL_FILE": str(secret)})

    # Then the setting is what it says
    assert settings.database_url == URL


def test_every_such_setting_is_one() -> None:
    assert set(FROM_FILE) <= set(Settings.__slots__)


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "is not text")]
)
def test_a_file_that_says_nothing_is_an_error(tmp_path: Path, content: bytes, told: str) -> None:
    # Given a secret of which nothing came through
    secret = tmp_path / "broker_url"
    secret.write_bytes(content)

    # Then the embedded queue is not taken in its place
    with pytest.raises(SettingsError, match=f"GOUJI_BROKER_URL_FILE: .*{told}"):
        load(environ={"GOUJI_BROKER_URL_FILE": str(secret)})


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SettingsError, match="GOUJI_NOTIFY_SECRET_FILE: nowhere cannot be read"):
        load(environ={"GOUJI_NOTIFY_SECRET_FILE": "nowhere"})


def test_two_answers_are_an_error(tmp_path: Path) -> None:
    # Given a value and a file with another one
    secret = tmp_path / "database_url"
    secret.write_text(URL)
    environ = {"GOUJI_DATABASE_URL_FILE": str(secret), "GOUJI_DATABASE_URL": "sqlite:///x"}

    # Then nobody guesses which is meant
    with pytest.raises(SettingsError, match="both set"):
        load(environ=environ)


def test_a_misspelt_name_of_a_file_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="database_url_file"):
        load(environ={"GOUJI_DATABSE_URL_FILE": "x"})
    # And in the settings file there are no such keys: it is a file itself
    (tmp_path / "gouji.toml").write_text('database_url_file = "x"\n')
    with pytest.raises(SettingsError, match="database_url_file"):
        load(environ={})


def test_what_is_no_secret_has_no_file() -> None:
    with pytest.raises(SettingsError, match="lease_file"):
        load(environ={"GOUJI_LEASE_FILE": "x"})
    assert replaced({"GOUJI_ALIVE_FILE": "x"}, "GOUJI_") == {"GOUJI_ALIVE_FILE": "x"}
