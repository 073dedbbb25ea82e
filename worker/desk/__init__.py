"""The operator's desk: what happens when a dead letter is corrected or accepted."""
