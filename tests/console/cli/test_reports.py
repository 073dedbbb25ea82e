"""``gouji reports``."""

from dataclasses import replace

from models.disclosure.report import Cell, Printed
from models.filing import StoredReport
from tests.console.cli.conftest import BALANCED, SEEDS, Place, add, arrival
from worker.inspection import as_json, inspect


def test_an_empty_list_is_a_list(place: Place) -> None:
    assert place.json("reports", "list") == []


def test_lists_reports_the_latest_first(seeded: Place) -> None:
    # Given
    other = next(SEEDS.glob("000*"))
    add(seeded.database, inspect(other.read_bytes(), other.name), other.name)

    # When
    told = seeded.json("reports", "list")

    # Then
    assert [(one["id"], one["publisher"], one["year"], one["edition"]) for one in told] == [
        (2, "河北沧州经济开发区管委会", 2023, "2021"),
        (1, "濮阳经济技术开发区", 2022, "2021"),
    ]
    assert told[1]["version"] == 1
    assert told[1]["findings"] == {"hard": 0, "soft": 2}
    assert told[1]["name"] == "平衡.txt"
    assert [one["id"] for one in seeded.json("reports", "list", "--publisher", "濮阳")] == [1]
    assert [one["id"] for one in seeded.json("reports", "list", "--year", "2023")] == [2]
    assert [one["id"] for one in seeded.json("reports", "list", "--edition", "2019")] == []
    assert [one["division_code"] for one in told] == ["130900", "410900"]
    for code, ids in (("41", [1]), ("4109", [1]), ("410900", [1]), ("130000", [2]), ("4103", [])):
        listed = seeded.json("reports", "list", "--division", code)
        assert [one["id"] for one in listed] == ids
    assert [one["id"] for one in seeded.json("reports", "list", "--limit", "1")] == [2]
    assert len(seeded.json("reports", "list", "--limit", "1", "--all")) == 2


def test_shows_a_stored_report_as_it_was_inspected(seeded: Place) -> None:
    # When
    told = seeded.json("reports", "show", "1")

    # Then
    inspected = as_json(inspect(BALANCED.read_bytes(), BALANCED.name))
    assert {name: told[name] for name in ("report", "tables", "cells", "findings")} == {
        name: inspected[name] for name in ("report", "tables", "cells", "findings")
    }
    assert told["schema"] == "gouji.report/1"
    assert told["document"]["id"] == 1


def test_people_see_the_tables(seeded: Place) -> None:
    # When
    lines = seeded.run("reports", "show", "1").stdout.splitlines()

    # Then
    assert lines[0].startswith(
        "报告 report 1   版次 version 1   文档 document 1   文件 file 平衡.txt"
    )
    assert lines[1] == "濮阳经济技术开发区2022年政府信息公开工作年度报告"
    assert "二、主动公开政府信息情况" in lines
    assert "行政许可                │            4221 │" in lines
    assert lines[-2].startswith("? TEXT.COUNTS ")


def test_the_list_for_people(seeded: Place) -> None:
    # When
    lines = seeded.run("reports", "list").stdout.splitlines()

    # Then
    assert lines[0].split()[:3] == ["编号", "机关", "年度"]
    assert lines[1].split()[:3] == ["ID", "Publisher", "Year"]
    assert "濮阳经济技术开发区" in lines[3]


def test_what_is_not_there_is_not_found(seeded: Place) -> None:
    assert seeded.error("reports", "show", "99") == (
        3,
        {
            "code": "not_found",
            "message": "没有这份报告 there is no report 99",
            "hint": "gouji reports list",
        },
    )


def test_a_division_is_given_by_its_code(seeded: Place) -> None:
    code, told = seeded.error("reports", "list", "--division", "洛阳")
    assert code == 2
    assert "GB/T 2260" in told["message"]


def test_years_that_do_not_fit_show_on_both(seeded: Place) -> None:
    # Given a report on the next year that carries in what nobody carried out
    name = "applications.carried_in.natural_person"
    inspection = inspect(BALANCED.read_bytes(), BALANCED.name)
    assert inspection.report is not None
    table = inspection.report.tables["applications"]
    cells = {**table.cells, name: Cell(2, "2", Printed.NUMBER)}
    tables = {**inspection.report.tables, "applications": replace(table, cells=cells)}
    later = replace(inspection.report, year=2023, tables=tables)

    # When it is stored
    file = replace(inspection.file, sha256="1" * 64)
    read = replace(inspection, file=file, report=later, findings=())
    add(seeded.database, read, "次年.txt")

    # Then both years say so
    for report_id in ("1", "2"):
        result = seeded.run("reports", "show", report_id)
        assert any(
            line.startswith(
                "? YEAR.CARRIED 2022-2023 自然人: 2023 年上年结转 2 ≠ 2022 年结转下年 0"
            )
            for line in result.stdout.splitlines()
        )
        told = seeded.json("reports", "show", report_id)["findings"]
        assert ("YEAR.CARRIED", "2022-2023.natural_person") in {
            (f["rule"], f["scope"]) for f in told
        }


def test_lists_say_which_archive_a_file_came_in_and_what_nobody_knows(seeded: Place) -> None:
    # Given both documents inside an archive, and the report without a year
    with seeded.database.transaction() as session:
        for number in (1, 2):
            session.add(arrival(f"上报/全市.zip!/{number}.txt", number, container_id=1))
        session.get_one(StoredReport, 1).year = None

    # Then
    assert "全市.zip!/1.txt" in "".join(seeded.run("reports", "list").output.split())
    assert "全市.zip!/2.txt" in "".join(seeded.run("dead", "list").output.split())
    assert [row["id"] for row in seeded.json("reports", "list", "--unidentified")] == [1]
    assert seeded.json("reports", "list", "--year", "2022") == []
