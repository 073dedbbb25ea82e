"""``make check-deploy``: it finds nothing in deploy/, and each of many planted mistakes."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.check import __main__ as command
from deploy.check.__main__ import check, found
from deploy.check.programs import FROM, Missing, find
from tests.deploy.running import DEPLOY
from tests.tools import absent


class Mistake(NamedTuple):
    """A mistake: which check sees it, where it is made, what it is, and what is said of it."""

    check: str
    file: str
    right: str
    wrong: str
    told: str


def _in(check: str, file: str, right: str, wrong: str, told: str) -> Mistake:
    return Mistake(check, file, right, wrong, told)


SANDBOX = "systemd/gouji-.service.d/10-common.conf"
PRODUCTION = "kubernetes/overlays/production"

MISTAKES = {
    # the image
    "image: shell form": _in(
        "image", "Dockerfile", 'CMD ["--help"]', "CMD gouji --help", "DL3025"
    ),
    "image: root": _in("image", "Dockerfile", "USER 10001:10001", "USER root", "10001:10001"),
    "image: a number of Debian's": _in(
        "image", "Dockerfile", "groupadd --gid 10001", "groupadd --system", "groupadd gives"
    ),
    "image: no hashes": _in(
        "image", "Dockerfile", "--require-hashes -r", "-r", "without --require-hashes"
    ),
    "image: build tools stay": _in(
        "image", "Dockerfile", "python3 ca-certificates tini", "python3-venv gcc tini", "build tool"
    ),
    "image: probe": _in("image", "Dockerfile", '["gouji", "alive"]', '["gouji", "alve"]', "alve"),
    "image: no such folder": _in(
        "image", "Dockerfile", "COPY worker/ worker/", "COPY workers/ worker/", "workers/"
    ),
    "image: misspelt setting": _in(
        "image", "Dockerfile", "GOUJI_DATA_DIR=", "GOUJI_DATADIR=", "datadir"
    ),
    "image: LibreOffice for everybody": _in(
        "image", "Dockerfile", 'ARG CONVERTER=""', 'ARG CONVERTER="libreoffice-writer-nogui"',
        "LibreOffice is in every image",
    ),
    "image: LibreOffice for nobody": _in(
        "image", "Dockerfile", "tini ${CONVERTER}", "tini", "CONVERTER is not installed"
    ),
    # Compose
    "compose: misspelt key": _in(
        "compose", "compose.yaml", "stop_grace_period: 60s # more", "stop_grace: 60s #",
        "stop_grace",
    ),
    "compose: bad port": _in(
        "compose", "compose.yaml", "127.0.0.1:8351:8351", "127.0.0.1:8351:8531", "8531"
    ),
    "compose: open port": _in(
        "compose", "compose.yaml", '"127.0.0.1:8351:8351"', '"8351:8351"', "127.0.0.1:PORT"
    ),
    "compose: missing secret": _in(
        "compose",
        "compose.yaml",
        "secrets: [database_url, broker_url, admin_password]",
        "secrets: [database_url, broker_url]",
        "admin_password",
    ),
    "compose: undeclared secret": _in(
        "compose", "compose.yaml", "  broker_url: {file: ./secrets/broker_url}\n", "", "broker_url"
    ),
    "compose: unknown setting": _in(
        "compose", "compose.yaml", 'GOUJI_GRACE: "45"', 'GOUJI_GRACES: "45"', "graces"
    ),
    "compose: unusable value": _in(
        "compose", "compose.yaml", 'GOUJI_GRACE: "45"', 'GOUJI_GRACE: "45s"', "grace"
    ),
    "compose: killed too early": _in(
        "compose", "compose.yaml", "stop_grace_period: 60s # more", "stop_grace_period: 30s #",
        "GRACE",
    ),
    "compose: unknown command": _in("compose", "compose.yaml", "[watch]", "[wach]", "wach"),
    "compose: probe": _in(
        "compose", "compose.yaml", "alive, --within", "alive, --whithin", "whithin"
    ),
    "compose: unknown queue": _in(
        "compose", "compose.yaml", "fast,slow,urgent", "fast,slow,urgnt", "urgnt"
    ),
    "compose: log without end": _in(
        "compose", "compose.yaml", "{max-size: 10m, max-file", "{max-file", "max-size"
    ),
    "compose: capabilities": _in(
        "compose", "compose.yaml", "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "cap_drop"
    ),
    "compose: a limit in two ways": _in(
        "compose", "compose.yaml", "    mem_limit: 3g\n",
        "    deploy: {resources: {limits: {memory: 3g}}}\n", "pids_limit",
    ),
    "compose: well before there is a database": _in(
        "compose", "compose.yaml", "--host=127.0.0.1, ", "", "without --host"
    ),
    "compose: asked where there is no inbox": _in(
        "compose", "RUNBOOK.md", "exec console gouji", "exec work gouji", "no /srv/inbox"
    ),
    "compose: waits for what never ends": _in(
        "compose", "compose.yaml", '    command: [init]\n    restart: "no"\n',
        "    command: [init]\n", "never completes",
    ),
    "compose: scrapes nobody": _in(
        "compose", "monitoring/prometheus.yaml", "console:8351", "console:8350",
        "no service listens",
    ),
    "compose: nobody takes what is pushed": _in(
        "compose", "compose.yaml", "command: [push]", "command: [watch]",
        "no service runs gouji push",
    ),
    "compose: nobody tells": _in(
        "compose", "compose.yaml", "command: [notify]", "command: [watch]",
        "no service runs gouji notify",
    ),
    "compose: another port for pushing": _in(
        "compose", "push.toml", "port = 8350", "port = 8340", "port 8340 where it listens"
    ),
    "compose: pushing from inside alone": _in(
        "compose", "push.toml", 'host = "0.0.0.0"', 'host = "127.0.0.1"', "nobody else reaches it"
    ),
    "compose: settings nowhere": _in(
        "compose", "compose.yaml", "GOUJI_CONFIG: /etc/gouji/push.toml",
        "GOUJI_CONFIG: /etc/gouji/gouji.toml", "no such file is mounted",
    ),
    "compose: in the clear without saying so": _in(
        "compose", "push.toml", "exposed = true", "exposed = false", "exposed"
    ),
    "compose: nobody to tell": _in(
        "compose", "compose.yaml",
        "environment: {<<: *environment, GOUJI_NOTIFY_WEBHOOK_FILE: /run/secrets/notify_webhook}",
        "environment: *environment", "nobody is to be told",
    ),
    "compose: a secret that nobody makes": _in(
        "compose", "prepare.sh", "keep notify_webhook", "keep notify_hook", "does not make"
    ),
    "compose: waits for a profile": _in(
        "compose", "compose.yaml", "    profiles: [push]\n    command: [push]\n",
        "    command: [push]\n    depends_on: {notify: {condition: service_healthy}}\n",
        "only where its profile is named",
    ),
    # systemd
    "systemd: nobody takes what is pushed": _in(
        "systemd", "systemd/gouji-push.service", "gouji push", "gouji watch",
        "no unit runs gouji push",
    ),
    "systemd: misspelt option": _in(
        "systemd", SANDBOX, "ProtectSystem=strict", "ProtectSytem=strict", "ProtectSytem"
    ),
    "systemd: wrong value": _in(
        "systemd", "systemd/gouji-watch.service", "Type=notify", "Type=notfy", "notfy"
    ),
    "systemd: wrong program": _in(
        "systemd", "systemd/gouji-work.service", "/opt/gouji/bin/gouji", "/opt/guoji/bin/gouji",
        "guoji",
    ),
    "systemd: unknown option of gouji": _in(
        "systemd", "systemd/gouji-work.service", "--processes", "--process-count", "process-count"
    ),
    "systemd: missing credential": _in(
        "systemd", SANDBOX, "LoadCredential=broker_url:/etc/credstore/gouji.broker_url\n", "",
        "LoadCredential=broker_url",
    ),
    "systemd: exposed": _in(
        "systemd", SANDBOX, "CapabilityBoundingSet=\n", "CapabilityBoundingSet=~\n", "exposure"
    ),
    "systemd: said in vain": _in(
        "systemd", "systemd/gouji-watch.service", "UMask=0007", "UMask=0007\nPrivateTmp=no", "vain"
    ),
    "systemd: no such unit": _in(
        "systemd", "systemd/gouji.target", "gouji-ocr.service", "gouji-orc.service", "gouji-orc"
    ),
    "systemd: nobody notices that it hangs": _in(
        "systemd", "systemd/gouji-watch.service", "WatchdogSec=300\n", "", "WatchdogSec"
    ),
    # Kubernetes
    "kubernetes: misspelt key": _in(
        "kubernetes", "kubernetes/base/console.yaml", "failureThreshold: 2", "failureTreshold: 2",
        "failureTreshold",
    ),
    "kubernetes: misspelt resource": _in(
        "kubernetes", "kubernetes/base/kustomization.yaml", "- watch.yaml", "- wacth.yaml", "wacth"
    ),
    "kubernetes: probe of no port": _in(
        "kubernetes", "kubernetes/base/console.yaml", "{path: /readyz, port: http}",
        "{path: /readyz, port: web}", "no port web",
    ),
    "kubernetes: wrong port": _in(
        "kubernetes", "kubernetes/base/console.yaml", "containerPort: 8351", "containerPort: 8531",
        "8531",
    ),
    "kubernetes: no such secret": _in(
        "kubernetes", "kubernetes/base/work.yaml", "secretName: gouji,", "secretName: guoji,",
        "no secret guoji",
    ),
    "kubernetes: no such key of a secret": _in(
        "kubernetes", "kubernetes/base/kustomization.yaml", "gouji/database_url", "gouji/db_url",
        "db_url",
    ),
    "kubernetes: root": _in(
        "kubernetes", "kubernetes/base/watch.yaml", "runAsNonRoot: true", "runAsNonRoot: false",
        "runAsNonRoot",
    ),
    "kubernetes: killed too early": _in(
        "kubernetes", "kubernetes/base/work.yaml", "terminationGracePeriodSeconds: 300",
        "terminationGracePeriodSeconds: 30", "GOUJI_GRACE",
    ),
    "kubernetes: budget of nobody": _in(
        "kubernetes", "kubernetes/base/disruption.yaml", "component: ocr}", "component: orc}",
        "PodDisruptionBudget/ocr",
    ),
    "kubernetes: policy for nobody": _in(
        "kubernetes", "kubernetes/base/network.yaml", "port: 8351", "port: 8350", "8350"
    ),
    "kubernetes: scales to nothing": _in(
        "kubernetes", f"{PRODUCTION}/scaling.yaml", "minReplicaCount: 1\n  maxReplicaCount: 12",
        "minReplicaCount: 0\n  maxReplicaCount: 12", "minReplicaCount",
    ),
    "kubernetes: misspelt key of KEDA": _in(
        "kubernetes", f"{PRODUCTION}/scaling.yaml", "pollingInterval: 15\n  cooldownPeriod: 600",
        "poolingInterval: 15\n  cooldownPeriod: 600", "poolingInterval",
    ),
    "kubernetes: another list": _in(
        "kubernetes", f"{PRODUCTION}/scaling.yaml", "dramatiq:ocr.msgs", "dramatiq:ocr",
        "do not agree",
    ),
    "kubernetes: nobody takes what is pushed": _in(
        "kubernetes", f"{PRODUCTION}/kustomization.yaml", "  - ../../components/push\n", "",
        "no overlay runs gouji push",
    ),
    "kubernetes: another port for pushing": _in(
        "kubernetes", "kubernetes/components/push/push.toml", "port = 8350", "port = 8340",
        "is not 8340",
    ),
    "kubernetes: settings nowhere": _in(
        "kubernetes", "kubernetes/components/push/push.yaml", "mountPath: /etc/gouji,",
        "mountPath: /etc/guoji,", "no such file is mounted",
    ),
    "kubernetes: no such settings": _in(
        "kubernetes", "kubernetes/components/push/push.yaml", "configMap: {name: gouji-push}",
        "configMap: {name: gouji-pull}", "no ConfigMap gouji-pull",
    ),
    "kubernetes: probe of another port": _in(
        "kubernetes", "kubernetes/components/push/push.yaml", "tcpSocket: {port: push}",
        "tcpSocket: {port: http}", "no port http",
    ),
    "kubernetes: lets in where nobody listens": _in(
        "kubernetes", "kubernetes/components/push/push.yaml", "[{port: 8350, protocol: TCP}]",
        "[{port: 8351, protocol: TCP}]", "nobody listens at port 8351",
    ),
    "kubernetes: no such webhook": _in(
        "kubernetes", "kubernetes/components/notify/notify.yaml", "gouji/notify_webhook",
        "gouji/webhook", "webhook: no secret",
    ),
    # monitoring
    "alert: wrong metric": _in(
        "monitoring", "monitoring/rules.yaml", "expr: gouji_workers == 0",
        "expr: gouji_worker == 0", "no metric gouji_worker",
    ),
    "alert: wrong label": _in(
        "monitoring", "monitoring/rules.yaml", 'total{outcome="lost"}', 'total{result="lost"}',
        "no label result",
    ),
    "alert: no PromQL": _in(
        "monitoring", "monitoring/rules.yaml", "expr: gouji_broker_up == 0",
        "expr: gouji_broker_up = 0", "parse",
    ),
    "alert: another threshold": _in(
        "monitoring", "monitoring/rules.yaml", "age_seconds > 900", "age_seconds > 90000",
        "GoujiNothingMoves",
    ),
    "alert: not in the runbook": _in(
        "monitoring", "RUNBOOK.md", "## GoujiDiskFull", "## Disk full", "GoujiDiskFull"
    ),
    "alert: wrong anchor": _in(
        "monitoring", "monitoring/rules.yaml", "RUNBOOK.md#goujidiskfull", "RUNBOOK.md#disk",
        "runbook_url",
    ),
    "alertmanager: no such receiver": _in(
        "monitoring", "monitoring/alertmanager.yaml", "receiver: page", "receiver: pager", "pager"
    ),
    "alertmanager: no such alert": _in(
        "monitoring", "monitoring/alertmanager.yaml", "GoujiNoWorkers", "GoujiNoWorker",
        "no alert GoujiNoWorker",
    ),
    "dashboard: changed by hand": _in(
        "monitoring", "monitoring/dashboard.json", "gouji_broker_up", "gouji_queue_up",
        "no metric gouji_queue_up",
    ),
    # scripts
    "script: not quoted": _in(
        "scripts", "prepare.sh", 'chmod 0700 "$secrets"', "chmod 0700 $secrets", "SC2086"
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _tools() -> None:
    for name in FROM:
        try:
            find(name)
        except Missing:
            absent(name)


def copied(place: Path) -> Path:
    """Return a copy of deploy/, without what was made there by hand."""
    ignored = shutil.ignore_patterns("__pycache__", "secrets", "inbox")
    return Path(shutil.copytree(DEPLOY, place / "deploy", ignore=ignored))


@pytest.mark.soak
def test_it_finds_nothing() -> None:
    assert check(DEPLOY) == []


_ALWAYS = {mistake.check: name for name, mistake in reversed(MISTAKES.items())}.values()
"""The first mistake that each check sees: a check is a few programs, which take their time."""
_ELSE = [name for name in MISTAKES if name not in _ALWAYS]


@pytest.mark.parametrize(
    "name", [*_ALWAYS, *(pytest.param(name, marks=pytest.mark.soak) for name in _ELSE)]
)
def test_it_finds_a_mistake(name: str, tmp_path: Path) -> None:
    # Given deploy/ with one mistake
    mistake = MISTAKES[name]
    place = copied(tmp_path)
    path = place / mistake.file
    text = path.read_text("utf-8")
    assert mistake.right in text
    path.write_text(text.replace(mistake.right, mistake.wrong), "utf-8")

    # When it is checked
    told = list(found(mistake.check, place))

    # Then what is wrong is told
    assert any(mistake.told in fault for fault in told), told


def test_the_command_ends_with_1_and_names_the_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a script with a mistake
    place = copied(tmp_path)
    script = place / "prepare.sh"
    script.write_text(script.read_text("utf-8").replace('"$secrets"', "$secrets"), "utf-8")

    # When it is checked as make check-deploy does, by the one check that sees it
    monkeypatch.setattr(command, "CHECKS", {"scripts": command.CHECKS["scripts"]})
    code = command.main([str(place)])

    # Then
    assert code == 1
    assert "check-deploy: scripts: shellcheck: In prepare.sh" in capsys.readouterr().err


def test_a_tool_that_is_missing_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a machine with nothing on it
    monkeypatch.setenv("PATH", "/nowhere")

    # Then each check whose tool is missing says what to do
    checks = ("systemd", "kubernetes", "monitoring", "scripts")
    told = [fault for name in checks for fault in found(name, DEPLOY)]
    for name in ("systemd-analyze", "kubectl", "promtool", "shellcheck"):
        assert [one for one in told if f"{name} is not installed: {FROM[name]}" in one], name
