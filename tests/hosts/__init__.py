"""Several hosts, each with a network of its own, that can be cut off from one another."""
