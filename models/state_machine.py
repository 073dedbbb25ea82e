"""The state machine of a document as a table: every way in which its state changes.

::

    received -> queued -> processing -+-> stored
       ^          ^           |       +-> unpacked (an archive: each member is an arrival)
       |          +-(retry)---+       +-> dead --(discard)--> discarded
       +--(a scan: to OCR)----+             |
       +-------------(an operator's retry)--+--(correct, accept)--> stored

``models.transitions`` has a function for each; ``docs/state-machine.md`` draws and explains them,
and a test holds the three equal.
"""

from dataclasses import dataclass
from typing import Final

from models.event import EventName
from models.ledger import AttemptOutcome, State


@dataclass(frozen=True, slots=True)
class Transition:
    """One way a document's state changes.

    ``start`` is empty for the one that makes the document. ``condition`` is what must hold besides
    the state. ``outcome`` is that of the attempt which it ends, if there is one; what an operator
    has stored counts as an attempt of its own, begun and ended at once.
    """

    name: str
    start: tuple[State, ...]
    to: State
    who: str
    condition: str = ""
    outcome: AttemptOutcome | None = None


WAITING: Final = (State.RECEIVED, State.QUEUED)
"""The states from which an attempt may begin at once."""

_HELD: Final = (State.PROCESSING,)
_CLAIM: Final = "holds the claim"
_LIMIT: Final = "too few attempts never ended"

ENTER: Final = Transition("enter", (), State.RECEIVED, "watcher, unpacker", "a new SHA-256")
QUEUE: Final = Transition("queue", (State.RECEIVED,), State.QUEUED, "sender")
RESEND: Final = Transition("resend", (State.QUEUED,), State.QUEUED, "sweeper")
CLAIM: Final = Transition("claim", WAITING, State.PROCESSING, "worker", _LIMIT)
TAKE_OVER: Final = Transition(
    "take_over", _HELD, State.PROCESSING, "worker", f"lease expired; {_LIMIT}", AttemptOutcome.LOST
)
REMIND: Final = Transition("remind", _HELD, State.PROCESSING, "sweeper", "lease expired")
END_LEASE: Final = Transition(
    "end_lease",
    _HELD,
    State.PROCESSING,
    "starting host, sweeper",
    "its worker is gone, or the clock was set back",
)
STORE: Final = Transition("store", _HELD, State.STORED, "worker", _CLAIM, AttemptOutcome.STORED)
UNPACK: Final = Transition(
    "unpack", _HELD, State.UNPACKED, "worker", _CLAIM, AttemptOutcome.UNPACKED
)
GIVE_BACK: Final = Transition(
    "give_back", _HELD, State.QUEUED, "worker", _CLAIM, AttemptOutcome.RETRY
)
RELEASE: Final = Transition(
    "release",
    _HELD,
    State.QUEUED,
    "worker that stops, or has no time for it",
    _CLAIM,
    AttemptOutcome.RELEASED,
)
HAND_OVER: Final = Transition(
    "hand_over",
    _HELD,
    State.RECEIVED,
    "worker",
    f"{_CLAIM}; another queue is for what it is",
    AttemptOutcome.HANDED_OVER,
)
REFUSE: Final = Transition("refuse", _HELD, State.DEAD, "worker", _CLAIM, AttemptOutcome.DEAD)
FAIL: Final = Transition(
    "fail", _HELD, State.DEAD, "worker", f"{_CLAIM}; its retries are used up", AttemptOutcome.DEAD
)
BURY_CRASH_LOOP: Final = Transition(
    "bury_crash_loop",
    (*WAITING, *_HELD),
    State.DEAD,
    "worker",
    "waits, or lease expired; too many attempts never ended",
    AttemptOutcome.LOST,
)
BURY_ABANDONED: Final = Transition(
    "bury_abandoned",
    (*WAITING, *_HELD),
    State.DEAD,
    "worker whose message dies",
    "waits, or is worked on for that message",
    AttemptOutcome.LOST,
)
REVIVE: Final = Transition("revive", (State.DEAD,), State.RECEIVED, "operator")
CORRECT: Final = Transition(
    "correct", (State.DEAD,), State.STORED, "operator", "no hard edit fails", AttemptOutcome.STORED
)
ACCEPT: Final = Transition(
    "accept",
    (State.DEAD,),
    State.STORED,
    "operator",
    "a report with publisher and year was recognised",
    AttemptOutcome.STORED,
)
DISCARD: Final = Transition("discard", (State.DEAD,), State.DISCARDED, "operator")

TRANSITIONS: Final = {
    ENTER: EventName.DOCUMENT_RECEIVED,
    QUEUE: EventName.DOCUMENT_QUEUED,
    RESEND: EventName.DOCUMENT_RESENT,
    CLAIM: EventName.ATTEMPT_STARTED,
    TAKE_OVER: EventName.ATTEMPT_STARTED,
    REMIND: EventName.DOCUMENT_LEASE_EXPIRED,
    END_LEASE: None,
    STORE: EventName.REPORT_STORED,
    UNPACK: EventName.DOCUMENT_UNPACKED,
    GIVE_BACK: EventName.ATTEMPT_RETRYING,
    RELEASE: EventName.ATTEMPT_RELEASED,
    HAND_OVER: EventName.ATTEMPT_HANDED_OVER,
    REFUSE: EventName.DOCUMENT_DEAD,
    FAIL: EventName.DOCUMENT_DEAD,
    BURY_CRASH_LOOP: EventName.DOCUMENT_DEAD,
    BURY_ABANDONED: EventName.DOCUMENT_DEAD,
    REVIVE: EventName.DOCUMENT_RETRIED,
    CORRECT: EventName.REPORT_STORED,
    ACCEPT: EventName.REPORT_STORED,
    DISCARD: EventName.DOCUMENT_DISCARDED,
}
"""Every transition in the order of a document's life, and the event that tells of it.

The caller of the transition's function writes the event in the same transaction; what ends a
lease before its time tells nothing, since nothing has become of the document.
"""
