"""What happens to a document: the queue, its stages, and where it ends."""
