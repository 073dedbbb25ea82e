"""Deciding: what is stored, what is told, and that it happens once."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from console.desk import bulk, decisions
from console.desk.comments import comment
from console.desk.recheck import recheck
from console.queries import comments, filings, letters
from console.queries.letters import LetterFilter
from models.answer import Answer
from models.correction import Correction
from models.dead_letter import Action, DeadLetter, Decision
from models.disclosure.correction import corrections
from models.disclosure.finding import Reason
from models.event import Event
from models.filing import StoredReport
from models.ledger import State
from models.session import Database
from tests.worker import promise
from tests.worker.house import House, house, raising
from worker import inspection, neighbours
from worker.deciding import Conflict, NoteMissing
from worker.desk.errors import CountChanged, KeyReused, StillWrong, Unacceptable, UnfitChanges
from worker.desk.order import Changes, Given
from worker.desk.remark import About
from worker.errors import Refused
from worker.rows import load

SEED = Path(__file__).parents[2] / "data" / "seeds" / "001_978f6dfc59ee8d2b.txt"
NEW = "一、本年新收政府信息公开申请数量\t\t"
CELL = "applications.new_requests.natural_person"
BY = Given("王", "核对原件")


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def imbalanced(extra: str = "") -> bytes:
    return (SEED.read_text("utf-8").replace(f"{NEW}9\t", f"{NEW}12\t") + extra).encode()


def die(home: House, data: bytes | None = None) -> tuple[int, int]:
    """Let a document die of its content; return its id and that of its letter."""
    document_id = home.arrive(imbalanced() if data is None else data, "报告.txt")
    with home.database.transaction() as session:
        session.add(Event(name="document.received", document_id=document_id, data={}))
    home.pipeline(inspection.inspect).run(document_id)
    return document_id, home.letters(document_id)[-1].id


def decided(home: House) -> list[Decision]:
    with home.database.reading() as session:
        return list(session.scalars(select(Decision).order_by(Decision.id)))


def test_a_correction_stores_both_figures(home: House) -> None:
    # Given
    document_id, letter_id = die(home)

    # When
    outcome = decisions.correct(home.database, letter_id, BY, Changes({CELL: "9"}), version=1)

    # Then the report says what was published and what it is
    report_id = outcome.reports[letter_id]
    with home.database.reading() as session:
        report = load(session, report_id)
        stored = session.get_one(StoredReport, report_id)
        (kept,) = session.scalars(select(Correction))
        promise.check(session, 5)
    (cell,) = corrections(report).values()
    assert (cell.value, cell.raw) == (9, "12")
    assert cell.published is not None
    assert cell.published.value == 12
    assert (stored.hard, stored.standing) == (0, True)
    # and the decision what was changed, and whereby
    (decision,) = decided(home)
    assert (kept.cell, kept.value, kept.decision_id) == (CELL, "9", decision.id)
    assert stored.decision_id == decision.id
    assert decision.before is not None
    assert decision.before["cells"][CELL]["value"] == 12
    assert decision.after is not None
    assert (decision.after["cells"], decision.after["report"]) == ({CELL: "9"}, report_id)
    # and the document has come to its end, by an attempt of the operator's
    assert home.document(document_id).state == State.STORED
    assert [one.worker for one in home.attempts(document_id)][-1] == "desk:王"
    assert home.story(document_id)[-2:] == ["document.corrected", "report.stored"]


def test_a_correction_that_does_not_hold_changes_nothing(home: House) -> None:
    # Given
    document_id, letter_id = die(home)

    # When
    with pytest.raises(StillWrong) as refused:
        decisions.correct(home.database, letter_id, BY, Changes({CELL: "11"}))
    with pytest.raises(UnfitChanges):
        decisions.correct(home.database, letter_id, BY, Changes({CELL: "x"}))
    with pytest.raises(NoteMissing):
        decisions.correct(home.database, letter_id, Given("王", " "), Changes({CELL: "9"}))

    # Then
    assert {finding.rule for finding in refused.value.findings} == {"T3.FLOW", "T3.APPLICANTS"}
    assert home.document(document_id).state == State.DEAD
    assert decided(home) == []
    assert home.count(StoredReport) == 0


def test_an_accepted_report_is_stored_as_published(home: House) -> None:
    # Given
    document_id, letter_id = die(home)

    # When
    outcome = decisions.accept(home.database, {letter_id: 1}, BY)

    # Then
    report_id = outcome.reports[letter_id]
    with home.database.reading() as session:
        row = filings.report(session, report_id)
        found = filings.findings(session, filings.attempt_of(session, report_id))
        promise.check(session, 5)
    assert row is not None
    assert (row.decision, row.findings["hard"]) == ("accept", 2)
    assert {f.rule for f in found if f.severity == "hard"} == {"T3.FLOW", "T3.APPLICANTS"}
    assert home.count(Correction) == 0
    assert home.story(document_id)[-2:] == ["document.accepted", "report.stored"]


def test_what_was_never_recognised_is_not_accepted_and_neither_are_the_others(home: House) -> None:
    # Given
    _, good = die(home)
    _, bad = die(home, b"neither here nor there")

    # When
    with pytest.raises(Unacceptable, match=f"dead letter {bad}"):
        decisions.accept(home.database, {good: None, bad: None}, BY)

    # Then
    assert decided(home) == []
    assert home.count(StoredReport) == 0


def test_who_looked_at_another_version_is_refused(home: House) -> None:
    _, letter_id = die(home)
    with pytest.raises(Conflict, match="version 1, looked at 2"):
        decisions.accept(home.database, {letter_id: 2}, BY)
    with pytest.raises(Conflict, match="version 1, looked at 2"):
        decisions.correct(home.database, letter_id, BY, Changes({CELL: "9"}), version=2)


def test_deciding_once_more_has_no_second_effect_and_otherwise_is_refused(home: House) -> None:
    # Given
    _, letter_id = die(home)
    right = Changes({CELL: "9"})
    decisions.correct(home.database, letter_id, BY, right)

    # When
    again = decisions.correct(home.database, letter_id, BY, right)

    # Then
    assert (again.letters, again.already) == ((), (letter_id,))
    assert len(decided(home)) == home.count(StoredReport) == 1
    with pytest.raises(Conflict, match="is not corrected again"):
        decisions.correct(home.database, letter_id, BY, Changes({CELL: "8"}))
    with pytest.raises(Conflict, match="already resolved: correct"):
        decisions.accept(home.database, {letter_id: None}, BY)


def test_the_same_key_has_the_same_answer(home: House) -> None:
    # Given
    document_id, letter_id = die(home)
    keyed = Given("王", "再试", "k1")
    first = decisions.retry(home.database, {letter_id: 1}, keyed)
    home.pipeline(inspection.inspect).run(document_id)

    # When the request is repeated after the document has moved on
    again = decisions.retry(home.database, {letter_id: 1}, keyed)

    # Then
    assert (first.letters, first.repeated) == ((letter_id,), False)
    assert (again.letters, again.repeated, again.to_send) == ((letter_id,), True, ())
    for other in (
        lambda: decisions.discard(home.database, {letter_id: 1}, keyed),
        lambda: decisions.retry(home.database, {letter_id: None}, keyed),
        lambda: decisions.retry(home.database, {letter_id: 1}, Given("李", "再试", "k1")),
        lambda: comment(home.database, About("document", document_id), keyed),
    ):
        with pytest.raises(KeyReused):
            other()


def test_a_request_that_failed_leaves_its_key_unused(home: House) -> None:
    _, letter_id = die(home)
    keyed = Given("王", "核对", "k1")
    with pytest.raises(StillWrong):
        decisions.correct(home.database, letter_id, keyed, Changes({CELL: "11"}))
    assert home.count(Answer) == 0
    outcome = decisions.correct(home.database, letter_id, keyed, Changes({CELL: "9"}))
    assert outcome.letters == (letter_id,)


@pytest.mark.parametrize("key", ["", " ", "k" * 129])
def test_what_cannot_be_a_key_is_refused(home: House, key: str) -> None:
    with pytest.raises(KeyReused, match="1 to 128"):
        decisions.retry(home.database, {}, Given("王", "x", key))


@pytest.mark.parametrize("key", [None, "one key"])
def test_of_many_at_once_one_decides(home: House, key: str | None) -> None:
    # Given a letter, and several who want to accept it at the same moment
    _, letter_id = die(home)
    start = threading.Barrier(4)
    outcomes: list[Any] = []

    def decide() -> None:
        own = Database.at(home.settings.database)
        start.wait(30)
        try:
            outcomes.append(decisions.accept(own, {letter_id: None}, Given("王", "x", key)))
        finally:
            own.close()

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    # Then one did, and the others were told so
    assert len(outcomes) == 4
    assert len(decided(home)) == home.count(StoredReport) == 1
    fresh = [one for one in outcomes if one.letters and not one.repeated]
    assert len(fresh) == 1
    if key is not None:
        assert {tuple(one.reports.items()) for one in outcomes} == {tuple(fresh[0].reports.items())}


def test_all_that_match_are_decided_about_if_their_number_is_as_expected(home: House) -> None:
    # Given
    _, one = die(home)
    _, other = die(home, imbalanced("\n"))
    die(home, b"neither here nor there")
    wanted = LetterFilter(reason=Reason.IMBALANCED)
    with home.database.reading() as session:
        seen = bulk.preview(session, wanted)
    assert (seen.count, seen.groups) == (2, [{"reason": "imbalanced", "count": 2}])

    # When one more has come, and the number that was seen is told
    die(home, imbalanced("\n\n"))
    with pytest.raises(CountChanged) as changed:
        bulk.decide(home.database, "accept", wanted, BY, expect=2)

    # Then nothing is decided
    assert (changed.value.expected, changed.value.found) == (2, 3)
    assert decided(home) == []
    dry = bulk.decide(home.database, "accept", wanted, BY, expect=3, dry_run=True)
    assert {one, other} < set(dry.letters)
    assert decided(home) == []
    assert len(bulk.decide(home.database, "accept", wanted, BY, expect=3).letters) == 3
    assert bulk.decide(home.database, "retry", wanted, BY, expect=0).letters == ()


def test_what_was_said_and_decided_survives_whatever_comes(home: House) -> None:
    # Given a letter with a comment, that is retried and dies again by a newer parser, twice
    document_id, letter_id = die(home)
    comment(home.database, About("dead_letter", letter_id), Given("王", "已致电核实"))
    for note in ("新版解析", "再试"):
        last = home.letters(document_id)[-1].id
        decisions.retry(home.database, {last: None}, Given("王", note))
        home.pipeline(inspection.inspect).run(document_id)

    # When the last one is corrected
    last = home.letters(document_id)[-1].id
    decisions.correct(home.database, last, BY, Changes({CELL: "9"}))

    # Then everything that was said and decided is there
    with home.database.reading() as session:
        every = letters.of_document(session, document_id)
        said = comments.comments(session, document_id)
        done = letters.decisions(session, [one.id for one in every])
        promise.check(session, 5)
    assert [one.resolution for one in every] == ["retry", "retry", "correct"]
    assert [(one.note, one.dead_letter_id) for one in said] == [("已致电核实", letter_id)]
    assert [(one.action, one.note) for one in done] == [
        ("retry", "新版解析"),
        ("retry", "再试"),
        ("correct", "核对原件"),
    ]


def test_a_letter_of_a_failing_disk_cannot_be_corrected(home: House) -> None:
    # Given a document that was given up before anything was recognised
    document_id = home.arrive(b"x", "x.txt")
    home.pipeline(raising(Refused(Reason.ENCRYPTED, "-"))).run(document_id)
    (letter,) = home.letters(document_id)

    # Then
    with pytest.raises(Unacceptable, match="no report was recognised"):
        decisions.correct(home.database, letter.id, BY, Changes({CELL: "9"}))
    with pytest.raises(Unacceptable, match="no report was recognised"):
        recheck(letter.inspection)


def test_checking_anew_writes_nothing_and_tells_all(home: House) -> None:
    # Given
    _, letter_id = die(home)
    with home.database.reading() as session:
        told = session.get_one(DeadLetter, letter_id).inspection

    # When
    wrong = recheck(told, Changes({CELL: "1O"}))
    right = recheck(told, Changes({CELL: "9"}))

    # Then
    assert (wrong.storable, wrong.reason) == (False, Reason.IMBALANCED)
    assert CELL in wrong.problems
    assert (right.storable, right.as_json()["hard"]) == (True, 0)
    (cell,) = [one for one in right.as_json()["cells"] if one["cell"] == CELL]
    assert (cell["raw"], cell["published"], cell["corrected"]) == ("12", 12, 9)
    with home.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 0


def test_an_outcome_is_told_as_it_was(home: House) -> None:
    outcome = decisions.retry(home.database, {}, Given("王", "x", "empty"))
    assert outcome.as_json() == {
        "action": Action.RETRY,
        "letters": [],
        "already": [],
        "reports": {},
    }


def test_what_localisation_proposes_is_taken_by_its_id(home: House) -> None:
    # Given a letter, and what would make its report balance
    _, letter_id = die(home)
    with home.database.reading() as session:
        told = session.get_one(DeadLetter, letter_id).inspection
    assert told is not None
    first = told["candidates"][0]
    wanted = {change["cell"]: str(change["proposed"]) for change in first["changes"]}

    # When it is taken
    outcome = decisions.correct(home.database, letter_id, BY, Changes(candidate=first["id"]))

    # Then its cells are what was proposed
    (decision,) = decided(home)
    assert decision.candidate == first["id"]
    assert decision.after is not None
    assert decision.after["cells"] == wanted == {CELL: "9"}
    assert outcome.reports.keys() == {letter_id}


def test_a_corrected_figure_between_years_counts(home: House) -> None:
    # Given a report in which a figure that the next year takes up was corrected
    number = _stored_with(home, "disclosure.regulations.in_force", 17)

    # Then it is what the next year is held against
    with home.database.reading() as session:
        cell = neighbours.watched(session, [number])[number]["disclosure.regulations.in_force"]
    assert cell.value == 17


def _stored_with(home: House, address: str, value: int) -> int:
    _, letter_id = die(home)
    cells = {CELL: "9", address: str(value)}
    return decisions.correct(home.database, letter_id, BY, Changes(cells)).reports[letter_id]
