"""Reading what is stored, for the command line and the web: frozen rows, never writing."""
