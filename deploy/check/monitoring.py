"""Alerts, Alertmanager, the dashboard: the tools' checks, and that every name there exists.

Neither promtool nor Grafana knows which metrics there are: they take a misspelt name for one that
has no values.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from console.metrics.catalogue import METRICS
from deploy.check import documents, pointed
from deploy.check.programs import complaints
from deploy.monitoring.dashboard import as_json

RUNBOOK: Final = "RUNBOOK.md"
_SERIES: Final = {
    **{one.name: {*one.labels} for one in METRICS},
    **{
        f"{one.name}_{end}": {*one.labels, "le"}
        for one in METRICS
        if one.kind == "histogram"
        for end in ("bucket", "sum", "count")
    },
    "up": set(),
}
_NAME: Final = re.compile(r"\b(gouji_\w+|up)\b(?:\{([^}]*)\})?")
_LABEL: Final = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_SEVERITIES: Final = ("page", "ticket")


def faults(place: Path) -> Iterator[str]:
    """Yield what is wrong with ``monitoring/`` and the runbook of the directory."""
    folder = place / "monitoring"
    yield from complaints("promtool", "check", "rules", "rules.yaml", cwd=folder)
    tests = sorted(path.name for path in folder.glob("*_test.yaml"))
    yield from complaints("promtool", "test", "rules", *tests, cwd=folder)
    yield from complaints(
        "promtool", "check", "config", "--syntax-only", "prometheus.yaml", cwd=folder
    )
    yield from complaints("amtool", "check-config", "alertmanager.yaml", cwd=folder)
    rules = _rules(folder)
    for rule in rules:
        for why in unknown(str(rule["expr"])):
            yield f"rules.yaml: {rule['alert']}: {why}"
    yield from _tried(folder, tests, {rule["alert"] for rule in rules})
    yield from _explained((place / RUNBOOK).read_text("utf-8"), rules)
    for rule in rules:
        if "for" not in rule and "[" not in str(rule["expr"]):  # else a time is looked over
            yield f"rules.yaml: {rule['alert']}: for is missing: one bad moment would call somebody"
    yield from pointed.scraped(folder, rules)
    yield from pointed.routed(folder, rules)
    yield from _inhibited(folder, {rule["alert"] for rule in rules})
    yield from _dashboard(folder / "dashboard.json")


def unknown(expression: str) -> Iterator[str]:
    """Yield the metrics, and labels of metrics, that an expression names and there are not."""
    for name, matchers in _NAME.findall(expression):
        if name not in _SERIES:
            yield f"there is no metric {name}"
            continue
        for label in _LABEL.findall(matchers):
            if label not in _SERIES[name] | pointed.ADDED:
                yield f"{name} has no label {label}"


def _rules(folder: Path) -> list[dict[str, Any]]:
    groups = documents.one(folder / "rules.yaml")["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def _tried(folder: Path, tests: list[str], alerts: set[str]) -> Iterator[str]:
    """Yield the alerts that no test sees firing, or that no test sees silent."""
    fired: set[str] = set()
    silent: set[str] = set()
    for name in tests:
        for test in documents.one(folder / name)["tests"]:
            for look in test["alert_rule_test"]:
                (fired if look["exp_alerts"] else silent).add(look["alertname"])
    for alert in sorted(alerts - fired):
        yield f"rules_test.yaml: no test sees {alert} firing"
    for alert in sorted(alerts - silent):
        yield f"rules_test.yaml: no test sees {alert} silent"


def _explained(runbook: str, rules: list[dict[str, Any]]) -> Iterator[str]:
    """Yield where alerts and the sections of the runbook do not agree."""
    sections = set(re.findall(r"^## (Gouji\w+)", runbook, re.MULTILINE))
    for rule in rules:
        alert, told = rule["alert"], rule.get("annotations", {})
        if told.get("runbook_url") != f"{RUNBOOK}#{alert.lower()}":
            yield f"rules.yaml: {alert}: runbook_url is not {RUNBOOK}#{alert.lower()}"
        if not told.get("summary") or not told.get("summary_zh"):
            yield f"rules.yaml: {alert}: summary or summary_zh is missing"
        if rule.get("labels", {}).get("severity") not in _SEVERITIES:
            yield f"rules.yaml: {alert}: severity is none of {', '.join(_SEVERITIES)}"
    alerts = {rule["alert"] for rule in rules}
    for alert in sorted(alerts - sections):
        yield f"{RUNBOOK}: there is no section ## {alert}"
    for section in sorted(sections - alerts):
        yield f"{RUNBOOK}: {section} is no alert"


def _inhibited(folder: Path, alerts: set[str]) -> Iterator[str]:
    text = " ".join(documents.strings(documents.one(folder / "alertmanager.yaml")))
    for name in sorted(set(re.findall(r"\bGouji\w+", text)) - alerts):
        yield f"alertmanager.yaml: there is no alert {name}"


def _dashboard(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    if text != as_json():
        yield f"{path.name} is not what dashboard.py says: python -m deploy.monitoring.dashboard"
    for panel in json.loads(text)["panels"]:
        for target in panel["targets"]:
            for why in unknown(target["expr"]):
                yield f"{path.name}: {panel['title']}: {why}"
