"""Settling: two equal looks far enough apart, or a done marker; never forgotten, never flooded."""

import time

from watcher.filesystem import Signature
from watcher.settle import Settling, Verdict

V1, V2 = Signature(1, 10, 100), Signature(1, 20, 200)
PATH = b"report.txt"


def settling() -> Settling:
    return Settling(unsettled_after=100.0)


def test_two_equal_looks_far_enough_apart_settle() -> None:
    # Given a candidate that was looked at once
    table = settling()
    table.notice(PATH, 0.0, 2.0)
    assert table.due(0.0, 10) == [PATH]
    assert table.look(PATH, V1, 0.0) is Verdict.WAITING
    # When it is not due yet
    assert table.due(1.9, 10) == []
    # Then only the look after the rest settles it
    assert table.due(2.0, 10) == [PATH]
    assert table.look(PATH, V1, 2.0) is Verdict.SETTLED
    assert table.due(50.0, 10) == []


def test_a_look_too_early_does_not_settle() -> None:
    table = settling()
    table.notice(PATH, 0.0, 2.0)
    table.look(PATH, V1, 0.0)

    assert table.look(PATH, V1, 1.9) is Verdict.WAITING
    assert table.look(PATH, V1, 2.0) is Verdict.SETTLED


def test_a_change_starts_the_rest_anew() -> None:
    table = settling()
    table.notice(PATH, 0.0, 2.0)
    table.look(PATH, V1, 0.0)

    assert table.look(PATH, V2, 2.0) is Verdict.WAITING
    assert table.look(PATH, V2, 3.9) is Verdict.WAITING
    assert table.look(PATH, V2, 4.0) is Verdict.SETTLED


def test_an_event_starts_the_rest_anew() -> None:
    # Given a candidate one look away from settling
    table = settling()
    table.notice(PATH, 0.0, 2.0)
    table.look(PATH, V1, 0.0)
    # When something happens to it, even if it looks the same
    assert table.touch(PATH, 1.9, 2.0) is False
    # Then two more looks are needed
    assert table.due(1.9, 10) == [PATH]
    assert table.look(PATH, V1, 1.9) is Verdict.WAITING
    assert table.due(3.8, 10) == []
    assert table.due(3.9, 10) == [PATH]
    assert table.look(PATH, V1, 3.9) is Verdict.SETTLED


def test_a_scan_leaves_a_known_candidate_alone() -> None:
    table = settling()
    assert table.notice(PATH, 0.0, 2.0) is True
    table.look(PATH, V1, 0.0)

    assert table.notice(PATH, 1.0, 2.0) is False
    assert table.look(PATH, V1, 2.0) is Verdict.SETTLED


def test_a_done_marker_settles_at_the_first_look() -> None:
    table = settling()
    table.vouch(PATH, 0.0, 2.0)

    assert table.due(0.0, 10) == [PATH]
    assert table.look(PATH, V1, 0.0) is Verdict.SETTLED


def test_a_done_marker_hurries_a_waiting_candidate_once() -> None:
    table = settling()
    table.notice(PATH, 0.0, 30.0)
    table.look(PATH, V1, 0.0)
    table.vouch(PATH, 1.0, 30.0)
    assert table.due(1.0, 10) == [PATH]
    # When it could not be taken in and waits, the marker seen again does not hurry it
    table.defer(PATH, 60.0)
    table.vouch(PATH, 2.0, 30.0)
    assert table.due(59.0, 10) == []


def test_what_vanished_is_forgotten() -> None:
    table = settling()
    table.notice(PATH, 0.0, 2.0)

    assert table.look(PATH, None, 0.0) is Verdict.VANISHED
    assert PATH not in table
    assert len(table) == 0


def test_never_settling_is_told_once_and_stays_pending() -> None:
    # Given a file that changes at every look
    table = settling()
    table.notice(PATH, 0.0, 2.0)
    verdicts = [table.look(PATH, Signature(1, n, n), float(n)) for n in range(200)]
    # Then it is told once, and still settles when it rests
    assert verdicts.count(Verdict.UNSETTLED) == 1
    assert verdicts.index(Verdict.UNSETTLED) == 100
    assert table.look(PATH, Signature(1, 199, 199), 201.0) is Verdict.SETTLED


def test_a_deferred_candidate_keeps_what_was_seen() -> None:
    table = settling()
    table.notice(PATH, 0.0, 2.0)
    table.look(PATH, V1, 0.0)
    table.look(PATH, V1, 2.0)

    table.defer(PATH, 10.0)
    assert table.due(9.0, 10) == []
    assert table.due(10.0, 10) == [PATH]
    assert table.look(PATH, V1, 10.0) is Verdict.SETTLED


def test_a_hundred_thousand_candidates_are_looked_at_only_when_due() -> None:
    # Given many candidates, looked at once
    table = settling()
    started = time.process_time()
    for n in range(100_000):
        table.notice(b"%d" % n, 0.0, 2.0)
    first = table.due(0.0, 100_000)
    for path in first:
        table.look(path, V1, 0.0)
    # When nothing is due, then nothing is looked at, and asking costs nothing
    assert all(table.due(1.0, 100_000) == [] for _ in range(10_000))
    assert len(first) == 100_000
    assert len(table.due(2.0, 5_000)) == 5_000
    assert time.process_time() - started < 30
