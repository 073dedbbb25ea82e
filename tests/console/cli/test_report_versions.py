"""``gouji reports``: versions listed, shown, compared, put back."""

import pytest
from sqlalchemy import select

from models.filing import Restoration
from tests.console.cli.conftest import BALANCED, Place, add
from worker.inspection import inspect

_LICENCES = "4221"


def corrected() -> bytes:
    """The balanced report with another number of licences, which no edit speaks of."""
    text = BALANCED.read_text("utf-8")
    assert text.count(_LICENCES) == 1
    return text.replace(_LICENCES, "4222").encode()


def bring(place: Place, data: bytes, name: str) -> None:
    add(place.database, inspect(data, name), name)


@pytest.fixture
def versions(seeded: Place) -> Place:
    """Report 1 is followed by report 2 with another figure, and by report 3, which is a copy."""
    bring(seeded, corrected(), "更正.txt")
    bring(seeded, BALANCED.read_bytes() + "\n首页 返回顶部\n".encode(), "重抓.txt")
    return seeded


def test_the_list_has_what_stands(versions: Place) -> None:
    # When
    (told,) = versions.json("reports", "list")

    # Then
    assert (told["id"], told["version"], told["versions"]) == (2, 2, 2)
    assert (told["standing"], told["same_as"]) == (True, None)


def test_every_version_and_copy_can_be_listed(versions: Place) -> None:
    # When
    told = versions.json("reports", "list", "--all-versions")
    lines = versions.run("reports", "list", "--all-versions").stdout.splitlines()

    # Then
    assert [(one["id"], one["version"], one["standing"], one["same_as"]) for one in told] == [
        (3, 1, False, 1),
        (2, 2, True, None),
        (1, 1, False, None),
    ]
    assert lines[3].rstrip().endswith("同 same as 1")
    assert lines[4].rstrip().endswith("现行 stands")


def test_one_names_its_versions(versions: Place) -> None:
    # When
    told = versions.json("reports", "show", "1")
    lines = versions.run("reports", "show", "1").stdout.splitlines()

    # Then
    assert [(one["id"], one["version"], one["same_as"]) for one in told["versions"]] == [
        (1, 1, None),
        (3, 1, 1),
        (2, 2, None),
    ]
    assert told["standing"] is False
    assert lines[0].endswith("非现行 superseded")
    shown = lines[lines.index("各版 Versions") + 4 :]
    assert [line.split()[:2] for line in shown] == [["1", "1"], ["1", "3"], ["2", "2"]]


def test_what_changed_since_the_version_before(versions: Place) -> None:
    # When
    told = versions.json("reports", "diff", "2")

    # Then
    (cell,) = told.pop("cells")
    assert cell == {
        "cell": "disclosure.licences.decisions",
        "label": "行政许可 · 本年处理决定数量",
        "before": 4221,
        "after": 4222,
        "printed": {"before": "number", "after": "number"},
        "raw": {"before": "4221", "after": "4222"},
    }
    assert (told["schema"], told["before"]["id"], told["after"]["id"]) == (
        "gouji.difference/1",
        1,
        2,
    )
    assert (told["facts"], told["sections"]) == ([], [])


def test_people_see_the_cells_in_the_words_of_the_form(versions: Place) -> None:
    # When
    lines = versions.run("reports", "diff", "1", "2").stdout.splitlines()

    # Then
    assert lines[0].startswith("前 before 报告 report 2   版次 version 2（现行 stands）")
    assert "主动公开政府信息情况" in lines
    row = next(line for line in lines if line.startswith("行政许可"))
    assert row.split() == ["行政许可", "·", "本年处理决定数量", "4222", "4221", "-1"]


def test_a_copy_is_compared_with_its_own(versions: Place) -> None:
    # When
    told = versions.json("reports", "diff", "3")
    lines = versions.run("reports", "diff", "3").stdout.splitlines()

    # Then
    assert (told["before"]["id"], told["cells"]) == (1, [])
    assert "数字相同 The figures are the same" in lines


def test_the_first_version_has_none_before_it(versions: Place) -> None:
    code, error = versions.error("reports", "diff", "1")
    assert (code, error["message"]) == (
        3,
        "report 1 是首个版次 is the first version; name one to compare with",
    )
    assert versions.error("reports", "diff", "1", "9")[0] == 3


def test_an_earlier_version_is_put_back(versions: Place) -> None:
    # When
    done = versions.run("reports", "restore", "1", "--note", "更正有误", "--operator", "lin")

    # Then
    assert done.exit_code == 0
    assert done.stdout.startswith("已放回 put back: 报告 report 1（版次 version 1）")
    assert [one["id"] for one in versions.json("reports", "list")] == [1]
    told = versions.json("reports", "show", "2")
    (decided,) = told["restorations"]
    assert (decided["report_id"], decided["replaced_id"]) == (1, 2)
    assert (decided["operator"], decided["note"]) == ("lin", "更正有误")
    names = [event["event"] for event in versions.lines("events", "--document", "1")]
    assert names[-2:] == ["report.superseded", "report.restored"]
    assert "更正有误" in versions.run("reports", "show", "1").stdout
    assert "report.restored" in (versions.root / "var/logs/console.log").read_text("utf-8")


def test_putting_back_twice_is_done_once(versions: Place) -> None:
    # Given
    versions.json("reports", "restore", "1", "--note", "x")

    # When
    again = versions.json("reports", "restore", "1", "--note", "x")

    # Then
    assert (again["already"], again["replaced"]) == (True, None)
    with versions.database.reading() as session:
        assert len(session.scalars(select(Restoration)).all()) == 1


def test_of_a_copy_its_version_is_put_back(versions: Place) -> None:
    assert versions.json("reports", "restore", "3", "--note", "x")["report_id"] == 1


def test_what_stands_or_was_changed_meanwhile_is_a_conflict(versions: Place) -> None:
    code, error = versions.error("reports", "restore", "2", "--note", "x")
    assert (code, error["code"]) == (5, "conflict")
    code, error = versions.error("reports", "restore", "1", "--note", "x", "--instead-of", "1")
    assert (code, error["message"]) == (5, "report 2 stands now, not report 1")
    assert [one["id"] for one in versions.json("reports", "list")] == [2]


def test_a_note_and_a_report_are_needed(versions: Place) -> None:
    assert versions.error("reports", "restore", "1")[0] == 2
    assert versions.error("reports", "restore", "1", "--note", " ")[0] == 2
    assert versions.error("reports", "restore", "99", "--note", "x")[0] == 3
