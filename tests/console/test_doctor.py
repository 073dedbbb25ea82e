"""``gouji init`` and ``gouji doctor``: from nothing to everything well."""

import os
import re
import sys
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from console import configuration
from console.checkup import Check, Verdict, checkup
from console.cli.main import cli
from models.base import now
from models.ledger import SourceStatus
from models.session import Database
from tests.collector import collecting
from worker.embedded import ensure
from worker.reading import ocr
from worker.settings import Settings, load


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GOUJI_")]:
        monkeypatch.delenv(name)
    return tmp_path


def gouji(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def looked_at(settings: Settings | None = None) -> dict[str, Check]:
    return {check.name: check for check in checkup(settings or Settings())}


def test_the_written_settings_are_the_defaults(tmp_path: Path) -> None:
    # Given the file that init writes, as it is and with every setting switched on
    text = configuration.as_toml()
    names = "|".join(configuration.MEANINGS)
    head = text.partition("# [[source]]")[0]
    switched_on, count = re.subn(rf"^# ((?:{names}) = )", r"\1", head, flags=re.MULTILINE)
    (tmp_path / "as-it-is.toml").write_text(text, "utf-8")
    (tmp_path / "switched-on.toml").write_text(switched_on, "utf-8")

    # Then every setting is in it, and it changes nothing
    assert count == len(configuration.MEANINGS) == len(fields(Settings)) - 1
    settings = Settings(data_dir=tmp_path / "var", inbox=tmp_path / "inbox")
    assert load(tmp_path / "as-it-is.toml", {}) == settings
    assert load(tmp_path / "switched-on.toml", {}) == replace(settings, settle=2.0)


def test_init_makes_everything_and_twice_does_no_harm(here: Path) -> None:
    # Given an empty directory, when init runs
    first = gouji("init", "--json")

    # Then settings, folders and database are there, for this user alone
    assert first.exit_code == 0, first.output
    facts = orjson.loads(first.stdout)
    assert facts["written"] is True
    assert (here / "gouji.toml").exists()
    assert (here / "var" / "gouji.db").exists()
    assert (here / "inbox").is_dir()
    assert (here / "var").stat().st_mode & 0o777 == 0o700

    # And running it again leaves a changed file as it is
    (here / "gouji.toml").write_text('inbox = "letters"\n', "utf-8")
    again = orjson.loads(gouji("init", "--json").stdout)
    assert again["written"] is False
    assert (here / "letters").is_dir()


def test_init_says_of_each_source_what_it_is(here: Path) -> None:
    # Given
    sources = '[[source]]\npath = "in"\n[[source]]\nkind = "crawl"\npath = "mirror"\n'
    (here / "gouji.toml").write_text(sources)

    # Then
    told = gouji("init").stdout
    assert f"收件 inbox {here}/in\n" in told
    assert f"来源 crawl {here}/mirror\n" in told


def test_init_in_another_directory(here: Path) -> None:
    # When init is told where
    result = gouji("init", "--dir", "office")

    # Then everything is there, and its paths start there
    assert result.exit_code == 0, result.output
    assert (here / "office" / "gouji.toml").exists()
    assert (here / "office" / "var" / "gouji.db").exists()


def test_a_database_in_a_folder_of_any_name_is_shown_by_that_name(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    place = here / "政务 公开"
    place.mkdir()
    monkeypatch.chdir(place)
    gouji("init")

    # Then
    found = looked_at()
    assert found["database"].detail.startswith(f"sqlite:///{place}/var/gouji.db · ")
    assert f"unix://{place}/var/broker.sock" in found["broker"].detail


def test_doctor_says_what_is_missing_and_what_to_do(here: Path) -> None:
    # Given nothing at all, when the doctor looks
    result = gouji("doctor", "--json")

    # Then it says so with advice, ends with 6, and has created nothing
    assert result.exit_code == 6
    found: dict[str, Any] = {check["name"]: check for check in orjson.loads(result.stdout)}
    assert found["database"]["verdict"] == "fail"
    assert "gouji init" in found["database"]["advice"]
    assert found["source inbox"]["verdict"] == "fail"
    assert found["broker"]["verdict"] == "fail"
    assert found["workers"]["verdict"] == "warn"
    assert list(here.iterdir()) == []


def test_doctor_is_content_after_init(here: Path) -> None:
    # Given a fresh installation that does not run yet
    assert gouji("init").exit_code == 0

    # When the doctor looks
    result = gouji("doctor")

    # Then only the queue cannot be reached, and it says how to start it
    assert result.exit_code == 6, result.output
    assert "gouji up" in result.output
    assert [line.split()[1] for line in result.output.splitlines() if "✗" in line] == ["broker"]


@pytest.mark.parametrize(
    "url", ["garbage", "mysql://a:secret@b/c", "postgresql://a:secret@b:port/c", "postgres://b/c"]
)
def test_a_database_url_that_cannot_be_used_is_told_in_a_line(
    here: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    # Given a URL that is none, or of a database that is not supported
    monkeypatch.setenv("GOUJI_DATABASE_URL", url)

    # When it is needed
    results = [gouji(*command.split()) for command in ("status", "init", "watch", "work")]
    doctor = gouji("doctor")

    # Then it is a settings error with a hint, and no secret is shown
    for result in results:
        assert result.exit_code == 2, result.output
        assert result.stderr.startswith("gouji: database_url")
        assert len(result.stderr.splitlines()) == 2
    assert doctor.exit_code == 6
    assert "postgresql+psycopg://" in doctor.output
    assert not any("secret" in result.output for result in (*results, doctor))
    assert not (here / "gouji.toml").exists()


def test_looking_at_a_database_that_is_not_there_makes_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a database in a directory that does not exist
    monkeypatch.setenv("GOUJI_DATABASE_URL", f"sqlite:///{here / 'deep' / 'x.db'}")

    # When the doctor looks, then it creates nothing; init does
    assert "尚未建立" in gouji("doctor").output
    assert list(here.iterdir()) == []
    assert gouji("init").exit_code == 0
    assert (here / "deep" / "x.db").exists()


def test_the_watched_folder_is_open_as_the_umask_says(here: Path) -> None:
    before = os.umask(0o022)
    try:
        assert gouji("init").exit_code == 0
    finally:
        os.umask(before)
    assert (here / "inbox").stat().st_mode & 0o777 == 0o755
    assert (here / "var").stat().st_mode & 0o777 == 0o700


@pytest.mark.process
def test_doctor_knows_the_queue_and_the_watcher(here: Path) -> None:
    # Given a running queue and a watcher that was seen just now
    assert gouji("init").exit_code == 0
    settings = Settings()
    with ensure(settings):
        _beat(settings, 1)
        checks = looked_at()

    # Then both are well
    assert checks["broker"].verdict is Verdict.OK, checks["broker"]
    assert "appendonly yes" in checks["broker"].detail
    assert checks["watcher"].verdict is Verdict.OK
    assert checks["workers"].verdict is Verdict.WARN

    # And a watcher not seen for half a minute is worth a warning
    _beat(settings, 30)
    assert looked_at()["watcher"].verdict is Verdict.WARN


def _beat(settings: Settings, age: float) -> None:
    database = Database.at(settings.database)
    with database.transaction() as session:
        session.merge(
            SourceStatus(
                source="inbox",
                kind="drop",
                path=b"inbox",
                mode="events",
                unsettled=0,
                heartbeat_at=now() - timedelta(seconds=age),
            )
        )
    database.close()


def test_a_configured_queue_that_does_not_answer_is_a_failure(here: Path) -> None:
    # Given a broker that is nowhere
    settings = Settings(broker_url="redis://:secret@127.0.0.1:1/0")

    # When the doctor looks
    check = looked_at(settings)["broker"]

    # Then it is unreachable, and the password stays out of it
    assert check.verdict is Verdict.FAIL
    assert check.unreachable
    assert "secret" not in check.detail


def test_a_full_disk_is_a_failure(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a disk with less space left than is needed
    monkeypatch.setattr("console.checkup._NO_SPACE", 1 << 62)

    # Then the archive's check fails
    assert looked_at()["archive"].verdict is Verdict.FAIL


def test_what_some_formats_need_is_looked_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a PATH with nothing on it, and one with a program of that name
    monkeypatch.setenv("PATH", str(here))
    without = looked_at()["libreoffice"]
    (here / "soffice").write_text("#!/bin/sh\n")
    (here / "soffice").chmod(0o755)

    # Then the one is told with what to install, and the other is well
    assert (without.verdict, without.unreachable) == (Verdict.WARN, False)
    assert "libreoffice-writer" in without.advice
    assert looked_at()["libreoffice"].verdict is Verdict.OK


def test_what_reads_scans_is_looked_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given the extra as it is here, and without one of its packages
    before = looked_at()["ocr"]
    monkeypatch.setitem(ocr._NEEDED, "no_such_module", "onnx-of-tomorrow")
    without = looked_at()["ocr"]

    # Then what lacks is named, with what to install
    assert before.verdict is Verdict.OK
    assert without.verdict is Verdict.WARN
    assert "onnx-of-tomorrow" in without.detail
    assert "gouji[ocr]" in without.advice


def test_a_collector_is_tried_out(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a collector that takes spans, one that is not there, and none
    nowhere = Settings(otlp_endpoint="http://127.0.0.1:1")  # nobody's, and never another's
    with collecting() as collector:
        well = looked_at(Settings(otlp_endpoint=collector.url))["traces"]
    away = looked_at(nowhere)["traces"]

    # Then it is told, and is no reason to call the installation ill
    assert (well.verdict, away.verdict) == (Verdict.OK, Verdict.WARN)
    assert "refused" in away.detail
    assert not away.unreachable
    assert "traces" not in looked_at()

    # And so are variables that ask for what is not there
    name = "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER"
    monkeypatch.setenv(name, "nobody")
    assert "nobody" in looked_at(nowhere)["traces"].detail


def test_what_sends_traces_is_looked_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given an address for traces, and an installation without the extra
    monkeypatch.delitem(sys.modules, "worker.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    # Then it is said in both languages, with what to install
    check = looked_at(Settings(otlp_endpoint="http://127.0.0.1:9"))["traces"]
    assert check.verdict is Verdict.WARN
    assert "未装" in check.detail
    assert "not installed: gouji[otel]" in check.detail
    assert check.advice == "pip install 'gouji[otel]' (or make otel)"
