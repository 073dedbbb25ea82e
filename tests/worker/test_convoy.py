"""Messages that ride along with others: taken once, ended as their document ends."""

import threading

import pytest

from tests.worker.house import until
from worker.convoy import MOST, Convoy, Hint
from worker.errors import Transient

LEAD = Hint(1, "m1")


def riding(*hints: Hint) -> Convoy:
    return Convoy(lambda: hints)


def test_what_is_next_rides_along_once() -> None:
    # Given messages for three documents, two of them for one, and one for the document itself
    convoy = riding(Hint(1, "again"), Hint(2, "a"), Hint(2, "b"), Hint(3, "c"), Hint(4))

    # When two of them are taken along with a document
    taken = convoy.take(LEAD, most=3)

    # Then they are for different documents, and nobody else takes them
    assert taken == [Hint(2, "a"), Hint(3, "c")]
    assert convoy.take(LEAD) == [Hint(2, "b")]


def test_no_more_than_can_be_lost_ride_along() -> None:
    convoy = riding(*(Hint(n, f"m{n}") for n in range(100)))
    assert len(convoy.take(Hint(1000, "m1000"))) == MOST - 1


def test_a_message_ends_as_its_document_did() -> None:
    # Given two that rode along, of which one failed
    convoy = riding(Hint(2, "good"), Hint(3, "bad"))
    good, bad = convoy.take(LEAD)
    convoy.end(good)
    convoy.end(bad, Transient("away"))

    # When their turn comes, then nothing is left to do for either, and one is to come again
    assert convoy.is_done("good")
    with pytest.raises(Transient):
        convoy.is_done("bad")

    # And when they come once more, they are worked on like any other
    assert not convoy.is_done("good")
    assert not convoy.is_done("bad")


def test_what_was_left_does_what_it_came_for() -> None:
    convoy = riding(Hint(2, "a"))
    convoy.leave(convoy.take(LEAD))
    assert not convoy.is_done("a")


@pytest.mark.parametrize("message_id", [None, "unknown", "m1"])
def test_what_never_rode_is_not_done(message_id: str | None) -> None:
    convoy = riding()
    convoy.end(LEAD)
    assert not convoy.is_done(message_id)


def test_a_message_waits_while_it_rides() -> None:
    # Given one that rides along, and its own turn has come in another thread
    convoy = riding(Hint(2, "a"))
    (rider,) = convoy.take(LEAD)
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(convoy.is_done("a")))
    thread.start()
    until(lambda: convoy._changed._waiters)  # type: ignore[attr-defined]

    # When its document has ended, then it has too
    convoy.end(rider)
    thread.join(10)
    assert answers == [True]


def test_ends_whose_messages_never_come_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given room for two
    monkeypatch.setattr("worker.convoy._REMEMBERED", 2)
    convoy = riding(*(Hint(n, f"m{n}") for n in range(2, 6)))
    for hint in convoy.take(LEAD):
        convoy.end(hint)

    # Then the latest are known
    assert [convoy.is_done(f"m{n}") for n in range(2, 6)] == [False, False, True, True]
