"""A Scrapy project that crawls yearly reports and pushes them to gouji."""
