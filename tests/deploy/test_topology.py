"""The topology of compose.yaml without containers: it ingests the seeds, and its probes are true.

The same commands with the same environment in the same order, and PostgreSQL and Redis of the
system; and the probes of Kubernetes, asked of the same processes.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.check import cluster, compose, image
from tests.deploy.running import BIN, DEPLOY, SEEDS, Place, Running, servers
from tests.servers import free_port
from tests.tools import need

pytestmark = [pytest.mark.process, pytest.mark.soak]

_WITHIN: Final = 180.0
_PARTS: Final = ("watch", "work", "ocr", "console", "push", "notify")


class Topology:
    """The services of compose.yaml that are ours, as processes."""

    def __init__(self, folder: Path, addresses: dict[str, str]) -> None:
        self.folder = folder
        self.port, self.pushed = free_port(), free_port()
        self.services: dict[str, Any] = compose.merged(DEPLOY)["services"]
        self.built = image.stages((DEPLOY / image.NAME).read_text("utf-8"))[-1]
        self.running: dict[str, Running] = {}
        self._addresses = addresses
        for name in ("secrets", "data", "etc"):
            (folder / name).mkdir(exist_ok=True)
        told = self.place("push").here((DEPLOY / "push.toml").read_text("utf-8"))
        (folder / "etc" / "push.toml").write_text(told, "utf-8")

    def place(self, service: str) -> Place:
        """Return where the paths of a service are here; each has a /tmp of its own."""
        own = self.folder / "tmp" / service
        own.mkdir(parents=True, exist_ok=True)
        paths = {
            "/run/secrets": self.folder / "secrets",
            "/var/lib/gouji": self.folder / "data",
            "/srv/inbox": self.folder / "inbox",
            "/etc/gouji": self.folder / "etc",
            "/opt/gouji/bin": BIN,
            "/tmp": own,  # noqa: S108 - that of the container
        }
        ports = {"8351": str(self.port), "8350": str(self.pushed)}
        return Place(paths, {**ports, **self._addresses})

    def words(self, name: str) -> list[str]:
        """Return the command line of a service: its own over that of the image."""
        service = self.services[name]
        entry = compose.words(service, "entrypoint") or image.words(self.built, "ENTRYPOINT")
        entry = entry[2:] if entry[:2] == ["tini", "--"] else entry
        return [self.place(name).here(one) for one in [*entry, *compose.words(service, "command")]]

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service: its own over that of the image."""
        own = self.services[name].get("environment", {})
        return self.place(name).environment(image.variables(self.built), own)

    def start(self, name: str) -> Running:
        """Start a service."""
        self.running[name] = Running(
            name, self._found(self.words(name)), self.environment(name), self.folder / "data"
        )
        return self.running[name]

    def complete(self, name: str) -> None:
        """Start a service that is to end well, and wait until it has."""
        job = self.start(name)
        assert job.process.wait(_WITHIN) == 0, job.log

    def probe(self, name: str) -> bool:
        """Run the health check of a service in its environment."""
        own = self.services[name].get("healthcheck", {}).get("test", [])
        words = own[1:] if own else image.words(self.built, "HEALTHCHECK")
        return self.ask(name, words)

    def ask(self, name: str, words: list[str]) -> bool:
        """Run a command beside a service, as a probe is run; tell whether it ended well."""
        here = [self.place(name).here(word) for word in words]
        done = subprocess.run(
            self._found(here),
            check=False,
            env=self.environment(name),
            cwd=self.folder,
            capture_output=True,
        )
        return done.returncode == 0

    def until(self, what: str, condition: Any) -> None:
        """Wait until something is so; every part has to run meanwhile."""
        deadline = time.monotonic() + _WITHIN
        while not condition():
            for name in _PARTS:
                part = self.running.get(name)
                assert part is None or part.process.poll() is None, f"{name}: {part.log}"
            logs = "\n".join(part.log[-1500:] for part in self.running.values())
            assert time.monotonic() < deadline, f"{what}: not in time\n{logs}"
            time.sleep(0.2)

    def status(self) -> Any:
        """Return what ``gouji status --json`` says where the console runs."""
        done = subprocess.run(
            [BIN / "gouji", "status", "--json"],
            env=self.environment("console"),
            cwd=self.folder / "data",
            capture_output=True,
            check=True,
        )
        return json.loads(done.stdout)

    def _found(self, words: list[str]) -> list[str]:
        own = BIN / words[0]
        return [str(own) if own.exists() else words[0], *words[1:]]


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """Everything that runs for good, started in the order that compose.yaml asks for."""
    folder = tmp_path_factory.mktemp("topology")
    webhook = f"http://127.0.0.1:{free_port()}/nobody"  # there is nothing to tell
    environment = {**os.environ, "NOTIFY_WEBHOOK": webhook}
    subprocess.run(
        ["/bin/sh", DEPLOY / "prepare.sh", folder], env=environment, check=True, capture_output=True
    )
    secrets = folder / "secrets"
    password = (secrets / "database_password").read_text().strip()
    broker = (secrets / "broker_conf").read_text().split()[1]
    with servers(password, broker) as addresses:
        whole = Topology(folder, addresses)
        for name in ("database_url", "broker_url"):
            secret = secrets / name
            secret.chmod(0o600)
            secret.write_text(whole.place("x").here(secret.read_text()))
        try:
            _start(whole)
            yield whole
        finally:
            for running in whole.running.values():
                running.kill()


def _start(whole: Topology) -> None:
    """Start each service of ours once those that it depends on are started, or complete."""
    ours = [name for name, one in whole.services.items() if one["image"].startswith(compose.OURS)]
    left = list(ours)
    while left:
        name = next(one for one in left if not set(whole.services[one]["depends_on"]) & set(left))
        left.remove(name)
        if whole.services[name]["restart"] == "no":
            whole.complete(name)
        else:
            whole.start(name)


def test_it_has_every_part(topology: Topology) -> None:
    assert set(topology.running) == {"migrate", "first-user", *_PARTS}


@pytest.mark.parametrize("part", _PARTS)
def test_its_health_check_comes_to_say_that_it_is_well(topology: Topology, part: str) -> None:
    topology.until(f"{part} is healthy", lambda: topology.probe(part))


def test_the_jobs_may_run_again(topology: Topology) -> None:
    # Given a second `docker compose up`
    for job in ("migrate", "first-user"):
        # Then what is there already is no error
        topology.complete(job)


def test_it_ingests_the_seeds(topology: Topology) -> None:
    # When the five seeds are dropped
    for seed in SEEDS:
        shutil.copy(seed, topology.folder / "inbox")

    # Then each is decided about, and no message is left
    topology.until("five decided", lambda: topology.status()["documents"]["stored"] == len(SEEDS))
    told = topology.status()
    assert told["documents"]["dead"] == 0
    topology.until("queue is empty", lambda: topology.status()["queue"]["outstanding"] == 0)


def test_it_takes_what_is_pushed_by_whoever_holds_a_token(topology: Topology) -> None:
    # Given a token, made where the console runs
    made = subprocess.run(
        [BIN / "gouji", "token", "create", "crawler"],
        env=topology.environment("console"),
        cwd=topology.folder / "data",
        capture_output=True,
        check=True,
        text=True,
    )
    secret = f"Bearer {made.stdout.strip()}"

    # When a document is pushed, with it and without
    codes = [_pushed(topology.pushed, headers) for headers in ({"Authorization": secret}, {})]

    # Then it is stored as the others are, or refused
    assert codes == [202, 401]
    topology.until("it is decided", lambda: topology.status()["documents"]["stored"] > len(SEEDS))


def _pushed(port: int, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    document = SEEDS[0].read_bytes() + b"\n"  # a document of its own
    connection.request("POST", "/api/v1/documents", document, headers)
    with closing(connection), connection.getresponse() as answer:
        return answer.status


def test_nobody_comes_in_without_a_password(topology: Topology) -> None:
    # Given that it listens for others
    address = f"http://127.0.0.1:{topology.port}/reports"

    # When somebody asks for the reports
    with urllib.request.urlopen(address, timeout=60) as answer:
        landed, text = answer.url, answer.read().decode()

    # Then they are asked to log in
    assert "/login" in landed
    assert 'type="password"' in text


def test_the_probes_of_kubernetes_are_true(topology: Topology) -> None:
    """They are asked of the same parts, where these pods would have started them."""
    need("kubectl")
    built, _ = cluster.build(DEPLOY / "kubernetes" / "overlays" / "production")
    pods = {pod.name: pod for pod in cluster.Cluster(built).pods}
    for part in _PARTS:
        container = pods[part].spec["containers"][0]
        probes = [container[kind] for kind in container if kind.endswith("Probe")]
        assert probes, part
        for probe in probes:
            if "exec" in probe:
                command = probe["exec"]["command"]
                topology.until(str(command), lambda c=command, p=part: topology.ask(p, c))
            elif "tcpSocket" in probe:
                socket.create_connection(("127.0.0.1", topology.pushed), 60).close()
            else:
                url = f"http://127.0.0.1:{topology.port}{probe['httpGet']['path']}"
                with urllib.request.urlopen(url, timeout=60) as answer:
                    assert answer.status == 200


def test_stopped_it_ends_well_and_is_no_longer_alive(topology: Topology) -> None:
    # When everything is told to end
    codes = {name: topology.running[name].end() for name in _PARTS}

    # Then each ended in order, and no probe takes it for alive
    assert codes == dict.fromkeys(_PARTS, 0)
    assert [part for part in _PARTS if topology.probe(part)] == []
