"""``gouji dead``."""

from collections.abc import Iterator

import orjson
import pytest
from sqlalchemy import select

from models.dead_letter import Decision
from models.ledger import Document, State
from tests.console.cli.conftest import Place, add
from worker.embedded import ensure
from worker.inbox import Inbox
from worker.inspection import inspect
from worker.settings import load


@pytest.fixture
def several(seeded: Place) -> Place:
    """Beside dead letter 1 (imbalanced) an empty file as 2 and one that is no report as 3."""
    add_dead(seeded, b"", "空.txt")
    add_dead(seeded, "购物清单\n".encode(), "清单.txt")
    return seeded


def add_dead(place: Place, data: bytes, name: str) -> None:
    add(place.database, inspect(data, name), name)


def state(place: Place, document_id: int) -> str:
    with place.database.reading() as session:
        return session.scalars(select(Document.state).where(Document.id == document_id)).one()


def test_an_empty_list_is_a_list(place: Place) -> None:
    assert place.json("dead", "list") == []


def test_lists_what_the_design_says(seeded: Place) -> None:
    # When
    (letter,) = seeded.json("dead", "list")

    # Then
    assert letter.keys() >= {
        *("id", "sha256", "name", "reason", "stage"),
        *("publisher", "year", "attempts", "created_at"),
    }
    assert (letter["name"], letter["reason"], letter["stage"]) == (
        "不平.txt",
        "imbalanced",
        "check",
    )
    assert (letter["publisher"], letter["year"]) == ("濮阳经济技术开发区", 2022)
    assert letter["attempts"] == 1


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], [3, 2, 1]),
        (["--reason", "empty"], [2]),
        (["--rule", "T3.FLOW"], [1]),
        (["--publisher", "濮阳"], [1]),
        (["--year", "2022"], [1]),
        (["--year", "2021"], []),
        (["--name", "单"], [3]),
        (["--name", "%"], []),
        (["--limit", "2"], [3, 2]),
    ],
)
def test_filters_work_together(several: Place, options: list[str], ids: list[int]) -> None:
    assert [letter["id"] for letter in several.json("dead", "list", *options)] == ids


def test_groups_by_reason_and_by_rule(several: Place) -> None:
    # When
    reasons = several.json("dead", "list", "--group-by", "reason")
    rules = several.json("dead", "list", "--group-by", "rule")

    # Then
    assert {group["reason"]: group["count"] for group in reasons} == {
        "empty": 1,
        "imbalanced": 1,
        "not_a_report": 1,
    }
    assert {"rule": "T3.FLOW", "severity": "hard", "count": 1} in rules


def test_a_reason_that_cannot_be_is_usage(seeded: Place) -> None:
    code, error = seeded.error("dead", "list", "--reason", "imbalance")
    assert code == 2
    assert "imbalanced" in error["message"]


def test_shows_the_form_the_equation_attempts_and_story(seeded: Place) -> None:
    # When
    lines = seeded.run("dead", "show", "1").stdout.splitlines()

    # Then
    assert lines[0] == "死信 dead letter 1: 勾稽不平 imbalanced"
    assert any(line.endswith("│    12!│   0!│   0!│   0!│   0!│   0!│   9!│") for line in lines)
    assert "! T3.FLOW 自然人: 12 + 0 ≠ 9 + 空 (12 ≠ 9, 差 3)" in lines
    assert "   Traceback:" in lines
    assert any("来自 arrived inbox: 不平.txt" in line for line in lines)
    assert any("file.settled" in line and "文件已静止" in line for line in lines)
    assert any("document.dead" in line and "成为死信" in line for line in lines)


def test_shows_what_would_make_it_balance(seeded: Place) -> None:
    # When
    lines = seeded.run("dead", "show", "1").stdout.splitlines()
    told = seeded.json("dead", "show", "1")

    # Then
    assert any("自然人: 12 → 9" in line for line in lines)
    assert told["inspection"]["localisation"]["status"] == "unique"
    (candidate,) = told["inspection"]["candidates"]
    assert [(c["read"], c["proposed"]) for c in candidate["changes"]] == [(12, 9)]


def test_shows_everything_as_json(seeded: Place) -> None:
    # When
    told = seeded.json("dead", "show", "1")

    # Then
    assert told["inspection"]["schema"] == "gouji.inspection/1"
    assert told["original"].endswith(f"archive/{told['sha256'][:2]}/{told['sha256']}")
    assert [one["number"] for one in told["attempt_history"]] == [1]
    assert [one["event"] for one in told["timeline"]] == [
        "file.settled",
        "document.received",
        "document.dead",
    ]


def test_shows_one_without_a_report(several: Place) -> None:
    assert several.run("dead", "show", "2").stdout.startswith("死信 dead letter 2: 空文件 empty\n")


def test_what_is_not_there_is_not_found(seeded: Place) -> None:
    assert seeded.error("dead", "show", "9")[0] == 3
    assert seeded.error("dead", "retry", "9", "--note", "x")[0] == 3


def test_a_dry_run_changes_nothing(several: Place) -> None:
    # When
    told = several.json("dead", "discard", "--all-matching", "--note", "x", "--dry-run")

    # Then
    assert told["letters"] == [1, 2, 3]
    assert len(several.json("dead", "list")) == 3


def test_discards_with_a_note(seeded: Place) -> None:
    # When
    told = seeded.json("dead", "discard", "1", "--note", "重复报送", "--operator", "lin")
    again = seeded.json("dead", "discard", "1", "--note", "重复报送", "--operator", "lin")

    # Then
    assert (told["letters"], told["already"]) == ([1], [])
    assert (again["letters"], again["already"]) == ([], [1])
    assert state(seeded, 2) == State.DISCARDED
    with seeded.database.reading() as session:
        (decision,) = session.scalars(select(Decision))
    assert (decision.operator, decision.action, decision.note) == ("lin", "discard", "重复报送")
    assert seeded.json("dead", "list") == []
    assert [one["resolution"] for one in seeded.json("dead", "list", "--resolved")] == ["discard"]
    assert "imbalanced · 弃置 discard" in seeded.run("dead", "list", "--resolved").stdout
    shown = seeded.run("dead", "show", "1").stdout
    assert "处置 resolution 弃置 discard" in shown
    assert "结果 死信 dead" in shown
    assert seeded.json("dead", "show", "1")["decisions"][0]["note"] == "重复报送"


def test_a_decision_is_in_the_log(seeded: Place) -> None:
    # When
    seeded.json("dead", "discard", "1", "--note", "重复报送")

    # Then
    (line,) = seeded.lines("logs", "--event", "document.discarded")
    assert (line["document_id"], line["note"]) == (2, "重复报送")


def test_deciding_otherwise_is_a_conflict(seeded: Place) -> None:
    # Given
    seeded.json("dead", "discard", "1", "--note", "x")

    # Then
    assert seeded.error("dead", "retry", "1", "--note", "y")[0] == 5


def test_retried_while_the_queue_is_away_waits_for_it(seeded: Place) -> None:
    # When
    told = seeded.json("dead", "retry", "1", "--note", "新版解析")

    # Then
    assert (told["letters"], told["sent"], told["waiting"]) == ([1], 0, 1)
    assert state(seeded, 2) == State.RECEIVED


@pytest.fixture
def queue(several: Place) -> Iterator[Inbox]:
    settings = load()
    with ensure(settings):
        inbox = Inbox(settings)
        yield inbox
        inbox.close()


@pytest.mark.process
def test_retries_all_that_match_and_sends_them(several: Place, queue: Inbox) -> None:
    # When
    told = several.json(
        *("dead", "retry", "--all-matching", "--reason", "imbalanced", "--note", "x", "--yes")
    )

    # Then
    assert (told["letters"], told["sent"], told["waiting"]) == ([1], 1, 0)
    assert state(several, 2) == State.QUEUED
    assert queue.outstanding() == 1
    assert [one["id"] for one in several.json("dead", "list")] == [3, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--note", "x"], "give IDs"),
        (["1", "--all-matching", "--note", "x"], "not both"),
        (["1", "--year", "2022", "--note", "x"], "not both"),
        (["1"], "Missing option '--note'"),
        (["1", "--note", "  "], "needs a note"),
        (["--all-matching", "--note", "x"], "3 dead letters match; --yes"),
        (["1", "2", "--note", "x"], "2 dead letters match; --yes"),
    ],
)
def test_what_is_unclear_is_refused(several: Place, arguments: list[str], message: str) -> None:
    # When
    result = several.run("dead", "retry", *arguments, "--json")

    # Then
    assert result.exit_code == 2
    assert message in orjson.loads(result.stdout)["error"]["message"]
    assert len(several.json("dead", "list")) == 3


def test_an_id_named_twice_counts_once(seeded: Place) -> None:
    told = seeded.json("dead", "discard", "1", "1", "--note", "x", "--yes", "--dry-run")
    assert told["letters"] == [1]
    assert [letter["reason"] for letter in told["matching"]] == ["imbalanced"]


def test_a_dry_run_lists_what_matches(several: Place) -> None:
    result = several.run("dead", "retry", "--all-matching", "--note", "x", "--dry-run")
    assert "勾稽不平 imbalanced" in result.stdout
    assert "空.txt" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--rule", "T3.FLO"],
        ["list", "--reason", "imbalance"],
        ["list", "--name", ""],
        ["list", "--year", str(2**63)],
        ["list", "--limit", str(2**63)],
    ],
)
def test_a_filter_that_nothing_can_match_is_usage(seeded: Place, arguments: list[str]) -> None:
    assert seeded.error("dead", *arguments)[0] == 2


def test_numbers_that_no_letter_can_have_are_not_found(seeded: Place) -> None:
    assert seeded.error("dead", "show", str(2**63))[0] == 3
    assert seeded.error("dead", "retry", str(2**63), "--note", "x")[0] == 3
