"""What Prometheus, Alertmanager and Grafana are pointed at by their files."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from deploy.check import documents

ADDED: Final = {"job", "instance"}
"""Labels that Prometheus adds to what it scrapes."""

_MATCHER: Final = re.compile(r"^(\w+)\s*(?:=~|!~|!=|=)\s*\"(.*)\"$")
_URL: Final = re.compile(r"^http://([\w-]+):(\d+)$")


def routed(folder: Path, rules: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield what ``alertmanager.yaml`` asks of alerts, and no alert has.

    Args:
        folder: where the file is.
        rules: the alerts.
    """
    values: dict[str, set[str]] = {name: set() for name in ADDED}
    for rule in rules:
        for name, value in {"alertname": rule["alert"], **rule.get("labels", {})}.items():
            values.setdefault(name, set()).add(str(value))
    config = documents.one(folder / "alertmanager.yaml")
    for text in _under(config, ("matchers", "source_matchers", "target_matchers")):
        found = _MATCHER.match(text)
        if found is None or found[1] not in values:
            yield f"alertmanager.yaml: {text}: no alert has that label"
        elif found[1] == "severity" and found[2] not in values["severity"]:
            yield f"alertmanager.yaml: {text}: no alert is of that severity"
    for receiver in config["receivers"]:
        if not any(key.endswith("_configs") and value for key, value in receiver.items()):
            yield f"alertmanager.yaml: {receiver['name']} tells nobody"
    for name in _under(config, ("group_by", "equal")):
        if name not in values:
            yield f"alertmanager.yaml: {name}: no alert has that label"


def scraped(folder: Path, rules: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the jobs that alerts ask about, and ``prometheus.yaml`` does not scrape.

    Args:
        folder: where the file is.
        rules: the alerts.
    """
    config = documents.one(folder / "prometheus.yaml")
    jobs = {one["job_name"] for one in config["scrape_configs"]}
    for rule in rules:
        for job in set(re.findall(r'\bjob="([^"]*)"', str(rule["expr"]))) - jobs:
            yield f"rules.yaml: {rule['alert']}: prometheus.yaml has no job {job}"


def shown(folder: Path, services: dict[str, Any]) -> Iterator[str]:
    """Yield why Grafana would not find its data or its dashboard.

    Args:
        folder: where its files are.
        services: those of Compose, by name.
    """
    for name in ("grafana-datasource.yaml", "grafana-dashboards.yaml"):
        if documents.one(folder / name).get("apiVersion") != 1:
            yield f"{name}: apiVersion is not 1"
    board = json.loads((folder / "dashboard.json").read_text("utf-8"))
    wanted = {one["uid"] for one in _found(board, "datasource") if isinstance(one, dict)}
    sources = documents.one(folder / "grafana-datasource.yaml")["datasources"]
    for uid in sorted(wanted - {one["uid"] for one in sources}):
        yield f"grafana-datasource.yaml: no source has the uid {uid}, which the dashboard asks"
    for source in sources:
        at = _URL.match(source["url"])
        ports = services.get(at[1], {}).get("ports", []) if at else []
        if at is None or at[2] not in {str(port).rpartition(":")[2] for port in ports}:
            yield f"grafana-datasource.yaml: {source['url']}: no service listens there"
        if source["type"] != "prometheus" or source["access"] != "proxy":
            yield f"grafana-datasource.yaml: {source['name']} is not prometheus, by proxy"
    for provider in documents.one(folder / "grafana-dashboards.yaml")["providers"]:
        if provider["type"] != "file" or not provider.get("options", {}).get("path"):
            yield f"grafana-dashboards.yaml: {provider['name']} names no path of files"


def _found(data: Any, key: str) -> Iterator[Any]:
    """Yield every value of a key, however deep."""
    if isinstance(data, dict):
        yield from ([data[key]] if key in data else [])
        for value in data.values():
            yield from _found(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from _found(value, key)


def _under(data: Any, keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        for value in _found(data, key):
            yield from documents.strings(value)
