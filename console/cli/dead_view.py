"""One dead letter as a whole: why, what was recognised, what was tried, decided and logged."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from console import form_labels, labels, sentences
from console.cli import became, output
from console.cli.candidates_view import candidate_lines
from console.cli.commenting import print_comments
from console.cli.events import print_events
from console.cli.listing import moment, print_list
from console.cli.report_view import facts, print_findings, print_lines, print_report
from console.marks import said
from console.messages import in_both
from console.queries import comments, documents, filings, history, letters, standing
from console.queries.comments import CommentRow
from console.queries.documents import ArrivalRow, AttemptRow
from console.queries.history import EventFilter, EventRow
from console.queries.letters import DecisionRow, LetterRow
from console.queries.standing import Met
from console.reference.reasons import advice
from models.disclosure.finding import Finding
from models.disclosure.report import Cell, Printed
from worker.inspected import findings_of, localisation_of, report_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SCHEMA: Final = "gouji.dead_letter/1"
_DO: Final = "→"
_CHANGES: Final = 12
"""Cells of a decision that are listed; those of a whole table that was filled in are hundreds."""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything known about a dead letter; ``original`` is where its bytes are kept.

    ``letters`` are all those of its document, this one among them, with what was decided about
    any of them; ``comments`` are those on the document. ``met`` is the report that
    storing this one would meet, ``report_id`` what the document was stored as.
    """

    letter: LetterRow
    original: str
    inspection: dict[str, Any] | None
    findings: list[Finding]
    arrivals: list[ArrivalRow]
    attempts: list[AttemptRow]
    decisions: list[DecisionRow]
    timeline: list[EventRow]
    letters: list[LetterRow]
    comments: list[CommentRow]
    met: Met | None = None
    report_id: int | None = None

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """What would make it balance, as the inspection has it."""
        return list((self.inspection or {}).get("candidates", ()))


def story(session: "Session", letter_id: int, archive: str) -> Story | None:
    """Gather a dead letter, ``None`` where there is none; ``archive`` is its directory or URL."""
    letter = letters.letter(session, letter_id)
    if letter is None:
        return None
    inspection, attempt_id = letters.details(session, letter_id)
    stored = filings.findings(session, attempt_id)
    every = letters.of_document(session, letter.document_id)
    return Story(
        letter=letter,
        original=f"{archive.rstrip('/')}/{letter.sha256[:2]}/{letter.sha256}",
        inspection=inspection,
        findings=stored or findings_of(inspection or {}),
        arrivals=documents.arrivals(session, letter.document_id),
        attempts=documents.attempts(session, letter.document_id),
        decisions=letters.decisions(session, [one.id for one in every]),
        timeline=history.latest(session, EventFilter(documents=[letter.document_id]), limit=None),
        letters=every,
        comments=comments.comments(session, letter.document_id),
        met=_met(session, letter, inspection),
        report_id=documents.report_of(session, letter.document_id),
    )


def _met(session: "Session", letter: LetterRow, inspection: dict[str, Any] | None) -> Met | None:
    if letter.resolution is not None or not inspection:
        return None
    return standing.met(session, report_of(inspection), letter.document_id)


def as_dict(told: Story) -> dict[str, Any]:
    """Return the story as JSON."""
    return {
        "schema": SCHEMA,
        **asdict(told.letter),
        "original": told.original,
        "inspection": told.inspection,
        "findings": [asdict(finding) for finding in told.findings],
        "arrivals": [asdict(arrival) for arrival in told.arrivals],
        "attempt_history": [asdict(attempt) for attempt in told.attempts],
        "decisions": [asdict(decision) for decision in told.decisions],
        "letters": [asdict(one) for one in told.letters],
        "comments": [asdict(one) for one in told.comments],
        "timeline": [asdict(event) for event in told.timeline],
        "standing": None if told.met is None else asdict(told.met),
        "report_id": told.report_id,
        "advice": {
            "zh": advice(told.letter.reason, chinese=True),
            "en": advice(told.letter.reason, chinese=False),
        },
    }


def print_story(told: Story) -> None:
    """Print the story for people, the reason first."""
    _print_head(told)
    console = output.console()
    report = report_of(told.inspection) if told.inspection else None
    if report is not None:
        print_lines(console, [Text("")])
        print_report(console, report, told.findings)
        print_lines(console, candidate_lines(localisation_of(told.inspection or {})))
    elif told.findings:
        print_lines(console, [Text("")])
        print_findings(console, None, told.findings)
    _print_attempts(told.attempts)
    _print_letters(told)
    print_decisions(told.decisions)
    print_comments(told.comments)
    _title("经过 Timeline")
    print_events(told.timeline)


def _print_head(told: Story) -> None:
    letter = told.letter
    decided = labels.action(letter.resolution)
    resolution = decided and f"{decided} {moment(letter.resolved_at)}"
    reason = labels.reason(letter.reason)
    head = Text(f"死信 dead letter {letter.id}: {reason}", style="bold red")
    lines = [
        head,
        Text(in_both(letter.message)),
        *_advice(told),
        facts([("环节 stage", labels.stage(letter.stage)), ("处置 resolution", resolution)]),
        facts([("机关 publisher", letter.publisher), ("年度 year", letter.year)]),
        facts([("文件 file", letter.name), ("文档 document", letter.document_id)]),
        facts([("原件 original", _present(told.original))]),
        *(facts([("来自 arrived", _arrived(arrival))]) for arrival in told.arrivals),
    ]
    print_lines(output.console(), [line for line in lines if line.plain])


def _advice(told: Story) -> list[Text]:
    """Return what to do about an open letter, and what the document of a closed one became."""
    letter = told.letter
    if letter.resolution is None:
        texts = (advice(letter.reason, chinese=True), advice(letter.reason, chinese=False))
        lines = [Text(f"{_DO} {text}") for text in texts if text]
        met = (Text(line, style="bold yellow") for line in became.met_lines(told.met))
        return [*lines, *met]
    lines = []
    if told.report_id is not None:
        lines.append(Text(f"已入库 stored as 报告 report {told.report_id}"))
    fresh = [one.id for one in told.letters if one.resolution is None]
    if fresh:
        lines.append(Text(f"再次成为死信 given up again: 死信 dead letter {fresh[-1]}"))
    return lines


def _present(original: str) -> str:
    gone = "://" not in original and not Path(original).exists()
    return f"{original}（不在 not there）" if gone else original


def _arrived(arrival: ArrivalRow) -> str:
    moved = f" → {arrival.moved_to}" if arrival.moved_to else ""
    root = "/" if arrival.source == "ingest" else ""
    why = f": {sentences.both(arrival.why)}" if arrival.why else ""
    seen = f"{labels.named(labels.STATES, arrival.state)}{why}, {moment(arrival.seen_at)}"
    inside = "" if arrival.container_id is None else f" ← 文档 document {arrival.container_id}"
    return f"{arrival.source}: {root}{arrival.path}{moved}{inside} ({seen})"


def _print_letters(told: Story) -> None:
    """Print the other letters of the document: it was given up before, or was again since."""
    others = [one for one in told.letters if one.id != told.letter.id]
    if not others:
        return
    _title("其他死信 Other letters of this document")
    heads = ("编号 ID", "原因 Reason", "解析器 Parser", "时间 Since", "处置 Resolution")
    rows = [
        (
            one.id,
            labels.reason(one.reason),
            one.parser_version,
            one.created_at,
            labels.action(one.resolution),
        )
        for one in others
    ]
    print_list(heads, rows)


def print_decisions(decisions: list[DecisionRow]) -> None:
    """Print decisions under their heading, where there are any."""
    if not decisions:
        return
    _title("处置 Decisions")
    heads = ("时间 When", "操作人 Who", "死信 Letter", "处置 What", "改动 Changed", "理由 Why")
    rows = [
        (d.decided_at, d.operator, d.dead_letter_id, labels.action(d.action), _changed(d), d.note)
        for d in decisions
    ]
    print_list(heads, rows, folding=("改动 Changed", "理由 Why"))


def _changed(decision: DecisionRow) -> str:
    """Return which cells a decision corrected, with their figures before and after."""
    before = (decision.before or {}).get("cells", {})
    after = (decision.after or {}).get("cells", {})
    changes = [
        f"{form_labels.cell(cell)}: {_shown(before.get(cell))} → "
        f"{value if value is not None else '空'}"
        for cell, value in list(after.items())[:_CHANGES]
    ]
    if len(after) > _CHANGES:
        changes.append(f"…（共 {len(after)} 格 cells）")
    rank = "" if decision.candidate is None else f"候选 candidate {decision.candidate}: "
    return rank + "; ".join(changes)


def _shown(read: dict[str, Any] | None) -> str:
    if read is None:
        return "?"
    return said(Cell(read["value"], read["raw"], Printed(read["printed"])))


def _outcome(name: str | None) -> str:
    return labels.named(labels.STATES, name) if name else "未结束 never ended"


def _print_attempts(attempts: list[AttemptRow]) -> None:
    _title("处理 Attempts")
    for attempt in attempts:
        line = facts(
            [
                (f"#{attempt.number}", moment(attempt.started_at)),
                ("结果", _outcome(attempt.outcome)),
                ("环节", labels.stage(attempt.stage)),
                ("毫秒 ms", attempt.duration_ms and f"{attempt.duration_ms:.0f}"),
                ("worker", attempt.worker),
                ("parser", attempt.parser_version),
            ]
        )
        lines = [line]
        if attempt.error:
            lines.append(Text(f"   {in_both(attempt.error)}", style="red"))
        if attempt.traceback:
            lines += [Text(f"   {row}", style="dim") for row in attempt.traceback.splitlines()]
        print_lines(output.console(), lines)


def _title(text: str) -> None:
    print_lines(output.console(), [Text(""), Text(text, style="bold")])
