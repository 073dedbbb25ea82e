"""Names as raw bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker import names


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (b"a/b.txt", b"a/b.txt"),
        (b"/a", b"a"),
        (b"//host/share/a", b"host/share/a"),
        (b"../../a", b"a"),
        (b"a/./../b", b"a/b"),
        (b"C:\\dir\\a.txt", b"dir/a.txt"),
        (b"c:a", b"a"),
        (b"C:..\\a", b"a"),
        (b"..", b""),
        (b"", b""),
        ("年/报".encode("gbk"), "年/报".encode("gbk")),
        ("誠.txt".encode("gbk"), "誠.txt".encode("gbk")),
        ("誠\\..\\a".encode("gbk"), "誠/a".encode("gbk")),
    ],
)
def test_a_member_stays_inside(name: bytes, path: bytes) -> None:
    assert names.inside(name) == path


@given(st.binary(max_size=60))
def test_no_name_leads_out(name: bytes) -> None:
    path = names.inside(name)
    assert not path.startswith(b"/")
    assert not {b"..", b".", b""} & set(path.split(b"/")) or path == b""
    assert names.inside(path).split(b"/")[-1:] == path.split(b"/")[-1:] or b":" in path


@given(st.binary(max_size=3000))
def test_a_path_is_bounded_and_stays_apart_from_others(path: bytes) -> None:
    assert len(names.bounded(path)) <= 1017
    assert names.bounded(path) == path or len(path) > 1000
    assert names.bounded(path + b"x" * 2000) != names.bounded(path + b"y" * 2000)
