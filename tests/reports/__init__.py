"""Random reports whose truth is known, and renderers that print them as real files look."""
