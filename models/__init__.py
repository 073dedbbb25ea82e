"""What is known: the statutory form, the ledger of documents, and the stored reports."""
