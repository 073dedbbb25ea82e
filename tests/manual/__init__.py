"""The manual: what it says is there, what is there it says, in both languages."""
