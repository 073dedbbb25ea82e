"""Recognise: pages of text and grids become a report of the statutory form."""
