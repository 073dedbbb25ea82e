"""One module for each kind of broker; only ``worker.inbox`` knows which there are."""
