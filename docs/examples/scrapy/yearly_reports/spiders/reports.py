"""A spider from the list of yearly reports to each report, as page or as attachment."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import scrapy  # type: ignore[import-not-found, unused-ignore]

_REPORT = re.compile(r"政府信息公开(?:工作)?年度报告|年报")
_ATTACHED = re.compile(r"\.(?:pdf|docx?|wps|xlsx?|et|ofd|zip|rar)$", re.IGNORECASE)
_NEXT = "下一页"


class Reports(scrapy.Spider):  # type: ignore[misc, unused-ignore]
    """``scrapy crawl reports -a start=http://www.example.gov.cn/zfxxgk/nb/index.html``."""

    name = "reports"

    def __init__(self, start: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.start_urls = [start]

    def parse(self, response: Any) -> Iterator[Any]:
        """Follow the links of a list to reports, and to the next page of the list."""
        for link in response.css("a[href]"):
            said = "".join(link.css("::text").getall()).strip()
            if _REPORT.search(said):
                yield response.follow(link, self.report, cb_kwargs={"title": said})
            elif said == _NEXT:
                yield response.follow(link, self.parse)

    def report(self, response: Any, title: str) -> Iterator[dict[str, Any]]:
        """Yield a report with its attachments; a page without any is the report itself."""
        item = {"url": response.url, "title": title, "fetched_at": datetime.now(UTC).isoformat()}
        if not hasattr(response, "text"):  # the list links to the file at once
            yield item | {"file_urls": [response.url]}
            return
        links = [response.urljoin(link) for link in response.css("a::attr(href)").getall()]
        attached = [link for link in links if _ATTACHED.search(link)]
        yield item | ({"file_urls": attached} if attached else {"html": response.text})
