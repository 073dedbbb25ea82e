"""What stands as code in the manual is something that the code has: no name outlives it."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from console.metrics.catalogue import METRICS
from console.reference import commands
from console.verification import catalogue
from models.disclosure.finding import Reason
from models.event import EventName
from tests.manual import pages
from worker.check.rules import RULES

SOURCES = ("models", "watcher", "worker", "console", "tests", "docs/examples", "deploy")
OURS = re.compile(r"\.(?:py|toml|html|js|css|ini|cfg|conf|service|timer|ya?ml|sh)$")
METRIC = re.compile(r"\bgouji_[a-z_]+")
METRIC_LIKE = re.compile(r"_(?:total|seconds|info)$")
OF_A_HISTOGRAM = re.compile(r"_(?:bucket|sum|count)$")
DOTTED = re.compile(r"(?<![\w./])([a-z]+\.[a-z_]+)(?![\w./(])")
FILE = re.compile(r"\.(?:py|md|toml|log|db|pdf|json|txt|zip|html|docx|jl|css|js|dump|xml|example)$")
CODE = re.compile(r"(?<![\w.])([A-Z][A-Z0-9]+\.[A-Z_]{4,})(?![\w.])")
REASON = re.compile(r"(?:--reason[ =]|\breason(?:\"|=|: | = )[\": ]*)([a-z_]+)")
IDENTIFIER = re.compile(r"(?<![\w./$-])([a-z]+(?:_[a-z0-9]+)+)(?![\w(])")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")
FOREIGN = (
    "curl",
    "wget",
    "pip",
    "pg_dump",
    "pg_restore",
    "make",
    "python",
    ".venv",
    "aws",
    "systemctl",
    "docker",
    "podman",
    "buildah",
    "mmdebstrap",
    "kubectl",
    "scrapy",
    "valkey-server",
)
"""Programs of others, with options and names of their own."""

OF_OTHERS = {
    "add_user",
    "add_vhost",
    "addressing_style",
    "consumer_timeout",
    "credentials_file",
    "disk_free_limit",
    "job_name",
    "scrape_configs",
    "static_configs",
    "vm_memory_high_watermark",
}
"""Words of RabbitMQ, Prometheus and S3 clients that the manual needs."""

ATTRIBUTES = {"service.name", "service.part", "service.instance", "service.version"}
"""Attributes of spans, which look like events."""


@cache
def source() -> frozenset[str]:
    """Return every word of the code; its own word for it has whatever the manual names."""
    words: set[str] = set()
    for folder in SOURCES:
        for path in (pages.ROOT / folder).rglob("*"):
            if (
                path.is_file()
                and OURS.search(path.name)
                and "manual" not in path.relative_to(pages.ROOT).parts
            ):
                words |= set(re.findall(r"\w+", path.read_text("utf-8")))
    return frozenset(words)


def lines(page: Path) -> Iterator[str]:
    """Yield the lines that stand as code, and are not for a program of somebody else."""
    for span in pages.code(page):
        for line in span.splitlines():
            told = line.strip().lstrip("$ ")
            if not told.startswith(FOREIGN):
                yield line


def metrics(page: Path) -> set[str]:
    """Return what looks like a metric and is none."""
    known = {metric.name for metric in METRICS}
    named = {OF_A_HISTOGRAM.sub("", one) for line in lines(page) for one in METRIC.findall(line)}
    return {one for one in named - known if METRIC_LIKE.search(one) or one not in source()}


def events(page: Path) -> set[str]:
    """Return dotted names that begin as events do, and are neither events nor fault points."""
    families = {str(name).partition(".")[0] for name in EventName}
    named = {one for line in lines(page) for one in DOTTED.findall(line) if not FILE.search(one)}
    known = set(map(str, EventName)) | dotted() | ATTRIBUTES
    return {one for one in named - known if one.partition(".")[0] in families}


def rules(page: Path) -> set[str]:
    """Return what looks like an edit or a code of ``gouji verify`` and is none."""
    named = {one for line in lines(page) for one in CODE.findall(line)}
    return named - set(RULES) - set(catalogue.RULES)


def reasons(page: Path) -> set[str]:
    """Return reasons that there are not."""
    named = {one for line in lines(page) for one in REASON.findall(line)}
    return named - set(map(str, Reason)) - {"null"}


def options(page: Path) -> set[str]:
    """Return options that no command has; whether its own has it is held where it is parsed."""
    named = {one for line in lines(page) for one in OPTION.findall(given_to_ours(line))}
    params = [one for _, command, _ in commands.walk() for one in command.params]
    known = {name for one in params for name in (*one.opts, *one.secondary_opts)}
    return named - known - of_tools() - {"--help", "--config", "--version"}


def identifiers(page: Path) -> set[str]:
    """Return settings, fields, keys, states, rows and columns that the code does not have."""
    named = {one for line in lines(page) for one in IDENTIFIER.findall(line)}
    return {one for one in named if one not in source()} - OF_OTHERS


CHECKS = (metrics, events, rules, reasons, options, identifiers)


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name)
@pytest.mark.parametrize("unknown", CHECKS, ids=lambda check: check.__name__)
def test_the_manual_names_nothing_that_there_is_not(
    page: Path, unknown: Callable[[Path], set[str]]
) -> None:
    assert unknown(page) == set()


@pytest.mark.parametrize(
    ("unknown", "gone"),
    [
        (metrics, "gouji_reports_lost_total"),
        (events, "document.teleported"),
        (rules, "T3.NOWHERE"),
        (options, "--teleport"),
        (identifiers, "worker_elephants"),
    ],
)
def test_a_name_that_is_gone_is_found(
    tmp_path: Path, unknown: Callable[[Path], set[str]], gone: str
) -> None:
    # Given a page that names it in the text, and one that does in a block
    span, block = tmp_path / "span.md", tmp_path / "block.md"
    span.write_text(f"It is `{gone}`, and so on.\n", "utf-8")
    block.write_text(f"```sh\ngouji events {gone}\n```\n", "utf-8")

    # Then it is found in both
    assert unknown(span) == unknown(block) == {gone}


def test_a_reason_that_is_gone_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('`gouji dead list --reason unloved`, `"reason": "unread"`\n', "utf-8")
    assert reasons(page) == {"unloved", "unread"}


def given_to_ours(line: str) -> str:
    """Return what of a line is for ``gouji``, or may be: not what stands before it is called."""
    if "gouji " in line:
        return line.rpartition("gouji ")[2]
    return line if line.lstrip().startswith("--") else ""


@cache
def dotted() -> frozenset[str]:
    """Return the dotted names that the code has as texts: events, fault points."""
    found: set[str] = set()
    for folder in ("models", "watcher", "worker", "console"):
        for path in (pages.ROOT / folder).rglob("*.py"):
            found |= set(re.findall(r"\"([a-z]+\.[a-z_]+)\"", path.read_text("utf-8")))
    return frozenset(found)


@cache
def of_tools() -> frozenset[str]:
    """Return options of programs of ours that are no command: benchmarks, the manual."""
    found: set[str] = set()
    for folder in ("tests", "console/reference"):
        for path in (pages.ROOT / folder).rglob("*.py"):
            if "manual" not in path.relative_to(pages.ROOT).parts:
                found |= set(re.findall(r"\"(--[a-z-]+)\"", path.read_text("utf-8")))
    return frozenset(found)
