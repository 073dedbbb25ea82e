"""What operators decide about dead letters."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.event import listen
from sqlalchemy.exc import IntegrityError

from models.dead_letter import Decision
from models.disclosure.finding import Reason
from models.event import Event
from models.ledger import Document, State
from tests.worker.house import House, house, imbalanced, raising
from worker.dead_letter import Decided, Grave, Selection, bury, discard, retry
from worker.deciding import Conflict, NoteMissing, UnknownLetter
from worker.errors import Refused
from worker.inspection import PARSER_VERSION


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def _dead(home: House, data: bytes = b"a report", reason: Reason | None = None) -> tuple[int, int]:
    """Return the ids of a dead document and of its letter."""
    document_id = home.receive(data, queue="slow")
    home.pipeline(raising(Refused(reason, "-")) if reason else imbalanced).run(document_id)
    return document_id, home.letters(document_id)[-1].id


def _retry(home: House, *ids: int, dry_run: bool = False) -> Decided:
    with home.database.transaction() as session:
        return retry(session, ids, note="fixed", operator="王", dry_run=dry_run)


def _decisions(home: House) -> list[tuple[int, str, str, str]]:
    with home.database.reading() as session:
        return [
            (row.dead_letter_id, row.action, row.operator, row.note)
            for row in session.scalars(select(Decision).order_by(Decision.id))
        ]


def test_retry_puts_the_document_back(home: House) -> None:
    # Given a dead letter
    document_id, letter_id = _dead(home)

    # When it is retried
    decided = _retry(home, letter_id)

    # Then the document waits to be sent, and the audit trail knows who, what and why
    assert decided == Decided((letter_id,), (), ((document_id, "urgent"),))
    document = home.document(document_id)
    assert (document.state, document.unfinished, document.retries) == (State.RECEIVED, 0, 0)
    assert _decisions(home) == [(letter_id, "retry", "王", "fixed")]
    assert home.story(document_id)[-1] == "document.retried"
    (letter,) = home.letters(document_id)
    assert (letter.resolution, letter.version) == ("retry", 2)
    assert letter.resolved_at is not None


def test_a_decision_repeated_has_no_second_effect(home: House) -> None:
    # Given a dead letter that was retried, and whose document is stored since
    document_id, letter_id = _dead(home)
    _retry(home, letter_id)
    home.pipeline().run(document_id)

    # When it is retried again
    decided = _retry(home, letter_id)

    # Then it is told to have been decided, and nothing else happens
    assert decided == Decided((), (letter_id,), ())
    assert home.document(document_id).state == State.STORED
    assert len(_decisions(home)) == 1
    assert home.story(document_id).count("document.retried") == 1


def test_what_fails_again_gets_a_letter_of_its_own(home: House) -> None:
    # Given a document that is retried
    document_id, first = _dead(home)
    _retry(home, first)

    # When it fails again
    home.pipeline(imbalanced).run(document_id)

    # Then there is a new open letter, and the older one keeps its resolution
    old, new = home.letters(document_id)
    assert (old.id, old.resolution) == (first, "retry")
    assert (new.resolution, new.version) == (None, 1)
    assert home.document(document_id).attempts == 2


def test_a_document_has_one_open_letter_at_most(home: House) -> None:
    # Given a document with an open letter
    document_id, _ = _dead(home)

    # When another one is to be written, then the database refuses
    with home.database.transaction() as session, pytest.raises(IntegrityError):
        bury(session, document_id, Grave(Reason.EMPTY, "fetch", "-", "0"))


def test_discard_is_for_good(home: House) -> None:
    # Given a dead letter
    document_id, letter_id = _dead(home)

    # When it is discarded, twice
    for _ in range(2):
        with home.database.transaction() as session:
            decided = discard(session, [letter_id], note="a duplicate scan", operator="李")

    # Then it stays so, with one decision
    assert decided == Decided((), (letter_id,), ())
    assert home.document(document_id).state == State.DISCARDED
    assert _decisions(home) == [(letter_id, "discard", "李", "a duplicate scan")]
    assert home.story(document_id)[-1] == "document.discarded"


def test_a_dry_run_only_says_what_would_be_done(home: House) -> None:
    # Given a dead letter
    document_id, letter_id = _dead(home)

    # When it is retried on a dry run
    decided = _retry(home, letter_id, dry_run=True)

    # Then it says the same as the real run would, and nothing is done
    assert decided.letters == (letter_id,)
    assert decided.to_send == ((document_id, "urgent"),)
    assert home.document(document_id).state == State.DEAD
    assert _decisions(home) == []


@pytest.mark.parametrize("note", ["", "  \n"])
def test_a_decision_needs_a_note(home: House, note: str) -> None:
    # Given a dead letter
    _, letter_id = _dead(home)

    # When it is decided without saying why, then that is refused
    with home.database.transaction() as session, pytest.raises(NoteMissing):
        retry(session, [letter_id], note=note, operator="王")


def test_a_letter_decided_otherwise_is_a_conflict(home: House) -> None:
    # Given one letter that was discarded and one that is open
    _, first = _dead(home, b"one")
    other, second = _dead(home, b"two")
    with home.database.transaction() as session:
        discard(session, [first], note="no report", operator="李")

    # When both are to be retried
    with pytest.raises(Conflict, match="discard"):
        _retry(home, second, first)

    # Then neither is
    assert home.document(other).state == State.DEAD


def test_a_letter_that_changed_since_it_was_looked_at_is_a_conflict(home: House) -> None:
    # Given a letter that an operator looked at in version 3
    _, letter_id = _dead(home)

    # When it is decided though it has version 1, then that is refused
    with home.database.transaction() as session, pytest.raises(Conflict, match="version 1"):
        retry(session, [letter_id], note="-", operator="王", versions={letter_id: 3})


def test_a_document_that_is_not_dead_is_a_conflict(home: House) -> None:
    # Given a letter whose document somebody moved on behind our back
    document_id, letter_id = _dead(home)
    with home.database.transaction() as session:
        session.get_one(Document, document_id).state = State.STORED

    # When it is retried, then nothing is decided
    with pytest.raises(Conflict):
        _retry(home, letter_id)
    assert _decisions(home) == []


def test_an_unknown_letter_is_told(home: House) -> None:
    # Given no dead letters
    # When one is retried, then that is an error that names it
    with pytest.raises(UnknownLetter, match="17"):
        _retry(home, 17)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), 3),
        (Selection(reason="imbalanced"), 2),
        (Selection(reason="encrypted"), 1),
        (Selection(rule="T3.FLOW"), 2),
        (Selection(rule="T3.FLOW", reason="encrypted"), 0),
        (Selection(publisher="甲市人民政府", year=2023), 2),
        (Selection(year=2020), 0),
        (Selection(not_version=PARSER_VERSION), 0),
        (Selection(not_version="an older one"), 3),
    ],
)
def test_a_selection_decides_all_that_match(
    home: House, selection: Selection, expected: int
) -> None:
    # Given two imbalanced reports, an encrypted file, and one that is resolved already
    _dead(home, b"one")
    _dead(home, b"two")
    _dead(home, b"three", Reason.ENCRYPTED)
    _, resolved = _dead(home, b"four")
    _retry(home, resolved)

    # When all that match are retried
    with home.database.transaction() as session:
        decided = retry(session, selection, note="new parser", operator="王")

    # Then those and no others are
    assert len(decided.letters) == len(decided.to_send) == expected
    assert resolved not in decided.letters


def test_the_event_tells_the_decision(home: House) -> None:
    # Given a dead letter that is retried
    document_id, letter_id = _dead(home)
    _retry(home, letter_id)

    # When its event is read
    with home.database.reading() as session:
        query = select(Event).where(Event.name == "document.retried")
        event = session.scalars(query).one()

    # Then it says who and why
    assert event.document_id == document_id
    assert event.data == {"dead_letter_id": letter_id, "operator": "王", "note": "fixed"}


def test_deciding_about_many_does_not_load_their_reports(home: House) -> None:
    # Given dead letters with what had been recognised
    for number in range(3):
        _dead(home, b"report %d" % number)
    statements: list[str] = []
    listen(home.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))

    # When all are retried
    with home.database.transaction() as session:
        decided = retry(session, Selection(), note="fixed", operator="王")

    # Then no report was loaded
    assert len(decided.letters) == len(decided.to_send) == 3
    assert not [statement for statement in statements if "inspection" in statement]
