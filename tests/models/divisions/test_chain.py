"""The divisions that a publisher's name begins with."""

import pytest

from models.divisions.chain import begin, compact


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("洛阳市公安局", {"410300"}),
        ("洛阳市瀍河回族区人民政府", {"410304"}),
        ("瀍河区政府", {"410304"}),
        ("河南洛阳", {"410300"}),
        ("河 南 省 ２０ 洛阳", {"410000"}),
        ("河北沧州经济开发区管委会", {"130900"}),
        ("濮阳经济技术开发区", {"410900"}),
        ("南阳镇平县人民政府", {"411324"}),
        ("吉林市船营区人民政府", {"220204"}),
        ("恩施州财政局", {"422800"}),
        ("濮陽縣人民政府", {"410928"}),
        ("国家税务总局洛阳市税务局", {"410300"}),
        ("国家统计局洛阳调查队", {"410300"}),
        ("内蒙古自治区锡林郭勒盟东乌珠穆沁旗人民政府", {"152525"}),
        ("太原市小店经开区", {"140105"}),
        ("秦皇岛北戴河新区", {"130300"}),
        ("孟津县人民政府", {"410322"}),
        ("新华区人民政府", {"130105", "130902", "410402"}),
    ],
)
def test_the_longest_chain_is_taken(name: str, codes: set[str]) -> None:
    _, chain = begin(compact(name))
    assert chain is not None
    assert {one.code for one in chain.divisions} == codes
    assert not chain.weak


@pytest.mark.parametrize(
    "name",
    [
        "教育部",
        "中国人民银行",
        "中山大学",
        "海南大学",
        "南京东路街道办事处",
        "河南店镇人民政府",
        "城区街道办事处",
        "城关镇人民政府",
        "经济技术开发区管理办公室",
        "雄安新区管理委员会",
        "示例市财政局",
    ],
)
def test_what_only_looks_like_a_place_is_none(name: str) -> None:
    assert begin(compact(name))[1] is None


def test_a_county_without_its_kind_is_weak_when_nothing_stands_before_it() -> None:
    _, chain = begin("任丘经济开发区管委会")
    assert chain is not None
    assert chain.weak
    _, chain = begin("沧州任丘经济开发区管委会")
    assert chain is not None
    assert not chain.weak
