"""Where the archive keeps its bytes: one module for each kind of place."""
