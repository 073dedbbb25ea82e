"""The metrics that Prometheus asks for, read from the ledger at each scrape."""
