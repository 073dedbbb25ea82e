"""Where a publisher belongs, and what was meant where the name is one character off."""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.divisions.division import NOWHERE, Division
from models.divisions.gazetteer import gazetteer
from tests import budgets
from tests.reports.publishers import random_publisher
from worker.recognise.divisions import locate
from worker.recognise.mentions import Mentions

_ALL = sorted(gazetteer().by_code.values())
_COUNTIES = [one for one in _ALL if one.is_county and len(one.name) > 2]
_CHARACTERS = sorted({character for one in _ALL for character in one.name} - set("省市县区州盟旗"))
_BODIES = (
    "",
    "人民政府",
    "人民政府办公室",
    "公安局",
    "市场监督管理局",
    "自然资源和规划局",
    "发展和改革委员会",
    "退役军人事务局",
    "经济技术开发区管理委员会",
    "高新技术产业开发区管委会",
    "新区管理委员会",
    "旅游度假区管委会",
    "城关镇人民政府",
    "人民医院",
)
_OUTSIDE_THE_LIST = """
教育部 国家发展和改革委员会 海关总署 水利部黄河水利委员会 中国证券监督管理委员会
中山大学 北京大学 河海大学 复旦大学附属中山医院 中日友好医院 北京协和医院
雄安新区管理委员会 西咸新区管理委员会 贵安新区管理委员会 赣江新区管理委员会
滨江新区管委会 城东新区管委会 北戴河新区管理委员会 郑东新区管理委员会
平原示范区管理委员会 高新区管委会 经开区管委会 临港区管委会 空港新区 航空港区
杨凌示范区管理委员会 长白山保护开发区管理委员会 横琴粤澳深度合作区执行委员会 前海管理局
平潭综合实验区管理委员会 庐山风景名胜区管理局 东湖新技术开发区管理委员会 洪江区管理委员会
乌拉盖管理区 洛阳市伊滨区管委会 许昌市东城区管理委员会 周口市港口区 平顶山市新城区
漯河市西城区 惠州市大亚湾区 潮州市枫溪区 揭阳市普侨区 嘉峪关市雄关区 嘉峪关市长城区
合肥市新站区 成都市高新区 沧州市渤海新区 张家口市察北管理区 唐山市汉沽管理区
示例市人民政府 示例县水利局 示例市云岭县水利局 示例市白石县人民政府 示例市青禾区人民政府
某县教育局 甲县教育局 乙市
"""


def _codes(divisions: tuple[Division, ...]) -> list[str]:
    return [one.code for one in divisions]


@pytest.mark.parametrize(
    ("witnesses", "code"),
    [
        ([Mentions("平顶山市新华区人民政府办公室")], "410402"),
        (
            [Mentions(""), Mentions("全区", "http://www.cangzhou.gov.cn/2024/0115/1.html")],
            "130902",
        ),
        ([Mentions("", "http://a.gov.cn/%E7%9F%B3%E5%AE%B6%E5%BA%84/1.pdf")], "130105"),
        ([Mentions("河南"), Mentions("沧州")], "410402"),
        ([Mentions("河北"), Mentions("沧州")], "130902"),
    ],
)
def test_counties_of_one_name_are_told_apart_by_what_is_mentioned(
    witnesses: list[Mentions], code: str
) -> None:
    located = locate("新华区人民政府", witnesses)
    assert located.division is not None
    assert located.division.code == code
    assert located.ambiguous == ()


@pytest.mark.parametrize("text", ["", "郑州市", "沧州、石家庄", "河北省"])
def test_where_nothing_decides_nothing_is_guessed(text: str) -> None:
    located = locate("新华区人民政府", [Mentions(text)])
    assert located.division is None
    assert {"130105", "130902"} <= set(_codes(located.ambiguous))


def test_a_development_zone_named_for_a_county_needs_its_prefecture_mentioned() -> None:
    assert (
        locate("任丘经济开发区管委会", [Mentions("沧州市")]).division
        == gazetteer().by_code["130982"]
    )
    assert locate("任丘经济开发区管委会", [Mentions("邯郸市")]) == NOWHERE
    assert locate("滨海经济技术开发区", [Mentions("潍坊市")]) == NOWHERE


@pytest.mark.parametrize(
    ("name", "text", "unknown"),
    [
        ("灤河回族区人民政府", "洛阳市", "灤河回族区"),
        ("漣河区人民政府", "洛阳", "漣河区"),
        ("洛阳市灤河回族区人民政府", "", "灤河回族区"),
        ("河南省洛阳市漣河区人民政府", "", "漣河区"),
    ],
)
def test_the_misprints_of_one_name(name: str, text: str, unknown: str) -> None:
    located = locate(name, [Mentions(text)])
    assert located.unknown == unknown
    assert _codes(located.suggested) == ["410304"]
    # Nothing is repaired: what is certain is the city, where it is named
    assert located.division is None or located.division.code == "410300"


def test_without_its_city_a_long_name_is_likened_to_all_a_short_one_to_none() -> None:
    # 顺河回族区 is one character off too; the character printed is more like 瀍 than like 顺
    assert _codes(locate("灤河回族区人民政府").suggested) == ["410304", "410203"]
    assert locate("漣河区人民政府") == NOWHERE


@pytest.mark.parametrize("name", _OUTSIDE_THE_LIST.split())
def test_what_is_outside_the_list_is_likened_to_nothing(name: str) -> None:
    assert locate(name).suggested == ()


def test_publishers_of_made_up_reports_are_located_and_never_doubted() -> None:
    rng = random.Random(0)
    for name in {random_publisher(rng) for _ in range(3000)}:
        located = locate(name)
        assert located.division is not None, name
        assert located.suggested == (), name


@settings(max_examples=20 * budgets.EXAMPLES, deadline=None)
@given(one=st.sampled_from(_ALL), body=st.sampled_from(_BODIES), depth=st.integers(1, 3))
def test_an_exact_name_is_found_and_never_doubted(one: Division, body: str, depth: int) -> None:
    located = locate("".join(one.path[-depth:]) + body)
    assert located.suggested == ()
    if located.division is None:
        assert one.path in [other.path for other in located.ambiguous]
    else:
        assert located.division.path == one.path


@settings(max_examples=20 * budgets.EXAMPLES, deadline=None)
@given(one=st.sampled_from(_COUNTIES), data=st.data())
def test_a_county_with_one_other_character_is_found_again(
    one: Division, data: st.DataObject
) -> None:
    # Given a county's name with one character replaced, the kind left alone
    at = data.draw(st.integers(0, len(one.name) - 2))
    other = data.draw(st.sampled_from(_CHARACTERS))
    misprint = one.name[:at] + other + one.name[at + 1 :]
    siblings = [two.name for two in _ALL if two.code[:4] == one.code[:4]]
    near = {name for name in siblings if len(name) == len(misprint) and _off(name, misprint) == 1}
    assume(misprint not in gazetteer().named and len(near) <= 3)
    assume(misprint[-2] not in "新园景特社校辖城片库牧灌湖港理港")  # 高新区 is no misprint

    # When it stands after its city
    located = locate("".join(one.path[:-1]) + misprint + "人民政府")

    # Then the county is among the suggestions
    assert one.path in [found.path for found in located.suggested]


def _off(one: str, other: str) -> int:
    return sum(here != there for here, there in zip(one, other, strict=True))
