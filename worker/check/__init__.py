"""Check: a report becomes findings."""
