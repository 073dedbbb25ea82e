"""What would make a report balance, in a terminal."""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from console import form_labels, labels
from models.disclosure.localisation import Block, Candidate, Change, Localisation, Origin

_SHOWN: Final = 5
_MARKS: Final = {"proposed": "+", "read": "-"}
_TITLE: Final = "若…则平衡 Would balance if"
_UNDETERMINED: Final = (
    "未定 undetermined: "
    "看不出是识读还是发布机关有误 nothing tells whether the reading or the publisher erred"
)
_NOTE: Final = "仅供参考，不会自动更改 nothing is changed by itself"


def candidate_lines(found: Localisation | None) -> list[Text]:
    """Return the lines that tell of candidates, nothing where no balance edit fails."""
    if found is None:
        return []
    lines = [Text(_TITLE, style="bold").append(f" ({_NOTE})", style="dim")]
    for block in found.blocks:
        lines += _block(block)
    shown = (one for block in found.blocks for one in block.candidates[:_SHOWN])
    if any(one.origin is Origin.UNDETERMINED for one in shown):
        lines.append(Text(f"  {_UNDETERMINED}", style="dim"))
    return lines


def _block(block: Block) -> Iterator[Text]:
    status = labels.named(labels.LOCALISED, block.status)
    edits = ", ".join(_edit(edit) for edit in block.edits)
    yield Text(f"  {edits}: ").append(status, style="bold")
    group = None
    for candidate in block.candidates[:_SHOWN]:
        if candidate.tie_group != group:
            group = candidate.tie_group
            yield Text(f"    {_group(block, candidate)}", style="dim")
        yield from _candidate(candidate)
    if more := len(block.candidates) - min(_SHOWN, len(block.candidates)) + block.cut:
        yield Text(f"    … 另有 {more} 种 more (--json)", style="dim")


def _group(block: Block, first: Candidate) -> str:
    """Return what the candidates that cost as much as one have in common."""
    slips = f"{first.events:g}"
    if first.tie_group != block.candidates[0].tie_group:
        return f"差错较多 more slips: {slips}"
    alike = sum(one.tie_group == first.tie_group for one in block.candidates)
    if alike == 1:
        return f"差错最少 fewest slips: {slips}，仅此一种 this one alone"
    return f"差错最少 fewest slips: {slips}，列出 {alike} 种同样少 {alike} listed take as few"


def _edit(edit: str) -> str:
    rule, _, scope = edit.partition(":")
    return f"{rule} {form_labels.scope(rule, scope)}"


def _candidate(candidate: Candidate) -> Iterator[Text]:
    mechanism = labels.named(labels.MECHANISMS, candidate.mechanism)
    line = Text(f"    {candidate.id}  ").append(_change(candidate.changes[0]), style="cyan")
    origin = labels.named(labels.ORIGINS, candidate.origin)
    yield line.append(f"   {mechanism}, {origin}", style="dim")
    for change in candidate.changes[1:]:
        yield Text(" " * 9).append(_change(change), style="cyan")
    for witness in candidate.evidence:
        yield Text(f"         {_MARKS.get(witness.supports, '·')} “{witness.quote}”", style="dim")


def _change(change: Change) -> str:
    read = change.raw.strip() or "空" if change.read is None else str(change.read)
    return f"{form_labels.cell(change.cell)}: {read} → {change.proposed}"
