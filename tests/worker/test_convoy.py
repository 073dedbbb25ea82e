"""Messages that ride along with others: taken once, ended as their document ends."""

import threading

import pytest

from tests.worker.house import until
from worker.convoy import MOST, Convoy, Hint, Turn
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
    assert convoy.turn("good") is Turn.DONE
    with pytest.raises(Transient):
        convoy.turn("bad")

    # And when they come once more, they are worked on like any other
    assert convoy.turn("good") is Turn.NEW
    assert convoy.turn("bad") is Turn.NEW


def test_what_was_left_does_what_it_came_for() -> None:
    convoy = riding(Hint(2, "a"))
    convoy.leave(convoy.take(LEAD))
    assert convoy.turn("a") is Turn.NEW


@pytest.mark.parametrize("message_id", [None, "unknown", "m1"])
def test_what_never_rode_is_not_done(message_id: str | None) -> None:
    convoy = riding()
    convoy.end(LEAD)
    assert convoy.turn(message_id) is Turn.NEW


def test_a_message_waits_while_it_rides() -> None:
    # Given one that rides along, and its own turn has come in another thread
    convoy = riding(Hint(2, "a"))
    (rider,) = convoy.take(LEAD)
    answers: list[Turn] = []
    thread = threading.Thread(target=lambda: answers.append(convoy.turn("a")))
    thread.start()
    until(lambda: convoy._changed._waiters)  # type: ignore[attr-defined]

    # When its document has ended, then it has too
    convoy.end(rider)
    thread.join(60)
    assert answers == [Turn.DONE]


def elsewhere(convoy: Convoy, message_id: str) -> Turn:
    """The turn of a message in another thread."""
    answers: list[Turn] = []
    thread = threading.Thread(target=lambda: answers.append(convoy.turn(message_id)))
    thread.start()
    thread.join(60)
    return answers[0]


def test_what_is_claimed_and_not_begun_goes_over_to_the_thread_whose_turn_it_is() -> None:
    # Given three that ride along, of which one is begun and one not even claimed
    convoy = riding(*(Hint(n, f"m{n}") for n in range(2, 5)))
    begun, waiting, claimed = convoy.take(LEAD)
    convoy.wait([begun, waiting])
    assert convoy.begin(begun)
    thread = threading.Thread(target=lambda: convoy.turn("m4"))
    thread.start()

    # When the turn of one that waits comes in another thread, then it is that thread's alone
    assert elsewhere(convoy, "m3") is Turn.MINE
    assert not convoy.begin(waiting)
    until(lambda: convoy._changed._waiters)  # type: ignore[attr-defined]
    assert thread.is_alive()

    # And its message, which is at work on it, is not told a second time how it ended
    convoy.end(waiting)
    assert convoy.turn("m3") is Turn.NEW
    convoy.end(claimed)
    thread.join(60)


def test_ends_whose_messages_never_come_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given room for two
    monkeypatch.setattr("worker.convoy._REMEMBERED", 2)
    convoy = riding(*(Hint(n, f"m{n}") for n in range(2, 6)))
    for hint in convoy.take(LEAD):
        convoy.end(hint)

    # Then the latest are known
    turns = [convoy.turn(f"m{n}") for n in range(2, 6)]
    assert turns == [Turn.NEW, Turn.NEW, Turn.DONE, Turn.DONE]
