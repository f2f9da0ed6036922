"""Decisions and deeds (PostgreSQL), and the open opportunities they point to."""
