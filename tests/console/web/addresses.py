"""The address of every page that reads the database, with what narrows lists down.

They are of a console where report 1, dead letter 1 and document 2 are there.
"""

from typing import Final

PAGES: Final = (
    "/",
    "/overview/figures",
    "/reports",
    "/reports?year=2022&edition=2021&division=41&soft=true",
    "/reports?publisher=%E7%A4%BA%E4%BE%8B",
    "/reports?all_versions=true",
    "/reports?unidentified=true",
    "/reports?year=-",
    "/reports?sort=publisher",
    "/reports?sort=year",
    "/reports?sort=soft",
    "/reports/1",
    "/reports/1.json",
    "/reports/1/original",
    "/reports/1/findings",
    "/reports/1/text",
    "/reports/1/versions",
    "/reports/1/restore",
    "/reports/1/timeline",
    "/reports/1/logs",
    "/dead",
    "/dead?reason=imbalanced&year=2022",
    "/dead?by=rule&rule=T3.FLOW",
    "/dead?by=publisher",
    "/dead?by=publisher&q=%E7%A4%BA%E4%BE%8B",
    "/dead?by=parser_version&state=all",
    "/dead?name=%E7%A4%BA%E4%BE%8B",
    "/dead/1",
    "/dead/1/decide?action=discard",
    "/dead/1/original",
    "/dead/1/timeline",
    "/dead/1/logs",
    "/dead/decide?all=retry&reason=imbalanced",
    "/documents/1",
    "/sources",
    "/workers",
    "/events",
    "/events?level=warning",
    "/events?document=2&reason=imbalanced",
    "/events?reason=imbalanced",
    "/events?name=document.dead&since=2026-01-01T00:00&until=2099-01-01T00:00",
    "/events?trace=0af7651916cd43dd8448eb211c80319c",
    "/audit",
    "/rules",
    "/rules/T3.FLOW",
    "/settings",
    "/logs",
)

MACHINES: Final = (
    "/metrics",
    "/api/v1/status",
    "/api/v1/reports",
    "/api/v1/reports/1",
    "/api/v1/dead-letters",
    "/api/v1/dead-letters/groups?by=rule",
    "/api/v1/dead-letters/1",
    "/api/v1/events",
)
"""What programs ask for."""
