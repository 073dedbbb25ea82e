"""The list of divisions."""

from models.divisions.division import Division
from models.divisions.gazetteer import division, gazetteer


def test_a_division_knows_its_code_its_name_and_its_path() -> None:
    one = division("410304")
    assert one == Division("410304", "瀍河回族区", ("河南省", "洛阳市", "瀍河回族区"))
    assert one.as_dict() == {
        "code": "410304",
        "name": "瀍河回族区",
        "path": ["河南省", "洛阳市", "瀍河回族区"],
    }
    assert division("419001") == Division("419001", "济源市", ("河南省", "济源市"))
    assert division("110108") == Division("110108", "海淀区", ("北京市", "海淀区"))
    assert division("999999") is None


def test_what_was_abolished_since_2018_is_there_and_marked() -> None:
    for code in ("410322", "330103", "370634", "340221"):
        one = division(code)
        assert one is not None
        assert not one.in_force
    # 孟津区 took the place of 孟津县
    assert [one.code for one in gazetteer().named["孟津区"]] == ["410308"]


def test_a_division_that_kept_its_name_under_a_new_code_is_one() -> None:
    assert [one.code for one in gazetteer().named["三元区"]] == ["350404"]


def test_the_list_is_whole() -> None:
    # The ministry of civil affairs counted 31 provinces on the mainland, 333 prefectures and 2,844
    # counties in 2023; the list also has two later ones and what only the statistics bureau counts
    in_force = [one for one in gazetteer().by_code.values() if one.in_force]
    levels = [len(one.prefix) for one in in_force]
    assert levels.count(2) == 31
    assert levels.count(4) == 333
    assert 2844 <= levels.count(6) <= 2852


def test_every_code_lies_in_its_province_and_prefecture() -> None:
    for one in gazetteer().by_code.values():
        province = division(one.code[:2] + "0000")
        assert province is not None
        assert one == province or one.within(province)
        assert one.path[0] == province.name
        assert not one.within(one)


def test_names_without_the_peoples_they_name() -> None:
    named = gazetteer().named
    assert [one.name for one in named["瀍河区"]] == ["瀍河回族区"]
    assert [one.name for one in named["恩施州"]] == ["恩施土家族苗族自治州"]
    assert [one.name for one in named["孟村县"]] == ["孟村回族自治县"]


def test_short_names_and_pinyin() -> None:
    assert [one.name for one in gazetteer().short["濮阳"]] == ["濮阳市", "濮阳县"]
    assert [one.name for one in gazetteer().spelt["luoyang"]] == ["洛阳市"]
    assert [one.name for one in gazetteer().spelt["suzhou"]] == ["苏州市", "宿州市"]
