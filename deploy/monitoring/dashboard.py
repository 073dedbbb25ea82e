"""The dashboard of Grafana, as code: ``python -m deploy.monitoring.dashboard`` writes it.

Each panel is a row of ``PANELS``; its place follows from the order. Two languages in each title,
as operators read either.
"""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

PLACE: Final = Path(__file__).with_name("dashboard.json")

_WIDTH: Final = 24
_SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}


class Panel(NamedTuple):
    """A panel: its title, kind, unit, width in 24ths, height, and queries with their legends."""

    title: str
    kind: str
    unit: str
    width: int
    height: int
    queries: tuple[tuple[str, str], ...]


_ONLY: Final = 'job="gouji"'

_P95: Final = (
    "histogram_quantile(0.95, sum by (le, stage) "
    f"(rate(gouji_stage_duration_seconds_bucket{{{_ONLY}}}[15m])))"
)

PANELS: Final = (
    Panel("等候最久 Longest wait", "stat", "s", 4, 4, (
        (f"gouji_queue_oldest_message_age_seconds{{{_ONLY}}}", ""),)),
    Panel("未结死信 Open dead letters", "stat", "short", 4, 4, (
        (f"sum(gouji_dead_letters{{{_ONLY}}})", ""),)),
    Panel("工作进程 Workers", "stat", "short", 4, 4, ((f"gouji_workers{{{_ONLY}}}", ""),)),
    Panel("队列 Queue answers", "stat", "bool_yes_no", 4, 4, (
        (f"gouji_broker_up{{{_ONLY}}}", ""),)),
    Panel("存档余量 Room in the archive", "stat", "bytes", 4, 4, (
        (f"gouji_archive_free_bytes{{{_ONLY}}}", ""),)),
    Panel("版本 Release", "stat", "short", 4, 4, (
        (f"gouji_build_info{{{_ONLY}}}", "{{version}}"),)),
    Panel("到达与处理 Arrivals and outcomes", "timeseries", "cpm", 12, 8, (
        (f"60 * rate(gouji_files_detected_total{{{_ONLY}}}[5m])", "到达 arrivals"),
        (f"60 * rate(gouji_documents_processed_total{{{_ONLY}}}[5m])", "{{outcome}}"),)),
    Panel("在途 Under way", "timeseries", "short", 12, 8, (
        (f"sum by (queue, state) (gouji_queue_messages{{{_ONLY}}})", "{{queue}} {{state}}"),
        (f"sum by (queue) (gouji_broker_messages{{{_ONLY}}})", "{{queue}} 消息 messages"),)),
    Panel("各阶段耗时 P95 Time in stages, p95", "timeseries", "s", 12, 8, (
        (_P95, "{{stage}}"),)),
    Panel("未结死信按原因 Open dead letters by reason", "timeseries", "short", 12, 8, (
        (f"gouji_dead_letters{{{_ONLY}}} > 0", "{{reason}}"),)),
    Panel("勾稽不符 Findings by rule", "timeseries", "short", 12, 8, (
        (f"topk(10, increase(gouji_edit_violations_total{{{_ONLY}}}[1h]))", "{{rule}}"),)),
    Panel("心跳 Seconds since a sign of life", "timeseries", "s", 12, 8, (
        (f"time() - gouji_watcher_last_heartbeat_timestamp_seconds{{{_ONLY}}}", "{{source}}"),
        (f"time() - (gouji_worker_last_heartbeat_timestamp_seconds{{{_ONLY}}} > 0)",
         "工作进程 workers"),)),
)  # fmt: skip
"""In the order of the dashboard."""


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana's JSON has it (schema 39)."""
    return {
        "uid": "gouji",
        "title": "勾稽 gouji",
        "tags": ["gouji"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "panels": _placed(),
    }


def _placed() -> list[dict[str, Any]]:
    """Return the panels from left to right, row by row."""
    made: list[dict[str, Any]] = []
    x = y = height = 0
    for number, panel in enumerate(PANELS, 1):
        if x + panel.width > _WIDTH:
            x, y, height = 0, y + height, 0
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        made.append({"id": number, "gridPos": place, **_panel(panel)})
        x, height = x + panel.width, max(height, panel.height)
    return made


def _panel(panel: Panel) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": query}
        | ({"legendFormat": legend} if legend else {})
        for number, (query, legend) in enumerate(panel.queries)
    ]
    text_mode = {"textMode": "name"} if "build_info" in panel.queries[0][0] else {}
    return {
        "title": panel.title,
        "type": panel.kind,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": text_mode,
        "targets": targets,
    }


def as_json() -> str:
    """Return the file that Grafana is given."""
    return json.dumps(dashboard(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PLACE.write_text(as_json(), "utf-8")
