"""What a verification found, for people: grouped by code, the worst first."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

import click

from console import sentences
from console.cli import output
from console.verification.catalogue import RULES
from console.verification.discrepancy import Discrepancy, Verification
from console.verification.rule import Severity

if TYPE_CHECKING:
    from console.verification.repair import Repaired

_NAMES: Final = {
    Severity.ERROR: "错误 error",
    Severity.WARNING: "警告 warning",
    Severity.INFO: "提示 info",
}
_SEEN: Final = {
    "bytes": "字节",
    "contents": "原件",
    "documents": "文档",
    "files": "文件",
    "messages": "消息",
    "reports": "报告",
}
_SHOWN: Final = 20
_ORDER: Final = {code: place for place, code in enumerate(RULES)}


def show(found: Verification, done: "Sequence[Repaired] | None", *, asked: bool) -> None:
    """Print what was found, what was repaired where that was wished, and what was not seen."""
    worst = list(Severity)
    for _, group in groupby(
        sorted(found.discrepancies, key=lambda one: (worst.index(one.severity), _ORDER[one.code])),
        key=lambda one: (one.severity, one.code),
    ):
        _show_group(found, list(group), asked=asked)
    for part in found.unseen:
        mark = "✗" if part.failed else "-"
        what = f"{part.area} {' '.join(part.codes)}"
        click.echo(f"{mark} 未查 not looked at: {what}: {sentences.both(part.why)}")
    if done is not None:
        _show_repairs(done)
    seen = "  ".join(
        f"{_SEEN.get(what, '')} {what} {count}".strip()
        for what, count in sorted(found.looked_at.items())
    )
    click.echo(f"已查 looked at: {seen}")
    click.echo(_summary(found))
    if any(one.rule.mending for one in found.discrepancies) and not asked:
        output.hint("gouji verify --repair --dry-run", "看能修什么 shows what can be mended")


def _show_group(found: Verification, group: Sequence[Discrepancy], *, asked: bool) -> None:
    rule = group[0].rule
    severity = _NAMES[group[0].severity]
    click.echo(f"{severity}  {rule.code}  {rule.title} ({found.counts[rule.code]})")
    click.echo(f"    → {sentences.both(rule.advice)}")
    if rule.mending:
        click.echo(
            f"    {'--repair' if not asked else '修复 repair'}: {sentences.both(rule.mending)}"
        )
    for one in group[:_SHOWN]:
        click.echo(f"    · {_line(one)}")
    if found.counts[rule.code] > _SHOWN:
        click.echo(f"    … {found.counts[rule.code] - _SHOWN} 条未列 not listed here; --json")


def _line(one: Discrepancy) -> str:
    about = (f"{name} {value}" for name, value in one.about.items() if value is not None)
    return "; ".join(filter(None, ["  ".join(about), one.detail]))


def _show_repairs(done: "Sequence[Repaired]") -> None:
    for one in done:
        became = one.what or one.error or "未改动 nothing was changed"
        mark = "✓" if one.what else "✗"
        click.echo(f"{mark} {one.discrepancy.code}  {_line(one.discrepancy)}: {became}")


def _summary(found: Verification) -> str:
    if not found.counts:
        return "账实相符 everything agrees" if found.complete else "所查相符 what was seen agrees"
    counts = (f"{_NAMES[one]} {found.severities[one]}" for one in Severity)
    return "  ".join(counts)
