"""Unpacking: the members of an archive, one after the other, whatever its format."""
