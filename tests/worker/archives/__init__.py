"""Places that keep bytes, each for real."""
