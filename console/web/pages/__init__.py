"""The pages, one module each; every one has ``PAGES``, the addresses it answers."""
