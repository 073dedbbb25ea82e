"""``make check-deploy``: it finds nothing in deploy/, and each of many planted mistakes."""

from pathlib import Path

import pytest

from deploy.check import __main__ as command
from deploy.check.__main__ import check, found
from deploy.check.programs import FROM
from tests.deploy.planted import PRODUCTION, SANDBOX, Mistake, copied, need_tools, sampled, told
from tests.deploy.running import DEPLOY

MISTAKES = {
    # the image
    "image: shell form": Mistake(
        "image", "Dockerfile", 'CMD ["--help"]', "CMD gouji --help", "DL3025"
    ),
    "image: root": Mistake("image", "Dockerfile", "USER 10001:10001", "USER root", "10001:10001"),
    "image: a number of Debian's": Mistake(
        "image", "Dockerfile", "groupadd --gid 10001", "groupadd --system", "groupadd gives"
    ),
    "image: no hashes": Mistake(
        "image", "Dockerfile", "--require-hashes -r", "-r", "without --require-hashes"
    ),
    "image: build tools stay": Mistake(
        "image", "Dockerfile", "python3 ca-certificates tini", "python3-venv gcc tini", "build tool"
    ),
    "image: probe": Mistake(
        "image", "Dockerfile", '["gouji", "alive"]', '["gouji", "alve"]', "alve"
    ),
    "image: no such folder": Mistake(
        "image", "Dockerfile", "COPY worker/ worker/", "COPY workers/ worker/", "workers/"
    ),
    "image: misspelt setting": Mistake(
        "image", "Dockerfile", "GOUJI_DATA_DIR=", "GOUJI_DATADIR=", "datadir"
    ),
    "image: LibreOffice for everybody": Mistake(
        "image", "Dockerfile", 'ARG CONVERTER=""', 'ARG CONVERTER="libreoffice-writer-nogui"',
        "LibreOffice is in every image",
    ),
    "image: LibreOffice for nobody": Mistake(
        "image", "Dockerfile", "tini ${CONVERTER}", "tini", "CONVERTER is not installed"
    ),
    # Compose
    "compose: misspelt key": Mistake(
        "compose", "compose.yaml", "stop_grace_period: 60s # more", "stop_grace: 60s #",
        "stop_grace",
    ),
    "compose: bad port": Mistake(
        "compose", "compose.yaml", "127.0.0.1:8351:8351", "127.0.0.1:8351:8531", "8531"
    ),
    "compose: open port": Mistake(
        "compose", "compose.yaml", '"127.0.0.1:8351:8351"', '"8351:8351"', "127.0.0.1:PORT"
    ),
    "compose: missing secret": Mistake(
        "compose",
        "compose.yaml",
        "secrets: [database_url, broker_url, admin_password]",
        "secrets: [database_url, broker_url]",
        "admin_password",
    ),
    "compose: undeclared secret": Mistake(
        "compose", "compose.yaml", "  broker_url: {file: ./secrets/broker_url}\n", "", "broker_url"
    ),
    "compose: unknown setting": Mistake(
        "compose", "compose.yaml", 'GOUJI_GRACE: "45"', 'GOUJI_GRACES: "45"', "graces"
    ),
    "compose: unusable value": Mistake(
        "compose", "compose.yaml", 'GOUJI_GRACE: "45"', 'GOUJI_GRACE: "45s"', "grace"
    ),
    "compose: killed too early": Mistake(
        "compose", "compose.yaml", "stop_grace_period: 60s # more", "stop_grace_period: 30s #",
        "GRACE",
    ),
    "compose: unknown command": Mistake("compose", "compose.yaml", "[watch]", "[wach]", "wach"),
    "compose: probe": Mistake(
        "compose", "compose.yaml", "alive, --within", "alive, --whithin", "whithin"
    ),
    "compose: unknown queue": Mistake(
        "compose", "compose.yaml", "fast,slow,urgent", "fast,slow,urgnt", "urgnt"
    ),
    "compose: log without end": Mistake(
        "compose", "compose.yaml", "{max-size: 10m, max-file", "{max-file", "max-size"
    ),
    "compose: capabilities": Mistake(
        "compose", "compose.yaml", "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "cap_drop"
    ),
    "compose: a limit in two ways": Mistake(
        "compose", "compose.yaml", "    mem_limit: 3g\n",
        "    deploy: {resources: {limits: {memory: 3g}}}\n", "pids_limit",
    ),
    "compose: well before there is a database": Mistake(
        "compose", "compose.yaml", "--host=127.0.0.1, ", "", "without --host"
    ),
    "compose: asked where there is no inbox": Mistake(
        "compose", "RUNBOOK.md", "exec console gouji", "exec work gouji", "no /srv/inbox"
    ),
    "compose: waits for what never ends": Mistake(
        "compose", "compose.yaml", '    command: [init]\n    restart: "no"\n',
        "    command: [init]\n", "never completes",
    ),
    "compose: scrapes nobody": Mistake(
        "compose", "monitoring/prometheus.yaml", "console:8351", "console:8350",
        "no service listens",
    ),
    "compose: nobody takes what is pushed": Mistake(
        "compose", "compose.yaml", "command: [push]", "command: [watch]",
        "no service runs gouji push",
    ),
    "compose: nobody tells": Mistake(
        "compose", "compose.yaml", "command: [notify]", "command: [watch]",
        "no service runs gouji notify",
    ),
    "compose: another port for pushing": Mistake(
        "compose", "push.toml", "port = 8350", "port = 8340", "port 8340 where it listens"
    ),
    "compose: pushing from inside alone": Mistake(
        "compose", "push.toml", 'host = "0.0.0.0"', 'host = "127.0.0.1"', "nobody else reaches it"
    ),
    "compose: settings nowhere": Mistake(
        "compose", "compose.yaml", "GOUJI_CONFIG: /etc/gouji/push.toml",
        "GOUJI_CONFIG: /etc/gouji/gouji.toml", "no such file is mounted",
    ),
    "compose: in the clear without saying so": Mistake(
        "compose", "push.toml", "exposed = true", "exposed = false", "exposed"
    ),
    "compose: nobody to tell": Mistake(
        "compose", "compose.yaml",
        "environment: {<<: *environment, GOUJI_NOTIFY_WEBHOOK_FILE: /run/secrets/notify_webhook}",
        "environment: *environment", "nobody is to be told",
    ),
    "compose: a secret that nobody makes": Mistake(
        "compose", "prepare.sh", "keep notify_webhook", "keep notify_hook", "does not make"
    ),
    "compose: waits for a profile": Mistake(
        "compose", "compose.yaml", "    profiles: [push]\n    command: [push]\n",
        "    command: [push]\n    depends_on: {notify: {condition: service_healthy}}\n",
        "only where its profile is named",
    ),
    # systemd
    "systemd: nobody takes what is pushed": Mistake(
        "systemd", "systemd/gouji-push.service", "gouji push", "gouji watch",
        "no unit runs gouji push",
    ),
    "systemd: misspelt option": Mistake(
        "systemd", SANDBOX, "ProtectSystem=strict", "ProtectSytem=strict", "ProtectSytem"
    ),
    "systemd: wrong value": Mistake(
        "systemd", "systemd/gouji-watch.service", "Type=notify", "Type=notfy", "notfy"
    ),
    "systemd: wrong program": Mistake(
        "systemd", "systemd/gouji-work.service", "/opt/gouji/bin/gouji", "/opt/guoji/bin/gouji",
        "guoji",
    ),
    "systemd: unknown option of gouji": Mistake(
        "systemd", "systemd/gouji-work.service", "--processes", "--process-count", "process-count"
    ),
    "systemd: missing credential": Mistake(
        "systemd", SANDBOX, "LoadCredential=broker_url:/etc/credstore/gouji.broker_url\n", "",
        "LoadCredential=broker_url",
    ),
    "systemd: exposed": Mistake(
        "systemd", SANDBOX, "CapabilityBoundingSet=\n", "CapabilityBoundingSet=~\n", "exposure"
    ),
    "systemd: said in vain": Mistake(
        "systemd", "systemd/gouji-watch.service", "UMask=0007", "UMask=0007\nPrivateTmp=no", "vain"
    ),
    "systemd: no such unit": Mistake(
        "systemd", "systemd/gouji.target", "gouji-ocr.service", "gouji-orc.service", "gouji-orc"
    ),
    "systemd: nobody notices that it hangs": Mistake(
        "systemd", "systemd/gouji-watch.service", "WatchdogSec=300\n", "", "WatchdogSec"
    ),
    "systemd: an inbox that cannot be written": Mistake(
        "systemd", "systemd/gouji-watch.service", "ReadWritePaths=/srv/gouji/inbox\n", "",
        "ReadWritePaths= lacks /srv/gouji/inbox",
    ),
    # Kubernetes
    "kubernetes: misspelt key": Mistake(
        "kubernetes", "kubernetes/base/console.yaml", "failureThreshold: 2", "failureTreshold: 2",
        "failureTreshold",
    ),
    "kubernetes: misspelt resource": Mistake(
        "kubernetes", "kubernetes/base/kustomization.yaml", "- watch.yaml", "- wacth.yaml", "wacth"
    ),
    "kubernetes: probe of no port": Mistake(
        "kubernetes", "kubernetes/base/console.yaml", "{path: /readyz, port: http}",
        "{path: /readyz, port: web}", "no port web",
    ),
    "kubernetes: wrong port": Mistake(
        "kubernetes", "kubernetes/base/console.yaml", "containerPort: 8351", "containerPort: 8531",
        "8531",
    ),
    "kubernetes: no such secret": Mistake(
        "kubernetes", "kubernetes/base/work.yaml", "secretName: gouji,", "secretName: guoji,",
        "no secret guoji",
    ),
    "kubernetes: no such key of a secret": Mistake(
        "kubernetes", "kubernetes/base/kustomization.yaml", "gouji/database_url", "gouji/db_url",
        "db_url",
    ),
    "kubernetes: root": Mistake(
        "kubernetes", "kubernetes/base/watch.yaml", "runAsNonRoot: true", "runAsNonRoot: false",
        "runAsNonRoot",
    ),
    "kubernetes: killed too early": Mistake(
        "kubernetes", "kubernetes/base/work.yaml", "terminationGracePeriodSeconds: 300",
        "terminationGracePeriodSeconds: 30", "GOUJI_GRACE",
    ),
    "kubernetes: budget of nobody": Mistake(
        "kubernetes", "kubernetes/base/disruption.yaml", "component: ocr}", "component: orc}",
        "PodDisruptionBudget/ocr",
    ),
    "kubernetes: policy for nobody": Mistake(
        "kubernetes", "kubernetes/base/network.yaml", "port: 8351", "port: 8350", "8350"
    ),
    "kubernetes: scales to nothing": Mistake(
        "kubernetes", f"{PRODUCTION}/scaling.yaml", "minReplicaCount: 1\n  maxReplicaCount: 12",
        "minReplicaCount: 0\n  maxReplicaCount: 12", "minReplicaCount",
    ),
    "kubernetes: misspelt key of KEDA": Mistake(
        "kubernetes", f"{PRODUCTION}/scaling.yaml", "pollingInterval: 15\n  cooldownPeriod: 600",
        "poolingInterval: 15\n  cooldownPeriod: 600", "poolingInterval",
    ),
    "kubernetes: another list": Mistake(
        "kubernetes", f"{PRODUCTION}/scaling.yaml", "dramatiq:ocr.msgs", "dramatiq:ocr",
        "do not agree",
    ),
    "kubernetes: nobody takes what is pushed": Mistake(
        "kubernetes", f"{PRODUCTION}/kustomization.yaml", "  - ../../components/push\n", "",
        "no overlay runs gouji push",
    ),
    "kubernetes: another port for pushing": Mistake(
        "kubernetes", "kubernetes/components/push/push.toml", "port = 8350", "port = 8340",
        "is not 8340",
    ),
    "kubernetes: settings nowhere": Mistake(
        "kubernetes", "kubernetes/components/push/push.yaml", "mountPath: /etc/gouji,",
        "mountPath: /etc/guoji,", "no such file is mounted",
    ),
    "kubernetes: no such settings": Mistake(
        "kubernetes", "kubernetes/components/push/push.yaml", "configMap: {name: gouji-push}",
        "configMap: {name: gouji-pull}", "no ConfigMap gouji-pull",
    ),
    "kubernetes: probe of another port": Mistake(
        "kubernetes", "kubernetes/components/push/push.yaml", "tcpSocket: {port: push}",
        "tcpSocket: {port: http}", "no port http",
    ),
    "kubernetes: lets in where nobody listens": Mistake(
        "kubernetes", "kubernetes/components/push/push.yaml", "[{port: 8350, protocol: TCP}]",
        "[{port: 8351, protocol: TCP}]", "nobody listens at port 8351",
    ),
    "kubernetes: no such webhook": Mistake(
        "kubernetes", "kubernetes/components/notify/notify.yaml", "gouji/notify_webhook",
        "gouji/webhook", "webhook: no secret",
    ),
    # monitoring
    "alert: wrong metric": Mistake(
        "monitoring", "monitoring/rules.yaml", "expr: gouji_workers == 0",
        "expr: gouji_worker == 0", "no metric gouji_worker",
    ),
    "alert: wrong label": Mistake(
        "monitoring", "monitoring/rules.yaml", 'total{outcome="lost"}', 'total{result="lost"}',
        "no label result",
    ),
    "alert: no PromQL": Mistake(
        "monitoring", "monitoring/rules.yaml", "expr: gouji_broker_up == 0",
        "expr: gouji_broker_up = 0", "parse",
    ),
    "alert: another threshold": Mistake(
        "monitoring", "monitoring/rules.yaml", "age_seconds > 900", "age_seconds > 90000",
        "GoujiNothingMoves",
    ),
    "alert: not in the runbook": Mistake(
        "monitoring", "RUNBOOK.md", "## GoujiDiskFull", "## Disk full", "GoujiDiskFull"
    ),
    "alert: wrong anchor": Mistake(
        "monitoring", "monitoring/rules.yaml", "RUNBOOK.md#goujidiskfull", "RUNBOOK.md#disk",
        "runbook_url",
    ),
    "alertmanager: no such receiver": Mistake(
        "monitoring", "monitoring/alertmanager.yaml", "receiver: page", "receiver: pager", "pager"
    ),
    "alertmanager: no such alert": Mistake(
        "monitoring", "monitoring/alertmanager.yaml", "GoujiNoWorkers", "GoujiNoWorker",
        "no alert GoujiNoWorker",
    ),
    "dashboard: changed by hand": Mistake(
        "monitoring", "monitoring/dashboard.json", "gouji_broker_up", "gouji_queue_up",
        "no metric gouji_queue_up",
    ),
    "alertmanager: no such severity": Mistake(
        "monitoring", "monitoring/alertmanager.yaml", '[severity = "page"]', '[severity = "pages"]',
        "no alert is of that severity",
    ),
    # scripts
    "script: misspelt secret": Mistake(
        "scripts", "kubernetes/secrets.sh", "servers database_password", "servers database_passwod",
        "database_passwod",
    ),
    "script: not quoted": Mistake(
        "scripts", "prepare.sh", 'chmod 0700 "$secrets"', "chmod 0700 $secrets", "SC2086"
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _tools() -> None:
    need_tools()


@pytest.mark.soak
def test_it_finds_nothing() -> None:
    assert check(DEPLOY) == []


@pytest.mark.parametrize("name", sampled(MISTAKES))
def test_it_finds_a_mistake(name: str, tmp_path: Path) -> None:
    mistake = MISTAKES[name]
    said = told(tmp_path, mistake)
    assert any(mistake.told in fault for fault in said), said


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
    said = [fault for name in checks for fault in found(name, DEPLOY)]
    for name in ("systemd-analyze", "kubectl", "promtool", "shellcheck"):
        assert [one for one in said if f"{name} is not installed: {FROM[name]}" in one], name
