"""A spider over the test's site: every report it links to, as attachment or page."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import scrapy  # type: ignore[import-not-found, unused-ignore]


class Reports(scrapy.Spider):  # type: ignore[misc, unused-ignore]
    """Follows the index to notices, and fetches what each notice attaches."""

    name = "reports"
    start_urls = [os.environ["SITE"] + "/index.html"]  # noqa: RUF012 - as below
    custom_settings = {  # noqa: RUF012 - Scrapy's own form
        "ITEM_PIPELINES": {
            "scrapy.pipelines.files.FilesPipeline": 1,
            "watcher.scrapy.GoujiPipeline": 800,
        },
        "FILES_STORE": os.environ["OUT"] + "/files",
        "FILES_EXPIRES": 0,
        "MEDIA_ALLOW_REDIRECTS": True,
        "PUSH_GOUJI_URL": os.environ["PUSH_URL"],
        "PUSH_GOUJI_TOKEN": os.environ["PUSH_TOKEN"],
        "FEEDS": {os.environ["OUT"] + "/items.jl": {"format": "jsonlines"}},
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "WARNING",
    }

    def parse(self, response: Any) -> Iterator[Any]:
        """Follow the links of the index."""
        yield from response.follow_all(css="a", callback=self.notice)

    def notice(self, response: Any) -> Iterator[dict[str, Any]]:
        """Yield a notice with its attachments; one without them is the report itself."""
        attached = [response.urljoin(link) for link in response.css("a::attr(href)").getall()]
        yield {
            "url": response.url,
            "title": response.css("title::text").get(),
            "fetched_at": datetime.now(UTC).isoformat(),
            "file_urls": attached or [response.url],
        }
