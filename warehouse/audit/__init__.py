"""The audit log: canonical bytes, chain, verification."""
