"""Settings come from a file and the environment, and what is wrong with them is told."""

import contextlib
import os
import re
from pathlib import Path

import pytest
from redis.connection import parse_url

from worker.errors import SettingsError
from worker.settings import Settings, load
from worker.source import Source


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _file(text: str) -> Path:
    path = Path("gouji.toml")
    path.write_text(text, "utf-8")
    return path


def test_nothing_said_means_the_embedded_defaults(tmp_path: Path) -> None:
    # Given neither file nor environment
    # When the settings are read
    settings = load(environ={})

    # Then everything is in ./var, and ./inbox is watched
    assert settings == Settings()
    assert settings.database == f"sqlite:///{tmp_path / 'var' / 'gouji.db'}"
    assert settings.broker == f"unix://{tmp_path / 'var' / 'broker.sock'}"
    assert settings.archive == str(tmp_path / "var" / "archive")
    assert settings.watched == (Source("inbox", Path("inbox")),)


def test_the_environment_overrides_the_file() -> None:
    # Given a file and an environment that disagree
    _file('data_dir = "from-file"\nlease = 10\nworker_threads = 3\n')

    # When the settings are read
    settings = load(environ={"GOUJI_DATA_DIR": "~/from-env", "GOUJI_LEASE": "2.5", "HOME": "/h"})

    # Then the environment is believed, value by value, with its types
    assert settings.data_dir == Path("~/from-env").expanduser()
    assert settings.lease == 2.5
    assert settings.worker_threads == 3


def test_sources_of_the_file_replace_the_inbox() -> None:
    # Given two sources
    path = _file(
        '[[source]]\npath = "/srv/letters"\nsettle = 5\n'
        '[[source]]\npath = "/srv/scans"\nname = "s"\nmode = "scan"\n'
    )

    # When the settings are read
    settings = load(path, {})

    # Then they are watched
    assert settings.watched == (
        Source("letters", Path("/srv/letters"), settle=5.0),
        Source("s", Path("/srv/scans"), mode="scan"),
    )


def test_a_source_that_is_the_directory_of_the_file_has_its_name(tmp_path: Path) -> None:
    # Given settings in the directory that they name
    here = tmp_path / "收件"
    here.mkdir()
    (here / "gouji.toml").write_text('[[source]]\npath = "."\n')

    # When they are read there
    with contextlib.chdir(here):
        settings = load(Path("gouji.toml"), {})

    # Then
    assert [source.name for source in settings.watched] == ["收件"]


def test_sources_of_every_kind() -> None:
    # Given one source of each kind
    path = _file(
        '[[source]]\npath = "in"\n'
        '[[source]]\nkind = "crawl"\npath = "/srv/mirror"\nignore = ["*.css", "robots.txt"]\n'
        '[[source]]\nkind = "feed"\npath = "/srv/crawl/items.jl"\nfiles = "/srv/crawl/files"\n'
        '[[source]]\nkind = "push"\nport = 9000\n'
    )

    # When the settings are read
    settings = load(path, {})

    # Then the first three are watched, one of them is ours to empty, and the last listens
    assert [(source.kind, source.name) for source in settings.watched] == [
        ("drop", "in"),
        ("crawl", "mirror"),
        ("feed", "items.jl"),
    ]
    assert settings.drops == (Source("in", Path("in")),)
    assert settings.pushed == Source("push", kind="push", port=9000)
    assert settings.watched[1].ignore == ("*.css", "robots.txt")
    assert settings.watched[2].folder == Path("/srv/crawl")


@pytest.mark.parametrize(
    ("text", "environ", "complaint"),
    [
        ("laese = 1", {}, "unknown setting 'laese'; did you mean 'lease'?"),
        ("", {"GOUJI_DATADIR": "x"}, "environment: unknown setting 'datadir'; did you mean"),
        ("zzz = 1", {}, "unknown setting 'zzz'"),
        ("lease = ", {}, "gouji.toml: not TOML"),
        ('lease = "long"', {}, "lease: 'long' is not usable: a finite number is expected"),
        ("database_url = 7", {}, "database_url: 7 is not usable: text is expected"),
        ('log_format = "xml"', {}, "log_format: 'xml' is none of auto, json, console"),
        ("worker_processes = 0", {}, "worker_processes: 0 is below 1"),
        ("grace = -1", {}, "grace: -1 is below 0"),
        ("lease = 0", {}, "lease: 0 is not above 0"),
        ("", {"GOUJI_SCAN_INTERVAL": "0"}, "scan_interval: '0' is not above 0"),
        ("sweep_interval = -1", {}, "sweep_interval: -1 is not above 0"),
        ("unsettled_after = 0", {}, "unsettled_after: 0 is not above 0"),
        ("retry_min = 0", {}, "retry_min: 0 is not above 0"),
        ("retry_max = 0", {}, "retry_max: 0 is not above 0"),
        ("lease = nan", {}, "lease: nan is not usable: a finite number is expected"),
        ("", {"GOUJI_GRACE": "inf"}, "grace: 'inf' is not usable"),
        ("[[source]]\nname = 'a'", {}, "source a: 'path' is missing"),
        ("[[source]]\npath = 'a'\nsetle = 1", {}, "did you mean 'settle'?"),
        ("[[source]]\npath = 'a'\nkind = 'ftp'", {}, "kind 'ftp' is none of drop, crawl, feed,"),
        ("[[source]]\npath = 'a'\nfiles = 'b'", {}, "source a (drop): unknown setting 'files'"),
        ("[[source]]\nkind = 'push'\nport = 70000", {}, "port: 70000 is not a port"),
        ("[[source]]\nkind = 'push'\npath = 'a'", {}, "(push): unknown setting 'path'"),
        (
            "[[source]]\nkind = 'push'\n[[source]]\nkind = 'push'\nname = 'b'",
            {},
            "one of kind 'push'",
        ),
        ("[[source]]\npath = 'a'\nmode = 'x'", {}, "mode 'x' is neither"),
        ("[[source]]\npath = 'a'\nsettle = 'x'", {}, "source a: settle: 'x' is not usable"),
        ("[[source]]\npath = 'a'\nsettle = -1", {}, "source a: settle: -1 is below 0"),
        ("[[source]]\npath = 'a'\nsettle = nan", {}, "source a: settle: nan is not usable"),
        ("[[source]]\npath = 5", {}, "source 5: path 5 is not text"),
        ("[[source]]\npath = 'x/ingest'", {}, "source x/ingest: the name 'ingest' is taken"),
        ("[[source]]\npath = '/'", {}, "source /: a name of 1 to 64 characters is expected"),
        (f"[[source]]\npath = 'a'\nname = '{'长' * 65}'", {}, "a name of 1 to 64 characters"),
        ("[[source]]\npath = 'a'\nname = 7", {}, "a name of 1 to 64 characters is expected"),
        ("source = 5", {}, "source: tables are expected"),
        ("[[source]]\npath = 'x/a'\n[[source]]\npath = 'y/a'", {}, "the same name"),
    ],
)
def test_what_is_wrong_is_told(text: str, environ: dict[str, str], complaint: str) -> None:
    # Given settings that cannot be used
    path = _file(text)

    # When they are read, then the message names what is wrong
    with pytest.raises(SettingsError, match=re.escape(complaint)):
        load(path, environ)


def test_a_named_file_that_is_not_there_is_an_error() -> None:
    # Given a name of no file
    # When the settings are read, then that is told; without a name it is no error
    with pytest.raises(SettingsError, match=r"no\.toml: cannot be read"):
        load(Path("no.toml"), {})


def test_the_name_of_the_file_is_no_setting() -> None:
    # Given the variable that names the file
    # When the settings are read, then it is not taken for a setting
    assert load(environ={"GOUJI_CONFIG": "x.toml"}) == Settings()


def test_a_short_directory_holds_the_socket(tmp_path: Path) -> None:
    # Given a short data directory, with characters that mean something in a URL
    settings = Settings(data_dir=tmp_path / "数据 100%?#")

    # When the broker's URL is parsed by its client
    # Then it leads to the socket in that directory
    assert settings.broker_socket == tmp_path / "数据 100%?#" / "broker.sock"
    told = parse_url(settings.broker)  # type: ignore[no-untyped-call]
    assert told["path"] == str(settings.broker_socket)


def test_a_long_directory_has_its_socket_elsewhere(tmp_path: Path) -> None:
    # Given data directories whose paths are too long for a socket address
    one, two = (Settings(data_dir=tmp_path / (letter * 110)) for letter in "xz")

    # When their sockets are asked for
    # Then each has a short path of its own, the same every time
    assert len(os.fsencode(one.broker_socket)) <= 103
    assert one.broker_socket != two.broker_socket
    assert one.broker_socket == Settings(data_dir=one.data_dir).broker_socket
    assert one.broker_socket.parent.name == f"gouji-{os.getuid()}"


def test_paths_of_a_file_start_at_its_directory(tmp_path: Path) -> None:
    # Given a settings file elsewhere
    path = tmp_path / "etc" / "gouji.toml"
    path.parent.mkdir()
    path.write_text('inbox = "in"\n[[source]]\npath = "letters"\n', "utf-8")

    # When it is named
    settings = load(path, {"GOUJI_DATA_DIR": "data"})

    # Then its paths start beside it, those of the environment here; its inbox is watched too
    assert settings.data_dir == Path("data")
    assert [source.path for source in settings.watched] == [
        path.parent / "in",
        path.parent / "letters",
    ]
    assert load(path, {}).data_dir == path.parent / "var"


def pushing(tmp_path: Path, text: str) -> Source:
    config = tmp_path / "gouji.toml"
    config.write_text(f'[[source]]\nkind = "push"\n{text}\n', "utf-8")
    pushed = load(config, {}).pushed
    assert pushed is not None
    return pushed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_a_push_source_listens_for_this_machine(tmp_path: Path, host: str) -> None:
    assert pushing(tmp_path, f'host = "{host}"').host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])  # noqa: S104
def test_it_listens_for_others_only_when_that_is_said(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match="no TLS"):
        pushing(tmp_path, f'host = "{host}"')
    assert pushing(tmp_path, f'host = "{host}"\nexposed = true').host == host


@pytest.mark.parametrize(
    "text",
    [
        "rate = 0",
        "failures = 1.5",
        "connections = true",
        "timeout = -1",
        'proxies = ["proxy.example"]',
        "proxies = 7",
        'exposed = "yes"',
        "host = 5",
    ],
)
def test_limits_of_a_push_source_have_to_be_usable(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=text.partition(" ")[0]):
        pushing(tmp_path, text)


def test_limits_of_a_push_source(tmp_path: Path) -> None:
    found = pushing(tmp_path, 'rate = 60\nproxies = ["127.0.0.1", "2001:db8::1"]\ntimeout = 5')
    assert (found.rate, found.proxies, found.timeout) == (60, ("127.0.0.1", "2001:db8::1"), 5.0)


@pytest.mark.parametrize("name", ["events", "attempts", "done", "orphans"])
def test_things_are_kept_for_ever_or_for_a_day_at_least(name: str) -> None:
    assert getattr(load(None, {f"GOUJI_KEEP_{name.upper()}": "0"}), f"keep_{name}") == 0
    assert getattr(load(None, {f"GOUJI_KEEP_{name.upper()}": "1"}), f"keep_{name}") == 1
    with pytest.raises(SettingsError, match="below a day"):
        load(None, {f"GOUJI_KEEP_{name.upper()}": "0.9"})
