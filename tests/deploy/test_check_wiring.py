"""``make check-deploy``: what names another thing names one that is there, all is for somebody.

Mistakes of a letter, a number or a line, as they are made by hand.
"""

from pathlib import Path

import pytest

from tests.deploy.planted import PRODUCTION, SANDBOX, Mistake, need_tools, told

WORK = "kubernetes/base/work.yaml"
SINGLE = "kubernetes/overlays/single"
OVERLAY = "compose.observability.yaml"
_CLAIM = "          volumeMounts:\n            - {name: data, mountPath: /data}\n"

MISTAKES = {
    # the image
    "image: misspelt command of apt": Mistake(
        "image", "Dockerfile", "RUN apt-get update", "RUN apt-get pdate", "apt-get pdate"
    ),
    "image: misspelt folder": Mistake(
        "image", "Dockerfile", "--python /opt/gouji/bin/python check",
        "--python /opt/goui/bin/python check", "/opt/goui",
    ),
    "image: misspelt working directory": Mistake(
        "image", "Dockerfile", "WORKDIR /var/lib/gouji", "WORKDIR /var/li/gouji", "WORKDIR"
    ),
    "image: misspelt package": Mistake(
        "image", "Dockerfile", " pathspec ", " pathpec ", "uninstall pathpec"
    ),
    "image: another Debian": Mistake(
        "image", "Dockerfile", "FROM debian:trixie-slim AS build", "FROM debian:sid-slim AS build",
        "are not one",
    ),
    "image: nobody finds the program": Mistake(
        "image", "Dockerfile", "ENV PATH=/opt/gouji/bin:", "ENV PATH=", "ENV PATH lacks"
    ),
    "image: an inbox that nobody made": Mistake(
        "image", "Dockerfile", "GOUJI_INBOX=/srv/inbox", "GOUJI_INBOX=/srv/inbx",
        "no install -d makes it",
    ),
    "image: misspelt package of Debian": Mistake(
        "image", "Dockerfile", "python3-venv \\\n", "python3-vnv \\\n", "python3-vnv"
    ),
    "image: misspelt entry": Mistake(
        "image", "Dockerfile", '["tini", "--', '["tni", "--', "ENTRYPOINT is not"
    ),
    "image: a package less": Mistake(
        "image", "Dockerfile", "COPY watcher/ watcher/\n", "", "COPY watcher/ is missing"
    ),
    "image: misspelt program": Mistake(
        "image", "Dockerfile", "/opt/tools/bin/python -m pip", "/opt/tools/in/python -m pip",
        "/opt/tools/in/python",
    ),
    # Compose
    "compose: misspelt command below another": Mistake(
        "compose", "compose.yaml", "gouji user add", "gouji user dd", "no command 'dd'"
    ),
    "compose: a database of its own": Mistake(
        "compose", "compose.yaml", "  GOUJI_DATABASE_URL_FILE: /run/secrets/database_url\n", "",
        "GOUJI_DATABASE_URL is missing",
    ),
    "compose: a secret for nobody": Mistake(
        "compose", OVERLAY, "/run/secrets/grafana_password", "/run/secres/grafana_password",
        "grafana_password is given, and nobody is told where",
    ),
    "compose: a path that is not mounted": Mistake(
        "compose", OVERLAY, "--storage.tsdb.path=/prometheus", "--storage.tsdb.path=/prometeus",
        "/prometeus: nothing is mounted there",
    ),
    "compose: kept where nothing stays": Mistake(
        "compose", OVERLAY, "grafana:/var/lib/grafana\n", "grafana:/var/li/grafana\n",
        "no volume that stays is at /var/lib/grafana",
    ),
    "compose: rules that Prometheus does not find": Mistake(
        "compose", "monitoring/prometheus.yaml", "rule_files: [rules.yaml]",
        "rule_files: [rules.yml]", "/etc/prometheus/rules.yml: nothing is mounted there",
    ),
    "compose: a token that Prometheus does not find": Mistake(
        "compose", "monitoring/prometheus.yaml", "/prometheus/tokens/", "/prometheus/toens/",
        "toens/metrics: nothing is mounted there",
    ),
    "compose: a network that leads outside": Mistake(
        "compose", "compose.yaml", '    tmpfs: ["/tmp"]\n    networks: [inside]\n',
        '    tmpfs: ["/tmp"]\n', "networks is missing",
    ),
    "compose: tells nobody outside": Mistake(
        "compose", "compose.yaml", "GOUJI_NOTIFY_WEBHOOK_FILE: /run/secrets/notify_webhook}\n"
        "    secrets: [database_url, broker_url, notify_webhook]\n    networks: [inside, outside]",
        "GOUJI_NOTIFY_WEBHOOK_FILE: /run/secrets/notify_webhook}\n"
        "    secrets: [database_url, broker_url, notify_webhook]\n    networks: [inside]",
        "none leads outside",
    ),
    "compose: an inbox of another user": Mistake(
        "compose", "prepare.sh", "  chown 10001:10001", "  chown 10002:10001", "10002"
    ),
    "compose: no bound of memory": Mistake(
        "compose", "compose.yaml", "    mem_limit: 3g\n", "", "mem_limit is missing"
    ),
    "compose: another user": Mistake(
        "compose", "compose.yaml", '  user: "10001:10001"\n  environment',
        '  user: "10001:10002"\n  environment', "user is not 10001:10001",
    ),
    "compose: given to another user": Mistake(
        "compose", OVERLAY, 'command: ["10001:10001", /tokens]',
        'command: ["1001:10001", /tokens]', "not given to 10001:10001",
    ),
    "compose: another capability": Mistake(
        "compose", OVERLAY, "cap_add: [CHOWN]", "cap_add: [SYS_ADMIN]", "SYS_ADMIN"
    ),
    "compose: a profile that nobody is told of": Mistake(
        "compose", "compose.yaml", "profiles: [notify]", "profiles: [notfy]", "--profile notfy"
    ),
    "compose: starts unasked": Mistake(
        "compose", "compose.yaml", "    profiles: [push]\n", "", "it would start unasked"
    ),
    "compose: another name than in the addresses": Mistake(
        "compose", "prepare.sh", "@broker:6379", "@brker:6379", "brker: there is no such service"
    ),
    "compose: misspelt value of Valkey": Mistake(
        "compose", "compose.yaml", "noeviction, --dir", "noevicton, --dir", "maxmemory-policy"
    ),
    "compose: misspelt variable of PostgreSQL": Mistake(
        "compose", "compose.yaml", "POSTGRES_DB:", "POSTGRES_BD:", "reads no POSTGRES_BD"
    ),
    "compose: Grafana asks nobody": Mistake(
        "compose", "monitoring/grafana-datasource.yaml", "prometheus:9090", "prometheus:9009",
        "no service listens there",
    ),
    "compose: another source than the dashboard's": Mistake(
        "compose", "monitoring/grafana-datasource.yaml", "uid: prometheus", "uid: promtheus",
        "which the dashboard asks",
    ),
    "compose: files of no version": Mistake(
        "compose", "monitoring/grafana-dashboards.yaml", "apiVersion: 1\n", "", "apiVersion"
    ),
    "compose: misspelt beginning of a setting": Mistake(
        "compose", "compose.yaml", "  GOUJI_BROKER_URL_FILE: ", "  GOJI_BROKER_URL_FILE: ",
        "GOJI_BROKER_URL_FILE: nobody reads that variable",
    ),
    "compose: another database than in the address": Mistake(
        "compose", "compose.yaml", "POSTGRES_USER: gouji", "POSTGRES_USER: guji",
        "POSTGRES_USER is not gouji",
    ),
    "compose: a probe of another database": Mistake(
        "compose", "compose.yaml", "--dbname=gouji", "--dbname=guji", "--dbname=gouji is missing"
    ),
    "compose: misspelt image": Mistake(
        "compose", OVERLAY, "image: gouji:0.1.0\n    user: \"10001:",
        "image: gouj:0.1.0\n    user: \"10001:", "gouj:0.1.0 is none that is known",
    ),
    "compose: misspelt size in memory": Mistake(
        "compose", "compose.yaml", "size=1g,mode", "sise=1g,mode", "what is sise=1g?"
    ),
    "compose: misspelt driver of logs": Mistake(
        "compose", OVERLAY, "driver: json-file", "driver: jsn-file", "driver is not json-file"
    ),
    "compose: before the tables are made": Mistake(
        "compose", "compose.yaml", "    migrate: {condition: service_completed_successfully}\n", "",
        "watch: depends_on: it does not wait for gouji init",
    ),
    "compose: a command that there is not": Mistake(
        "compose", "prepare.sh", "umask 077", "umsk 077", "umsk: not found"
    ),
    # systemd
    "systemd: after no such unit": Mistake(
        "systemd", "systemd/gouji-watch.service", "After=gouji-init", "After=gouji-int",
        "After=gouji-int.service: there is no such unit",
    ),
    "systemd: before the tables are made": Mistake(
        "systemd", "systemd/gouji-push.service", "After=gouji-init.service\n", "",
        "After= lacks gouji-init.service",
    ),
    "systemd: a credential for nobody": Mistake(
        "systemd", "systemd/gouji-notify.service",
        "Environment=GOUJI_NOTIFY_WEBHOOK_FILE=%d/notify_webhook\n", "",
        "no Environment= says %d/notify_webhook",
    ),
    "systemd: a queue of its own": Mistake(
        "systemd", SANDBOX, "Environment=GOUJI_BROKER_URL_FILE=%d/broker_url\n", "",
        "GOUJI_BROKER_URL is missing",
    ),
    "systemd: one lock less": Mistake(
        "systemd", SANDBOX, "RestrictSUIDSGID=yes\n", "", "RestrictSUIDSGID= is missing"
    ),
    "systemd: another inbox": Mistake(
        "systemd", "systemd/gouji.toml", "/srv/gouji/inbox", "/srv/gouji/inbx",
        "gouji.tmpfiles does not make it",
    ),
    "systemd: another group": Mistake(
        "systemd", "systemd/gouji.sysusers", "g gouji-inbox", "g gouji-inbx",
        "does not make that group",
    ),
    "systemd: no bound of memory": Mistake(
        "systemd", "systemd/gouji-ocr.service", "MemoryMax=3G\n", "", "MemoryMax= is missing"
    ),
    "systemd: not started again": Mistake(
        "systemd", "systemd/gouji-work.service", "Restart=always\n", "", "Restart= is not always"
    ),
    "systemd: no such credential": Mistake(
        "systemd", "systemd/gouji-notify.service", "gouji.notify_webhook", "goui.notify_webhook",
        "is not /etc/credstore/gouji.notify_webhook",
    ),
    "systemd: data elsewhere": Mistake(
        "systemd", SANDBOX, "GOUJI_DATA_DIR=%S/gouji", "GOUJI_DATA_DIR=%S/goji",
        "is not the StateDirectory=",
    ),
    "systemd: works elsewhere": Mistake(
        "systemd", SANDBOX, "WorkingDirectory=%S/gouji", "WorkingDirectory=%S/goji",
        "WorkingDirectory= is not",
    ),
    "systemd: nobody wants it": Mistake(
        "systemd", "systemd/gouji-init.service", "WantedBy=gouji.target", "WantedBy=guji.target",
        "gouji-init.service: WantedBy= lacks gouji.target",
    ),
    # Kubernetes
    "kubernetes: any call to the kernel": Mistake(
        "kubernetes", WORK, "        seccompProfile: {type: RuntimeDefault}\n", "",
        "seccompProfile",
    ),
    "kubernetes: another user": Mistake(
        "kubernetes", WORK, "runAsUser: 10001", "runAsUser: 10002", "10001:10001"
    ),
    "kubernetes: misspelt resource of a container": Mistake(
        "kubernetes", WORK, 'requests: {cpu: "1", memory', 'requests: {cpu: "1", memoy', "memoy"
    ),
    "kubernetes: misspelt folder": Mistake(
        "kubernetes", "kubernetes/base/kustomization.yaml", "GOUJI_INBOX=/srv/inbox",
        "GOUJI_INBOX=/srv/inbx", "/srv/inbx: nothing is mounted there",
    ),
    "kubernetes: an archive in the container": Mistake(
        "kubernetes", f"{PRODUCTION}/kustomization.yaml",
        "      - GOUJI_ARCHIVE_URL=s3://gouji/archive\n", "",
        "/srv/archive: nothing is mounted there",
    ),
    "kubernetes: a database of its own": Mistake(
        "kubernetes", "kubernetes/base/kustomization.yaml",
        "      - GOUJI_DATABASE_URL_FILE=/run/secrets/gouji/database_url\n", "",
        "GOUJI_DATABASE_URL is missing",
    ),
    "kubernetes: misspelt option of Valkey": Mistake(
        "kubernetes", f"{SINGLE}/broker.yaml", "--appendonly,", "--appendonl,", "appendonl"
    ),
    "kubernetes: kept where nothing stays": Mistake(
        "kubernetes", f"{SINGLE}/broker.yaml", _CLAIM, "          volumeMounts:\n",
        "no volume that stays is at /data",
    ),
    "kubernetes: misspelt variable of PostgreSQL": Mistake(
        "kubernetes", f"{SINGLE}/database.yaml", "name: PGDATA", "name: PGDAA", "reads no PGDAA"
    ),
    "kubernetes: another name than in the addresses": Mistake(
        "kubernetes", f"{SINGLE}/database.yaml", "kind: Service\nmetadata: {name: database}",
        "kind: Service\nmetadata: {name: databse}", "prepare.sh: database: there is no such",
    ),
    "kubernetes: asks what nobody answers": Mistake(
        "kubernetes", "kubernetes/base/console.yaml", "path: /livez", "path: /lives",
        "nothing answers at /lives",
    ),
    "kubernetes: no probe": Mistake(
        "kubernetes", WORK, '            exec: {command: [gouji, alive, --within, "60"]}\n', "",
        "livenessProbe",
    ),
    "kubernetes: scrapes what nobody answers": Mistake(
        "kubernetes", f"{PRODUCTION}/scraping.yaml", "path: /metrics", "path: /metric",
        "nothing answers at /metric",
    ),
    "kubernetes: not let out to the database": Mistake(
        "kubernetes", "kubernetes/base/network.yaml", "port: 5432", "port: 5433", "PostgreSQL"
    ),
    "kubernetes: nobody says how many": Mistake(
        "kubernetes", "kubernetes/base/console.yaml", "  replicas: 1\n", "", "replicas"
    ),
    "kubernetes: a namespace that takes anything": Mistake(
        "kubernetes", "kubernetes/base/namespace.yaml", "enforce: restricted", "enforce: baseline",
        "is not restricted",
    ),
    "kubernetes: another account": Mistake(
        "kubernetes", WORK, "serviceAccountName: gouji", "serviceAccountName: guji",
        "no ServiceAccount guji",
    ),
    "kubernetes: nobody makes the tables": Mistake(
        "kubernetes", "kubernetes/base/migrate.yaml", "args: [init]", "args: [doctor]",
        "no job runs gouji init",
    ),
    "kubernetes: no budget": Mistake(
        "kubernetes", "kubernetes/base/kustomization.yaml", "  - disruption.yaml\n", "",
        "no PodDisruptionBudget is for it",
    ),
    "kubernetes: a claim for nobody": Mistake(
        "kubernetes", f"{PRODUCTION}/kustomization.yaml", "PersistentVolumeClaim, name: archive",
        "PersistentVolumeClaim, name: archiv", "PersistentVolumeClaim/archive: no pod has it",
    ),
    "kubernetes: not shut both ways": Mistake(
        "kubernetes", "kubernetes/base/network.yaml", "policyTypes: [Egress]",
        "policyTypes: [Egres]", "what is Egres?",
    ),
    "kubernetes: lets in nobody": Mistake(
        "kubernetes", f"{SINGLE}/broker.yaml",
        "- podSelector: {matchLabels: {app.kubernetes.io/name: gouji}}",
        "- podSelector: {matchLabels: {app.kubernetes.io/name: guji}}", "and no pod is that",
    ),
    "kubernetes: no password": Mistake(
        "kubernetes", f"{SINGLE}/database.yaml",
        "            - {name: POSTGRES_PASSWORD_FILE, "
        "value: /run/secrets/gouji/database_password}\n", "",
        "postgres needs POSTGRES_PASSWORD_FILE",
    ),
    "kubernetes: shared by one": Mistake(
        "kubernetes", "kubernetes/base/volumes.yaml", "ReadWriteMany", "ReadWriteOnce",
        "accessModes is not ReadWriteMany",
    ),
    # monitoring
    "alertmanager: misspelt label": Mistake(
        "monitoring", "monitoring/alertmanager.yaml", '[severity = "page"]', '[severty = "page"]',
        "no alert has that label",
    ),
    "alertmanager: groups by nothing": Mistake(
        "monitoring", "monitoring/alertmanager.yaml", "[alertname]", "[alertnme]", "alertnme"
    ),
    "alert: at the first bad moment": Mistake(
        "monitoring", "monitoring/rules.yaml",
        "        expr: gouji_broker_up == 0\n        for: 3m\n",
        "        expr: gouji_broker_up == 0\n", "for is missing",
    ),
    "alert: of a job that is not scraped": Mistake(
        "monitoring", "monitoring/prometheus.yaml", "job_name: gouji", "job_name: goji",
        "no job gouji",
    ),
    "alertmanager: a receiver that tells nobody": Mistake(
        "monitoring", "monitoring/alertmanager.yaml",
        '    webhook_configs: [{url: "http://alerts.example.cn/page", send_resolved: true}]\n', "",
        "page tells nobody",
    ),
    # scripts
    "script: a secret that is not handed over": Mistake(
        "scripts", "kubernetes/secrets.sh", "broker_url admin_password", "admin_password",
        "broker_url: not what the overlay mounts",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _tools() -> None:
    need_tools()


@pytest.mark.parametrize("check", list(dict.fromkeys(one.check for one in MISTAKES.values())))
def test_it_finds_every_mistake(check: str, tmp_path: Path) -> None:
    """All of a check at once: none of them hides another, and each run takes seconds."""
    planted = {name: one for name, one in MISTAKES.items() if one.check == check}
    said = told(tmp_path, *planted.values())
    unseen = [n for n, one in planted.items() if not any(one.told in fault for fault in said)]
    assert not unseen, said
