"""What would make a report balance, in a terminal."""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from console import labels
from models.disclosure.localisation import Block, Candidate, Change, Localisation, Origin

_SHOWN: Final = 5
_MARKS: Final = {"proposed": "+", "read": "-"}
_TITLE: Final = "若…则平衡 Would balance if"
_NOTE: Final = "仅供参考，不会自动更改 nothing is changed by itself"


def candidate_lines(found: Localisation | None) -> list[Text]:
    """Return the lines that tell of candidates, nothing where no balance edit fails."""
    if found is None:
        return []
    lines = [Text(_TITLE, style="bold").append(f" ({_NOTE})", style="dim")]
    for block in found.blocks:
        lines += _block(block)
    return lines


def _block(block: Block) -> Iterator[Text]:
    status = labels.named(labels.LOCALISED, block.status)
    edits = ", ".join(_edit(edit) for edit in block.edits)
    yield Text(f"  {edits}: ").append(status, style="bold")
    for candidate in block.candidates[:_SHOWN]:
        yield from _candidate(candidate)
    if more := len(block.candidates) - min(_SHOWN, len(block.candidates)) + block.cut:
        yield Text(f"    … 另有 {more} 种 more (--json)", style="dim")


def _edit(edit: str) -> str:
    rule, _, scope = edit.partition(":")
    return f"{rule} {labels.scope(rule, scope)}"


def _candidate(candidate: Candidate) -> Iterator[Text]:
    mechanism = labels.named(labels.MECHANISMS, candidate.mechanism)
    line = Text(f"    {candidate.id}  ").append(_change(candidate.changes[0]), style="cyan")
    yield line.append(f"   {mechanism}{_origin(candidate)}", style="dim")
    for change in candidate.changes[1:]:
        yield Text(" " * 9).append(_change(change), style="cyan")
    for witness in candidate.evidence:
        yield Text(f"         {_MARKS.get(witness.supports, '·')} “{witness.quote}”", style="dim")


def _change(change: Change) -> str:
    read = change.raw.strip() or "空" if change.read is None else str(change.read)
    return f"{labels.cell(change.cell)}: {read} → {change.proposed}"


def _origin(candidate: Candidate) -> str:
    if candidate.origin is Origin.UNDETERMINED:
        return ""
    return f", {labels.named(labels.ORIGINS, candidate.origin)}"
