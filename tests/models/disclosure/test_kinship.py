"""One body or two?"""

import pytest

from models.disclosure.kinship import kin, of_site


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("洛阳市人民政府", "洛阳市人民政府办公室"),
        ("洛阳市公安局", "河南省洛阳市公安局"),
        ("洛阳市瀍河回族区人民政府", "瀍河区人民政府办公室"),
        ("濮阳经济技术开发区", "濮阳经开区管委会"),
        ("秦皇岛经济技术开发区管理委员会", "秦皇岛开发区管委会"),
        ("中牟县人社局", "中牟县人力资源和社会保障局"),
        ("沧州市教育局", "沧州教育体育局"),
        ("示例市示例区人民政府", "示例区人民政府"),
        ("濮陽縣人民政府", "濮阳县人民政府（本级）"),
    ],
)
def test_one_body(one: str, other: str) -> None:
    assert kin(one, other)
    assert kin(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("洛阳市公安局", "洛阳市教育局"),
        ("洛阳市公安局", "濮阳市公安局"),
        ("洛阳市人民政府", "濮阳市人民政府"),
        ("洛阳市水利局", "洛阳市林业局"),
        ("示例市财政局", "示例市教育局"),
        ("沧州市新华区人民政府", "沧州市运河区人民政府"),
        ("洛阳市瀍河回族区人民政府", "洛阳市公安局"),
    ],
)
def test_two_bodies(one: str, other: str) -> None:
    assert not kin(one, other)
    assert not kin(other, one)


def test_the_site_of_a_government_holds_the_reports_of_those_below() -> None:
    assert of_site("洛阳市人民政府", "洛阳市公安局")
    assert of_site("洛阳市政府网", "瀍河回族区人民政府")
    assert of_site("河南省人民政府门户网站", "洛阳市公安局")
    assert not of_site("濮阳市人民政府", "洛阳市公安局")
    assert not of_site("洛阳市教育局", "洛阳市公安局")
