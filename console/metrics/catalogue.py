"""Every metric: its name as Prometheus stores it, its kind, its labels and what it says.

Labels have few values, known beforehand: publishers, files and documents are none.
Source of names and units: Prometheus, Metric and label naming.
"""

from typing import Final, NamedTuple


class Metric(NamedTuple):
    """One metric."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


METRICS: Final = (
    Metric(
        "gouji_files_detected_total",
        "counter",
        (),
        "arrivals: files, pushed documents and members of archives that came to rest",
    ),
    Metric(
        "gouji_documents_processed_total",
        "counter",
        ("outcome",),
        "attempts that ended, by outcome; what an operator had stored by hand counts as stored",
    ),
    Metric(
        "gouji_stage_duration_seconds",
        "histogram",
        ("stage",),
        "how long the stages of attempts took; told by workers every 15 s",
    ),
    Metric(
        "gouji_edit_violations_total",
        "counter",
        ("rule",),
        "findings by rule, hard and soft, of every attempt",
    ),
    Metric("gouji_dead_letters", "gauge", ("reason",), "open dead letters"),
    Metric(
        "gouji_queue_messages",
        "gauge",
        ("queue", "state"),
        "documents under way: received (waits for room on the queue), queued, processing",
    ),
    Metric(
        "gouji_broker_messages",
        "gauge",
        ("queue",),
        "messages that the broker itself counts; missing while it does not answer",
    ),
    Metric("gouji_broker_up", "gauge", (), "1 where the broker answers, else 0"),
    Metric(
        "gouji_queue_oldest_message_age_seconds",
        "gauge",
        (),
        "how long the document has waited that has waited longest; 0: none waits",
    ),
    Metric(
        "gouji_watcher_last_event_timestamp_seconds",
        "gauge",
        ("source",),
        "when something last happened at a source; 0: never",
    ),
    Metric(
        "gouji_watcher_last_heartbeat_timestamp_seconds",
        "gauge",
        ("source",),
        "when a watcher last looked after a source; every 5 s while it runs",
    ),
    Metric(
        "gouji_worker_last_heartbeat_timestamp_seconds",
        "gauge",
        (),
        "when any worker process was last heard of; every 15 s while it runs; 0: never lately",
    ),
    Metric("gouji_workers", "gauge", (), "worker processes heard of within the last minute"),
    Metric(
        "gouji_archive_free_bytes",
        "gauge",
        (),
        "room where the archive is, as the console sees it; missing for an object store",
    ),
    Metric(
        "gouji_build_info",
        "gauge",
        ("version", "parser_version", "python"),
        "always 1; the release, its parser and the Python of the console",
    ),
)
"""In the order of the manual."""

BY_NAME: Final = {metric.name: metric for metric in METRICS}
