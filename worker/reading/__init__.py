"""Reading: bytes become pages, one file per format."""
