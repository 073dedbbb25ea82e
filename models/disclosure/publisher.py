"""Publishers' names made comparable: the same body, printed in different ways."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from models.divisions.characters import simplified

_REMEMBERED: Final = 1024
"""Names; all that a document says of its publisher is compared with each other."""
_REPORT: Final = re.compile(
    r"(?:20\d\d年?(?:度)?)?(?:政府信息(?:与政务)?|政务)公开(?:工作)?(?:年度)?(?:工作)?(?:情况)?(?:报告|年报)(?:\(?20\d\d年?度?\)?)?$"
)
_SELF: Final = re.compile(r"\((?:本级|机关|本部|局机关|不含下属单位)\)$")
_YEAR: Final = re.compile(r"^20\d\d年?度?|20\d\d年?度?$")
_PUNCTUATION: Final = re.compile(r"[^\w()]|_")
_SPELT_OUT: Final = (
    ("管委会", "管理委员会"),
    ("经开区", "经济技术开发区"),
    ("高新区", "高新技术产业开发区"),
    ("发改委", "发展和改革委员会"),
    ("卫健委", "卫生健康委员会"),
    ("人社局", "人力资源和社会保障局"),
    ("住建局", "住房和城乡建设局"),
)


@lru_cache(_REMEMBERED)
def key(name: str) -> str:
    """Return what two spellings of one publisher have in common.

    White space, width, punctuation, traditional characters, 本级, years and the words of a title
    (政府信息公开工作年度报告) do not count, nor do usual short forms (管委会). A body and its
    office (办公室) stay two.
    """
    plain = simplified("".join(unicodedata.normalize("NFKC", name).split()))
    plain = _PUNCTUATION.sub("", plain)
    for pattern in (_REPORT, _YEAR, _SELF):
        plain = pattern.sub("", plain) or plain
    for short, full in _SPELT_OUT:
        plain = plain.replace(short, full)
    return plain
