"""One module for each format: rows to bytes, the same rows to the same bytes."""
