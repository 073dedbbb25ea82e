"""Lists on terminals of several widths."""

import pytest
from rich.cells import cell_len
from rich.console import Console

from console.cli import listing, listing_folded

HEADS = ("编号 ID", "原因 Reason", "环节 Stage", "机关 Publisher", "文件 File")
ROW = (7, "不是年报 not_a_report", "识别 recognise", "示例市临港区人民政府办公室", "公开年报" * 8)


@pytest.mark.parametrize("width", [80, 60, 100])
def test_words_are_never_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    # Given a terminal of a width
    monkeypatch.setattr(listing, "_room", lambda: width)
    monkeypatch.setattr(listing_folded, "console", lambda: Console(width=width, highlight=False))

    # When a list is printed
    listing.print_list(HEADS, [ROW, ROW], folding=HEADS[3:])

    # Then reason and stage stay whole, in a table where it fits and else line by line
    out = capsys.readouterr().out
    assert out.count("not_a_report") == out.count("不是年报") == 2
    assert out.count("recognise") == 2
    if width == 100:
        assert out.count("不是年报 not_a_report") == 2
    if width > 60:
        assert all(cell_len(line) <= width for line in out.splitlines())
    else:
        assert out.splitlines()[0].startswith("• 编号 ID")


@pytest.mark.parametrize(
    "rows", [[ROW, (12, None, "识别", "x", "a b")], [], [(None, "甲", 1, None, "乙")]], ids=len
)
def test_what_fits_is_printed_as_what_is_folded_would_be(
    capsys: pytest.CaptureFixture[str], rows: list[tuple[object, ...]]
) -> None:
    # When rows that fit are printed without what folds texts, and with it
    listing.print_list(HEADS, rows, folding=HEADS[3:])
    plain = capsys.readouterr().out
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    right = [all(isinstance(row[n], int | None) for row in rows) for n in range(len(HEADS))]
    listing_folded.print_folded(HEADS, texts, right, HEADS[3:])

    # Then nobody sees a difference
    assert plain == capsys.readouterr().out


def test_a_name_with_control_characters_takes_the_long_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listing.print_list(HEADS, [(*ROW[:4], "a\rb\nc")])
    assert "\r" not in capsys.readouterr().out
