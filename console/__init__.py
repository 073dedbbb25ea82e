"""The operator's two doors: the command line and the web."""
