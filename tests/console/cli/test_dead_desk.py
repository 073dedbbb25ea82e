"""``gouji dead correct``, ``accept``, ``comment``, ``groups``; what they leave behind."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.base import now
from models.dead_letter import DeadLetter
from models.filing import ApplicationRow
from models.ledger import Document
from tests.console.cli.conftest import BALANCED, Place, add, imbalanced
from worker.dead_letter import Grave, bury
from worker.inspection import PARSER_VERSION, as_json, inspect

CELL = "applications.new_requests.natural_person"
TOTAL = "applications.new_requests.total"


def correct(place: Place, *options: str) -> Any:
    return place.json("dead", "correct", "1", "--note", "核对原件", *options)


def test_a_corrected_report_tells_what_was_published(seeded: Place) -> None:
    # When the cell that was 12 is set to 9
    told = correct(seeded, "--set", f"{CELL}=9", "--operator", "lin")

    # Then the report is stored, and tells both figures
    report = seeded.json("reports", "show", str(told["reports"]["1"]))
    assert report["corrections"] == [
        {"cell": CELL, "published": 12, "raw": "12", "printed": "number", "corrected": 9}
    ]
    assert report["tables"]["applications"]["new_requests"]["natural_person"] == 9
    (cell,) = [one for one in report["cells"] if one["cell"] == CELL]
    assert (cell["raw"], cell["published"], cell["corrected"]) == ("12", 12, 9)
    assert report["decision"]["action"] == "correct"
    assert report["decision"]["before"]["cells"] == {
        CELL: {"value": 12, "raw": "12", "printed": "number"}
    }
    assert report["decision"]["after"]["cells"] == {CELL: "9"}
    assert [one for one in report["findings"] if one["severity"] == "hard"] == []
    # and the row is as published
    with seeded.database.reading() as session:
        row = session.get_one(ApplicationRow, (report["id"], "new_requests"))
        assert (row.natural_person, row.raw["natural_person"]) == (12, "12")


def test_the_correction_is_shown_to_people(seeded: Place) -> None:
    # Given
    told = correct(seeded, "--set", f"{CELL}=9")

    # When
    shown = seeded.run("reports", "show", str(told["reports"]["1"])).stdout
    letter = seeded.run("dead", "show", "1").stdout

    # Then
    assert "更正 Corrected" in shown
    assert "一、本年新收政府信息公开申请数量 · 自然人" in shown
    assert "12 → 9" in letter
    assert "更正 correct" in seeded.run("reports", "list", "--all-versions").stdout


def test_what_does_not_hold_yet_is_refused(seeded: Place) -> None:
    # When
    code, error = seeded.error("dead", "correct", "1", "--set", f"{CELL}=10", "--note", "x")

    # Then
    assert (code, error["code"]) == (4, "still_wrong")
    assert "T3." in error["message"]
    (letter,) = seeded.json("dead", "list")
    assert (letter["resolution"], letter["version"]) == (None, 1)
    assert len(seeded.json("reports", "list")) == 1


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("applications.new_requests.nobody=1", "no such cell"),
        ("applications.new_requests.naturl_person=1", f"did you mean {CELL}"),
        (f"{CELL}=1.5", "a whole number"),
        (CELL, "is not CELL=VALUE"),
    ],
)
def test_what_no_cell_can_be_is_usage(seeded: Place, setting: str, message: str) -> None:
    code, error = seeded.error("dead", "correct", "1", "--set", setting, "--note", "x")
    assert code == 2
    assert message in error["message"]


def test_the_keys_of_cells_are_shown(seeded: Place) -> None:
    # Given what is said of a key and of a candidate that there is not
    wrong = ("dead", "correct", "1", "--note", "x")
    _, error = seeded.error(*wrong, "--set", "applications.nothing.total=1")
    assert "gouji dead show ID --keys" in error["hint"]
    _, error = seeded.error(*wrong, "--candidate", "9.9")
    assert "gouji dead show ID " in error["hint"]

    # Then that shows every key, with what was read and which edits it fails
    lines = seeded.run("dead", "show", "1", "--keys").stdout.splitlines()
    (line,) = [line for line in lines if line.startswith(f"{CELL} ")]
    assert " 12 " in line
    assert "T3.FLOW" in line
    assert any(line.startswith("review.reconsideration.total") for line in lines)

    # But not of what is no report
    add(seeded.database, inspect(b"", "空.txt"), "空.txt")
    refused = seeded.run("dead", "show", "2", "--keys")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "gouji dead discard 2" in refused.stderr


def test_a_whole_table_is_set_from_a_file(seeded: Place, tmp_path: Path) -> None:
    # Given a report without table 四, and a CSV of its cells as a spreadsheet program writes it
    text = BALANCED.read_text("utf-8")
    start = text.index("四、政府信息公开行政复议")
    text = text[:start] + text[text.index("五、", start) :]
    add(seeded.database, inspect(text.encode(), "无表四.txt"), "无表四.txt")
    shown = seeded.run("dead", "show", "2", "--keys").stdout.splitlines()
    keys = [line.split()[0] for line in shown if line.startswith("review.")]
    assert len(keys) == 15
    table = tmp_path / "表四.csv"
    lines = ['标题, cell ,"value"', *(f"x,{key},0" for key in keys)]
    lines += [f'"two\nlines",{TOTAL},', ",,", ",,"]
    table.write_text("\n".join(lines), "utf-8-sig")

    # When they are set, one of them otherwise
    wrong = ("dead", "correct", "2", "--note", "x", "--set-from", str(table))
    code, _ = seeded.error(*wrong, "--set", f"{keys[0]}=1")
    done = seeded.json(*wrong, "--set", f"{keys[0]}=1", "--set", f"{keys[4]}=1")

    # Then what is set alone counts for more
    assert code == 4
    (report,) = done["reports"].values()
    told = seeded.json("reports", "show", str(report))
    values = {cell["cell"]: cell.get("corrected") for cell in told["cells"] if cell["cell"] in keys}
    assert values == dict.fromkeys(keys, 0) | {keys[0]: 1, keys[4]: 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (f"{CELL},1\n{CELL},2\n".encode(), "set twice"),
        (f"{CELL},1\n\nsomething\n".encode(), "line 3 is not CELL,VALUE: 'something'"),
        ("合计,1\n".encode("gb18030"), "not UTF-8"),
        (None, "no such file"),
    ],
)
def test_a_file_of_cells_that_cannot_be_read_is_told(
    seeded: Place, tmp_path: Path, data: bytes | None, message: str
) -> None:
    table = tmp_path / "cells.csv"
    if data is not None:
        table.write_bytes(data)
    code, error = seeded.error("dead", "correct", "1", "--note", "x", "--set-from", str(table))
    assert code == (3 if data is None else 2)
    assert message in error["message"]


def test_nothing_to_correct_is_usage(seeded: Place) -> None:
    assert seeded.error("dead", "correct", "1", "--note", "x")[0] == 2


def test_a_candidate_is_taken_by_its_rank(seeded: Place) -> None:
    # Given a letter with a candidate
    with seeded.database.transaction() as session:
        letter = session.get_one(DeadLetter, 1)
        change = {"cell": CELL, "read": 12, "proposed": 9}
        candidate = {"rank": 1, "changes": [change], "resolves": [], "evidence": []}
        letter.inspection = {**(letter.inspection or {}), "candidates": [candidate]}

    # When it is taken, and one that there is not
    told = correct(seeded, "--candidate", "1")
    code, _ = seeded.error("dead", "correct", "1", "--candidate", "2", "--note", "x")

    # Then
    report = seeded.json("reports", "show", str(told["reports"]["1"]))
    assert report["decision"]["candidate"] == "1"
    assert report["corrections"][0]["corrected"] == 9
    assert code == 5


def test_a_dry_run_of_a_correction_changes_nothing(seeded: Place) -> None:
    told = correct(seeded, "--set", f"{CELL}=9", "--dry-run")
    assert (told["letters"], told["dry_run"]) == ([1], True)
    assert len(seeded.json("dead", "list")) == 1


def test_correcting_just_so_again_is_no_conflict_and_otherwise_is(seeded: Place) -> None:
    # Given
    correct(seeded, "--set", f"{CELL}=9")

    # Then
    assert correct(seeded, "--set", f"{CELL}=9")["already"] == [1]
    code, error = seeded.error("dead", "correct", "1", "--set", f"{CELL}=8", "--note", "x")
    assert code == 5
    assert "is not corrected again" in error["message"]


def test_an_accepted_report_keeps_its_hard_findings(seeded: Place) -> None:
    # When
    told = seeded.json("dead", "accept", "1", "--note", "公布即如此", "--operator", "lin")

    # Then
    report = seeded.json("reports", "show", str(told["reports"]["1"]))
    hard = {one["rule"] for one in report["findings"] if one["severity"] == "hard"}
    assert hard == {"T3.FLOW", "T3.APPLICANTS"}
    assert report["corrections"] == []
    assert (report["decision"]["action"], report["decision"]["note"]) == ("accept", "公布即如此")
    (row,) = [one for one in seeded.json("reports", "list") if one["id"] == report["id"]]
    assert (row["decision"], row["findings"]["hard"] > 0) == ("accept", True)


def test_what_was_not_recognised_cannot_be_accepted(seeded: Place) -> None:
    # Given
    add(seeded.database, inspect(b"", "空.txt"), "空.txt")

    # When
    code, error = seeded.error("dead", "accept", "1", "2", "--note", "x", "--yes")

    # Then nothing is stored, not even the other one
    assert (code, error["code"]) == (1, "unacceptable")
    assert "dead letter 2" in error["message"]
    assert "nothing was decided" in error["message"]
    assert "--reason" in error["hint"]
    assert len(seeded.json("dead", "list")) == 2

    # And of several all are named
    add(seeded.database, inspect(b" ", "又空.txt"), "又空.txt")
    _, error = seeded.error("dead", "accept", "--all-matching", "--note", "x", "--yes")
    numbers = {int(one) for one in re.findall(r"\d+", error["message"])}
    assert numbers == {2, 3}


def test_whose_report_it_is_can_be_said(seeded: Place) -> None:
    # Given an imbalanced report that does not say whose it is
    text = imbalanced().decode().replace("濮阳经济技术开发区", "").replace("2022", "")
    read = inspect(text.encode(), "x.txt")
    assert read.report is not None
    add(seeded.database, read, "无名.txt")
    letter = str(seeded.json("dead", "list")[0]["id"])
    if read.report.publisher is None or read.report.year is None:
        assert seeded.error("dead", "accept", letter, "--note", "x")[1]["code"] == "unacceptable"

    # When
    told = seeded.json(
        *("dead", "accept", letter, "--note", "来函确认"),
        *("--set-publisher", "示例市水利局", "--set-year", "2021"),
    )

    # Then
    report = seeded.json("reports", "show", str(told["reports"][letter]))
    assert (report["report"]["publisher"], report["report"]["year"]) == ("示例市水利局", 2021)


def test_another_version_by_now_is_a_conflict(seeded: Place) -> None:
    options = ("--note", "x", "--if-version", "2")
    assert seeded.error("dead", "accept", "1", *options)[0] == 5
    assert seeded.error("dead", "correct", "1", "--set", f"{CELL}=9", *options)[0] == 5
    assert seeded.json("dead", "accept", "1", "--note", "x", "--if-version", "1")["letters"] == [1]


def test_another_number_by_now_is_a_conflict(seeded: Place) -> None:
    chosen = ("--all-matching", "--reason", "imbalanced", "--note", "x")
    code, error = seeded.error("dead", "discard", *chosen, "--expect", "2")
    assert code == 5
    assert "1 dead letters match, not 2" in error["message"]
    assert "--dry-run" in error["hint"]
    assert seeded.json("dead", "discard", *chosen, "--expect", "1")["letters"] == [1]


def test_an_empty_selection_does_nothing(seeded: Place) -> None:
    chosen = ("--all-matching", "--reason", "timeout", "--note", "x")
    for action in ("retry", "accept", "discard"):
        assert seeded.json("dead", action, *chosen)["letters"] == []
        assert seeded.json("dead", action, *chosen, "--dry-run")["letters"] == []
        assert seeded.json("dead", action, *chosen, "--expect", "0")["letters"] == []
    assert seeded.error("dead", "retry", *chosen, "--expect", "1")[0] == 5


def test_the_same_key_is_answered_the_same(seeded: Place) -> None:
    # Given
    keyed = ("--note", "x", "--operator", "lin", "--key", "a1")
    first = seeded.json("dead", "accept", "1", *keyed)

    # When the same is asked for, and something else
    again = seeded.json("dead", "accept", "1", *keyed)
    code, error = seeded.error("dead", "discard", "1", *keyed)

    # Then
    assert (first["letters"], first["repeated"]) == ([1], False)
    assert (again["letters"], again["repeated"]) == ([1], True)
    assert again["reports"] == first["reports"]
    assert code == 5
    assert "idempotency key" in error["message"]


def test_groups_count_by_what_is_asked(seeded: Place) -> None:
    assert seeded.json("dead", "groups") == [{"reason": "imbalanced", "count": 1}]
    assert seeded.json("dead", "groups", "--by", "publisher") == [
        {"publisher": "濮阳经济技术开发区", "count": 1}
    ]
    assert seeded.json("dead", "groups", "--by", "parser-version") == [
        {"parser_version": PARSER_VERSION, "count": 1}
    ]
    rules = seeded.json("dead", "groups", "--by", "rule")
    assert {"rule": "T3.FLOW", "severity": "hard", "count": 1} in rules
    assert seeded.json("dead", "groups", "--year", "1999") == []
    assert "勾稽不平 imbalanced" in seeded.run("dead", "groups").stdout


def test_what_an_older_parser_refused_is_selected(seeded: Place) -> None:
    # Given
    assert seeded.json("dead", "list", "--older-parser") == []
    with seeded.database.transaction() as session:
        session.get_one(DeadLetter, 1).parser_version = "0"

    # Then
    assert [one["id"] for one in seeded.json("dead", "list", "--older-parser")] == [1]
    assert [one["id"] for one in seeded.json("dead", "list", "--parser-version", "0")] == [1]
    chosen = ("--all-matching", "--older-parser", "--note", "新版")
    assert seeded.json("dead", "retry", *chosen)["letters"] == [1]


def test_a_letter_that_comes_again_tells_of_the_ones_before(seeded: Place) -> None:
    # Given a letter with a comment that is retried, and its document given up again
    seeded.json("dead", "comment", "1", "--note", "已致电核实", "--operator", "lin")
    seeded.json("dead", "retry", "1", "--note", "再试一次")
    again = inspect(imbalanced(), "不平.txt")
    assert again.reason is not None
    with seeded.database.transaction() as session:
        document = session.scalars(select(Document).where(Document.id == 2)).one()
        document.state = "dead"
        document.updated_at = now()
        grave = Grave(again.reason, "check", "-", PARSER_VERSION, inspection=as_json(again))
        bury(session, 2, grave)

    # When the new letter is looked at
    told = seeded.json("dead", "show", "2")
    shown = seeded.run("dead", "show", "2").stdout

    # Then it tells of the letter before, of what was decided and of what was said
    assert [one["id"] for one in told["letters"]] == [1, 2]
    assert [(one["action"], one["note"]) for one in told["decisions"]] == [("retry", "再试一次")]
    assert [one["note"] for one in told["comments"]] == ["已致电核实"]
    assert "其他死信 Other letters of this document" in shown
    assert "已致电核实" in shown


def test_a_comment_is_in_the_story_and_written_once(seeded: Place) -> None:
    # When
    first = seeded.json("dead", "comment", "1", "--note", "待复核", "--key", "k", "--operator", "l")
    again = seeded.json("dead", "comment", "1", "--note", "待复核", "--key", "k", "--operator", "l")
    seeded.json("reports", "comment", "1", "--note", "已核对")

    # Then
    assert again["id"] == first["id"]
    assert [one["note"] for one in seeded.json("dead", "show", "1")["comments"]] == ["待复核"]
    assert [one["note"] for one in seeded.json("reports", "show", "1")["comments"]] == ["已核对"]
    assert "document.commented" in [e["event"] for e in seeded.lines("events", "--document", "2")]


def test_a_comment_needs_words_and_something_to_be_about(seeded: Place) -> None:
    assert seeded.error("dead", "comment", "1", "--note", " ")[0] == 2
    assert seeded.error("dead", "comment", "9", "--note", "x")[0] == 3
    assert seeded.error("reports", "comment", "9", "--note", "x")[0] == 3


def test_show_says_what_to_do_and_what_storing_it_would_replace(seeded: Place) -> None:
    # Given a dead letter on a publisher and year of which a balanced report stands
    shown = "".join(seeded.run("dead", "show", "1").output.split())  # it folds long lines

    # Then it says both, in both languages
    assert "已有现行报告1（第1版，勾稽相符），1个单元格不同；本件入库后为第2版，并成为现行" in shown
    assert "storingthismakesitversion2anditwillstand" in shown
    told = seeded.json("dead", "show", "1")
    assert told["standing"]["report_id"] == 1
    assert told["standing"]["replaces"] is True
    assert told["advice"]["en"]


def test_accept_names_the_report_and_what_it_replaced(seeded: Place) -> None:
    done = seeded.run("dead", "accept", "1", "--note", "as published")
    assert (
        "死信 dead letter 1 → 报告 report 2（版次 version 2），替下 in place of 报告 report 1"
        in (done.output)
    )
    assert "stored as 报告 report 2" in seeded.run("dead", "show", "1").output


def test_deciding_otherwise_names_what_the_document_has_become(seeded: Place) -> None:
    seeded.run("dead", "accept", "1", "--note", "as published")
    result = seeded.run("dead", "discard", "1", "--note", "no")
    assert "already resolved: accept; document 2 is stored as report 2" in result.output
