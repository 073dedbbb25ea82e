"""Disk, archive, ledger, queue, reports and history held against one another."""
