"""What a part that runs by itself writes to a terminal."""

import io

import pytest

from console.log_words import in_both
from models.event import EventName
from worker import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("form", ["auto", "console"])
def test_a_line_for_people_is_told_in_both_languages(form: str) -> None:
    # Given a part that writes to a terminal
    out = Terminal()
    logs.configure("watch", form=form, stream=out, worded=in_both)

    # When a source is lost, and a file is ignored
    logs.log(EventName.SOURCE_LOST, level="error", source="inbox", why="watch died")
    logs.log(EventName.FILE_IGNORED, file="a.tmp", why="name: a.tmp")

    # Then what it is and why are told in Chinese first
    text = out.getvalue()
    assert "来源失联 source.lost" in text
    assert "文件事件的监视中断，已重新建立 watch died" in text
    assert "忽略文件 file.ignored" in text
    assert "名称属于从不读取的 name: a.tmp" in text


def test_programs_are_given_the_names_alone() -> None:
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    logs.configure("watch", form="json", stream=out, worded=in_both)
    logs.log(EventName.FILE_IGNORED, file="a.tmp", why="name: a.tmp")
    out.flush()
    out.seek(0)
    assert '"event":"file.ignored"' in out.read()
