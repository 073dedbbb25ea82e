"""Names of public bodies that do not exist but could."""

import random

_CITIES = ("沧州市", "濮阳市", "秦皇岛市", "郑州市", "衡水市", "湛江市", "绵阳市", "宜昌市")
_COUNTIES = ("中牟县", "任丘市", "青县", "栾川县", "南皮县", "枝江市", "三台县", "孟村回族自治县")
_DISTRICTS = ("运河区", "新华区", "瀍河回族区", "二七区", "海港区", "桃城区", "坡头区", "涪城区")
_BUREAUS = (
    "教育局",
    "财政局",
    "水利局",
    "自然资源和规划局",
    "市场监督管理局",
    "人力资源和社会保障局",
    "发展和改革委员会",
    "卫生健康委员会",
    "住房和城乡建设局",
    "退役军人事务局",
)
_ZONES = ("经济技术开发区", "高新技术产业开发区", "经济开发区", "临港经济技术开发区")
_STREETS = ("马场街道办事处", "解放路街道办事处", "东风街道办事处")
_TOWNS = ("城关镇人民政府", "龙王庙镇人民政府", "白沙乡人民政府")


def random_publisher(rng: random.Random) -> str:
    """Return the name of a 县, 区, 市, 局, 委, 街道办 or 管委会."""
    city, county, district = rng.choice(_CITIES), rng.choice(_COUNTIES), rng.choice(_DISTRICTS)
    zone = city.removesuffix("市") + rng.choice(_ZONES)
    return rng.choice(
        (
            county + "人民政府",
            city + district + "人民政府",
            city + "人民政府",
            city + rng.choice(_BUREAUS),
            county + rng.choice(_BUREAUS),
            city + district + rng.choice(_BUREAUS),
            zone + rng.choice(("管委会", "管理委员会", "管理办公室")),
            city + district + rng.choice(_STREETS),
            county + rng.choice(_TOWNS),
        )
    )
