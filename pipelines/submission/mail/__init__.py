"""Delivery by e-mail: sending numbered messages, and reading what comes back; executors/email.py puts them together."""
