"""Where the form stands written: the notice of each edition, the clause of each table and row.

Sources: 政府信息公开条例 (2019), arts. 20 and 50; 国办公开办函〔2019〕60号, 〔2021〕30号.
Above each part of table 二 the form names the item of article 20 that asks for it.
"""

from collections.abc import Mapping
from typing import Final

from models.disclosure.form import Edition

REGULATION: Final = "政府信息公开条例"
NOTICES: Final[Mapping[Edition, str]] = {
    Edition.TRIAL: "国办公开办函〔2019〕60号",
    Edition.CURRENT: "国办公开办函〔2021〕30号",
}
"""The notice that fixes the form, by edition."""

_TABLES: Final = {"disclosure": "一", "applications": "二", "review": "三"}
"""The item of article 50 that asks for each table."""
_ROWS: Final = {
    "regulations": "一",
    "normative_documents": "一",
    "licences": "五",
    "other_services": "五",
    "penalties": "六",
    "coercion": "六",
    "fees": "八",
    "procurement": "九",
}
"""The item of article 20 that the form prints above each row of table 二."""


def clause(table: str, row: str) -> str:
    """Return the clause of the regulation that a row of the form goes back to."""
    report = f"{REGULATION} 第五十条第（{_TABLES[table]}）项"
    if table != "disclosure":
        return report
    return f"{report}, 第二十条第（{_ROWS[row]}）项"
