"""What we know: the trade's words, the lake, the ledger, the audit log."""
