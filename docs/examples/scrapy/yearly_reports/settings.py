"""Scrapy's settings: polite towards the sites, and everything fetched goes to gouji."""

import os

BOT_NAME = "yearly_reports"
SPIDER_MODULES = ["yearly_reports.spiders"]

ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY = 1.0
CONCURRENT_REQUESTS_PER_DOMAIN = 2
TELNETCONSOLE_ENABLED = False
LOG_LEVEL = "INFO"

ITEM_PIPELINES = {
    "scrapy.pipelines.files.FilesPipeline": 1,  # fetches file_urls into FILES_STORE
    "watcher.scrapy.GoujiPipeline": 800,  # pushes files, or the page itself
}
FILES_STORE = "files"
FILES_EXPIRES = 0  # look at files again: a corrected report keeps its address
MEDIA_ALLOW_REDIRECTS = True

PUSH_GOUJI_URL = os.environ.get("PUSH_URL", "http://127.0.0.1:8350")
PUSH_GOUJI_TOKEN = os.environ["PUSH_TOKEN"]  # gouji token create crawler

FEEDS = {"items.jl": {"format": "jsonlines"}}  # what was crawled, also for a source of kind "feed"
